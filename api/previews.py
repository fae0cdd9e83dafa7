"""Asks the venues what an order would meet now; nothing is placed and nothing is written."""

from collections.abc import Callable, Iterable
from datetime import datetime

from api.forecast import Forecast, forecast
from api.slots import Slots
from orders.ports import Quoter
from orders.values import Terms
from venues.asking import ask

FIRST_ATTEMPT = 1


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
            asked = await ask(self._venues, terms, FIRST_ATTEMPT)
        return forecast(terms, asked, self._clock())
