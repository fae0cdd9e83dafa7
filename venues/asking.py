"""Asks all venues at once what they would give, for whoever trades or only looks.

Which quote is taken is decided in `orders.routing`.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from orders.events import FailedQuote
from orders.ports import Quoter
from orders.values import Quote, Terms
from runtime.faults import internal_on_error


@dataclass(frozen=True, slots=True)
class Asked:
    """What one venue answered, and how long that took."""

    answer: Quote | FailedQuote
    took: timedelta


async def ask(venues: Iterable[Quoter], terms: Terms, attempt: int) -> list[Asked]:
    """Return every venue's answer to these terms, in their order; none of them fails the others."""
    return await asyncio.gather(*(_ask(venue, terms, attempt) for venue in venues))


async def _ask(venue: Quoter, terms: Terms, attempt: int) -> Asked:
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await internal_on_error(venue.quote(terms, attempt))
    took = timedelta(seconds=loop.time() - began)
    if isinstance(answer, Quote):
        return Asked(answer, took)
    return Asked(FailedQuote(venue=venue.name, reason=answer), took)
