"""Asks the venues what an order would meet now; nothing is placed and nothing is written."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.forecast import Asked, Forecast, forecast
from api.slots import Slots
from orders.errors import Reason
from orders.ports import Quoter
from orders.values import Quote, Terms, VenueName
from venues.asking import ask

FIRST_ATTEMPT = 1


@dataclass(slots=True)
class _Timed:
    """A venue, and how long it took to answer."""

    venue: Quoter
    took: timedelta = timedelta()

    @property
    def name(self) -> VenueName:
        return self.venue.name

    async def quote(self, terms: Terms, attempt: int) -> Quote | Reason:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await self.venue.quote(terms, attempt)
        finally:
            self.took = timedelta(seconds=loop.time() - began)


class Previews:
    """Looks ahead for a bounded number of clients at once; each venue bounds its own answer."""

    def __init__(
        self, venues: Iterable[Quoter], clock: Callable[[], datetime], slots: Slots
    ) -> None:
        self._venues = tuple(venues)
        self._clock = clock
        self._slots = slots

    async def of(self, terms: Terms) -> Forecast:
        """Return what an order with these terms would meet. Raises `Refusal` when too many ask."""
        with self._slots:
            timed = [_Timed(venue) for venue in self._venues]
            answers = await ask(timed, terms, FIRST_ATTEMPT)
        asked = [Asked(answer, one.took) for one, answer in zip(timed, answers, strict=True)]
        return forecast(terms, asked, self._clock())
