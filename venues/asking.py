"""Asks all venues at once what they would give, for whoever trades or only looks.

Which quote is taken is decided in `orders.routing`.
"""

import asyncio
from collections.abc import Collection

from orders.events import FailedQuote
from orders.ports import Quoter
from orders.values import Quote, Terms
from runtime.faults import internal_on_error


async def ask(venues: Collection[Quoter], terms: Terms, attempt: int) -> list[Quote | FailedQuote]:
    """Return every venue's answer to these terms, in their order; none of them fails the others."""
    calls = [internal_on_error(venue.quote(terms, attempt)) for venue in venues]
    # The first is waited for here: a task less for each order.
    others = [asyncio.create_task(call) for call in calls[1:]]
    try:
        answers = [await call for call in (*calls[:1], *others)]
    finally:
        for task in others:
            task.cancel()
    return [
        answer if isinstance(answer, Quote) else FailedQuote(venue=venue.name, reason=answer)
        for venue, answer in zip(venues, answers, strict=True)
    ]
