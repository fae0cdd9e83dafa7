"""One question at a time, however many ask: whoever comes while it is asked shares the next one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from api.ports import Away

T = TypeVar("T")


class Shared(Generic[T]):
    """Asks again and again, never twice at once; each answer is younger than whoever gets it."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._turn = asyncio.Lock()
        self._begun = 0
        self._answered = 0
        self._answer: T | Away | None = None

    async def answer(self) -> T:
        """Return an answer to a question asked after this call; raise what it raises."""
        mine = self._begun + 1
        async with self._turn:
            # Whoever had the turn may have been cancelled: then nobody has answered yet.
            answer = self._answer if self._answered >= mine else None
            if answer is None:
                answer = await self._next()
            if isinstance(answer, Away):
                raise type(answer)(str(answer))
            return answer

    async def _next(self) -> T | Away:
        self._begun += 1
        number = self._begun
        answer: T | Away
        try:
            answer = await self._ask()
        except Away as away:
            answer = away
        self._answer, self._answered = answer, number
        return answer
