"""Asks all venues at once what they would give, for whoever trades or only looks.

Which quote is taken is decided in `orders.routing`.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from orders.events import FailedQuote
from orders.ports import Quoter
from orders.values import Quote, Terms
from runtime.faults import internal_on_error


class Asked(NamedTuple):
    """What one venue answered, and how long that took."""

    answer: Quote | FailedQuote
    took: timedelta


async def ask(venues: Iterable[Quoter], terms: Terms, attempt: int) -> list[Asked]:
    """Return every venue's answer to these terms, in their order; none of them fails the others."""
    calls = [_ask(venue, terms, attempt) for venue in venues]
    # The first is waited for here: a task less for each order.
    others = [asyncio.create_task(call) for call in calls[1:]]
    try:
        return [await call for call in (*calls[:1], *others)]
    finally:
        for task in others:
            task.cancel()


async def _ask(venue: Quoter, terms: Terms, attempt: int) -> Asked:
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await internal_on_error(venue.quote(terms, attempt))
    took = timedelta(seconds=loop.time() - began)
    if isinstance(answer, Quote):
        return Asked(answer, took)
    return Asked(FailedQuote(venue=venue.name, reason=answer), took)
