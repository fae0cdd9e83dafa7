"""Asks all venues at once what they would give, for whoever trades or only looks.

Which quote is taken is decided in `orders.routing`.
"""

import asyncio
from collections.abc import Collection

from orders.errors import Reason
from orders.events import FailedQuote
from orders.ports import Quoter
from orders.values import Quote, Terms
from runtime.faults import Caught, internal_on_error


async def ask(venues: Collection[Quoter], terms: Terms, attempt: int) -> list[Quote | FailedQuote]:
    """Return the answer of each venue, one at least, in their order; none fails the others."""
    first, *others = venues
    calls = [internal_on_error(venue.quote(terms, attempt)) for venue in others]
    asked = [asyncio.create_task(call) for call in calls]
    answers: list[Quote | Reason] = []
    try:
        # The first is waited for here: a task less for each order.
        with Caught() as caught:
            answers.append(await first.quote(terms, attempt))
        if caught.failed:
            answers.append(caught.reason)
        answers += [await task for task in asked]
    finally:
        for task in asked:
            task.cancel()
    return [
        answer if isinstance(answer, Quote) else FailedQuote(venue=venue.name, reason=answer)
        for venue, answer in zip(venues, answers, strict=True)
    ]
