"""Bounds calls in time, all by the same length: one timer serves all that are under way."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Call:
    """Who waits for it and until when; how often others had cancelled that task before."""

    task: asyncio.Task[object]
    due: float
    cancelled_before: int
    late: bool = False

    def end(self) -> None:
        """Interrupt whoever waits."""
        self.late = True
        self.task.cancel()

    @property
    def was_only_late(self) -> bool:
        """Return whether nobody else interrupted the task."""
        return self.late and self.task.cancelling() == self.cancelled_before + 1


class Patience:
    """Waits so long for a call, as `asyncio.timeout` does, which takes a timer for each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._calls: dict[_Call, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def with_call(self, call: Awaitable[T]) -> T:
        """Return what the call returns; raise TimeoutError when that takes too long."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("only a task can be interrupted")
        one = _Call(task, loop.time() + self.seconds, task.cancelling())
        # As they begin, so they are due: the first is always the next.
        self._calls[one] = None
        if self._timer is None:
            self._timer = loop.call_at(one.due, self._look, loop)
        try:
            return await call
        except asyncio.CancelledError as error:
            if one.was_only_late:
                raise TimeoutError from error
            raise
        finally:
            self._calls.pop(one, None)
            if one.late:
                task.uncancel()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self._calls:
            one = next(iter(self._calls))
            if one.due > loop.time():
                self._timer = loop.call_at(one.due, self._look, loop)
                return
            del self._calls[one]
            one.end()
