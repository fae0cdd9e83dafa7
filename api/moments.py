"""Times as clients write them in a query or a body."""

import re
from contextlib import suppress
from datetime import datetime

_TIME = r"[0-9]{2}(:?[0-9]{2}){0,2}([.,][0-9]+)?"
_MOMENT = re.compile(rf"[0-9W-]+[Tt+]{_TIME}(Z|[+-]{_TIME})")
"""Python's own reading passes over a NUL at the end, and over anything at all after six digits of
a second or in place of the T."""


def moment_of(text: str) -> datetime | None:
    """Return the time of an ISO 8601 text with its zone, or None for any other text."""
    # In a query a + that was not escaped arrives as a blank.
    text = text.replace(" ", "+")
    if _MOMENT.fullmatch(text):
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    return None
