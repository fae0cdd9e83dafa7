"""Values as PostgreSQL can hold them: whatever is admitted to the log can be stored."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_MAX_INT = 2**31 - 1
_MAX_DIGITS = 1000


def text(value: str) -> str:
    """Return the text, each NUL as U+FFFD: no text of PostgreSQL holds one."""
    return value.replace("\0", "\ufffd") if "\0" in value else value


def number(value: Decimal) -> Decimal | None:
    """Return the number, or None when it has over a thousand digits on a side of its point."""
    written = str(value)
    if len(written) <= _MAX_DIGITS and "E" not in written:
        # As nearly all are; their digits one by one would take four times as long.
        return value
    exponent = int(value.as_tuple().exponent)
    return value if exponent >= -_MAX_DIGITS and value.adjusted() <= _MAX_DIGITS else None


def integer(value: int) -> int | None:
    """Return the number, or None when it is no int4."""
    return value if value <= _MAX_INT else None


def moment(value: datetime, delay: timedelta = timedelta()) -> datetime:
    """Return the moment so much later, kept within the years 1 to 9999 of UTC."""
    if not delay and value.tzinfo is UTC and _EARLIEST.year < value.year < _LATEST.year:
        return value
    try:
        return value.astimezone(UTC) + delay
    except OverflowError:
        late = delay > timedelta() if delay else value.year > 1
        return _LATEST if late else _EARLIEST
