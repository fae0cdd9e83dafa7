"""The opaque text that marks a place in a list of orders; it is of no use in another list."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from api.selection import Place, Wanted

MAX_LENGTH = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = re.compile(r"2:(-?\d{1,18}):([0-9a-f-]{36}):[0-9a-f]{16}")


def encode(place: Place, wanted: Wanted) -> str:
    """Return the text for a place in this list, with its microseconds."""
    text = f"2:{_micros(place.created_at)}:{place.order_id}:{_mark(wanted)}"
    return urlsafe_b64encode(text.encode()).decode()


def decode(text: str, wanted: Wanted) -> Place | None:
    """Return the place that `encode` wrote for this list, or None for any other text."""
    try:
        found = _PLACE.fullmatch(urlsafe_b64decode(text[:MAX_LENGTH].encode()).decode())
        if found is None:
            return None
        created_at = _EPOCH + timedelta(microseconds=int(found[1]))
    except (ValueError, OverflowError):
        return None
    place = Place(created_at, found[2])
    # What is no letter of such a text is passed over when it is read.
    return place if _is_between(created_at, wanted) and encode(place, wanted) == text else None


def _mark(wanted: Wanted) -> str:
    # By name, so that a filter that is new changes no list without it.
    told = {name: str(_plain(value)) for name, value in wanted.filters.items()}
    text = repr((wanted.ascending, sorted(told.items())))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _plain(value: object) -> object:
    # The same moment is the same, whatever its zone.
    return _micros(value) if isinstance(value, datetime) else value


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _is_between(moment: datetime, wanted: Wanted) -> bool:
    first, last = wanted.created_from, wanted.created_to
    return (first is None or first <= moment) and (last is None or moment <= last)
