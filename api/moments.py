"""Times as clients write them in a query."""

from contextlib import suppress
from datetime import datetime


def moment_of(text: str) -> datetime | None:
    """Return the time of an ISO 8601 text with its zone, or None for any other text."""
    # In a query a + that was not escaped arrives as a blank.
    with suppress(ValueError):
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is not None:
            return moment
    return None
