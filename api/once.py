"""Things done once by name: whoever asks for one again gets what came of it."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Remembers the newest `most` names; what failed may be done again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._outcomes: OrderedDict[str, asyncio.Task[T]] = OrderedDict()

    def has_done(self, name: str) -> bool:
        """Return whether it was done, as far as is remembered."""
        outcome = self._outcomes.get(name)
        return outcome is not None and outcome.done()

    async def do(self, name: str, act: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what comes of it, also to whoever asks meanwhile; raise what it raises.

        It goes on when whoever asked for it goes away: others may wait for it.
        """
        if (outcome := self._outcomes.get(name)) is None:
            outcome = self._outcomes[name] = asyncio.create_task(act())
            outcome.add_done_callback(lambda done: self._forget_failed(name, done))
            if len(self._outcomes) > self._most:
                self._outcomes.popitem(last=False)
        return await asyncio.shield(outcome)

    def _forget_failed(self, name: str, done: asyncio.Task[T]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and self._outcomes.get(name) is done:
            del self._outcomes[name]
