"""The opaque text that marks a place in the list of orders."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from api.selection import Place

MAX_LENGTH = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(rb"1:(-?\d{1,18}):([0-9a-f-]{36})")


def encode(place: Place) -> str:
    """Return the text for a place, with its microseconds."""
    micros = (place.created_at - _EPOCH) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"1:{micros}:{place.order_id}".encode()).decode()


def decode(text: str) -> Place | None:
    """Return the place that `encode` wrote, or None for any other text."""
    try:
        found = _PLACE.fullmatch(urlsafe_b64decode(text[:MAX_LENGTH].encode()))
        if found is None:
            return None
        created_at = _EPOCH + timedelta(microseconds=int(found[1]))
    except (ValueError, OverflowError):
        return None
    return Place(created_at, found[2].decode())
