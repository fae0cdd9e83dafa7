"""Things done once by name: whoever asks for one again gets what came of it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Remembers the newest `most` names; what failed may be done again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._outcomes: OrderedDict[str, asyncio.Future[T]] = OrderedDict()

    def has_done(self, name: str) -> bool:
        """Return whether it was done, as far as is remembered."""
        outcome = self._outcomes.get(name)
        return outcome is not None and outcome.done()

    async def do(self, name: str, act: Callable[[], Awaitable[T]]) -> T:
        """Return what comes of it, also to whoever asks meanwhile; raise what it raises."""
        known = self._outcomes.get(name)
        if known is not None:
            return await asyncio.shield(known)
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._outcomes[name] = outcome
        if len(self._outcomes) > self._most:
            self._outcomes.popitem(last=False)
        try:
            outcome.set_result(await act())
        except BaseException as error:
            self._outcomes.pop(name, None)
            outcome.set_exception(error)
            # It has been seen, though nobody else waits for it.
            outcome.exception()
            raise
        return outcome.result()
