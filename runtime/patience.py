"""Bounds calls in time, all by the same length: one timer serves all that are under way."""

import asyncio
from types import TracebackType
from typing import Self


class Patience:
    """Waits so many seconds, as `asyncio.timeout` does, which takes a timer for each who waits."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._bounds: dict[_Bound, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def bounded(self) -> "_Bound":
        """Return what raises TimeoutError in the block it is entered for when that takes too long.

        A block and no coroutine: a task that wakes goes through each of those it waits in.
        """
        return _Bound(self)

    def begin(self, one: "_Bound") -> None:
        """Look after a wait."""
        # As they begin, so they are due: the first is always the next.
        self._bounds[one] = None
        if self._timer is None:
            self._timer = one.loop.call_at(one.due, self._look, one.loop)

    def end(self, one: "_Bound") -> None:
        """Look after it no more."""
        self._bounds.pop(one, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self._bounds:
            one = next(iter(self._bounds))
            if one.due > loop.time():
                self._timer = loop.call_at(one.due, self._look, loop)
                return
            del self._bounds[one]
            one.interrupt()


class _Bound:
    """Who waits and until when; how often others had cancelled that task before."""

    __slots__ = ("_cancelled_before", "_late", "_patience", "_task", "due", "loop")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._late = False

    def __enter__(self) -> Self:
        self.loop = asyncio.get_running_loop()
        task = asyncio.current_task(self.loop)
        if task is None:
            raise RuntimeError("only a task can be interrupted")
        self._task, self._cancelled_before = task, task.cancelling()
        self.due = self.loop.time() + self._patience.seconds
        self._patience.begin(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._patience.end(self)
        if not self._late:
            return
        # Whoever else interrupted the task interrupts it all the same.
        nobody_else = self._task.uncancel() <= self._cancelled_before
        if nobody_else and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def interrupt(self) -> None:
        """End the wait: its time is over."""
        self._late = True
        self._task.cancel()
