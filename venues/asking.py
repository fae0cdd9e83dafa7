"""Asks all venues at once what they would give, for whoever trades or only looks.

Which quote is taken is decided in `orders.routing`.
"""

import asyncio
from collections.abc import Collection

from orders.events import FailedQuote
from orders.ports import Quoter
from orders.values import Quote, Terms
from runtime.faults import internal, internal_on_error


async def ask(venues: Collection[Quoter], terms: Terms, attempt: int) -> list[Quote | FailedQuote]:
    """Return every venue's answer to these terms, in their order; none of them fails the others."""
    first, *others = venues
    calls = [internal_on_error(venue.quote(terms, attempt)) for venue in others]
    # With a name for all: one would be made up for each.
    create_task = asyncio.get_running_loop().create_task
    asked = [create_task(call, name="quote") for call in calls]
    try:
        # The first is waited for here: a task less for each order.
        try:
            answers = [await first.quote(terms, attempt)]
        except Exception as error:  # noqa: BLE001  (where the unexpected ends)
            answers = [internal(error)]
        for task in asked:
            answers.append(await task)
    finally:
        for task in asked:
            task.cancel()
    return [
        answer if isinstance(answer, Quote) else FailedQuote(venue=venue.name, reason=answer)
        for venue, answer in zip(venues, answers, strict=True)
    ]
