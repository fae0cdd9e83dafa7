"""Ids that sort by the time they were made, so that new rows stand together in an index."""

from datetime import datetime
from uuid import UUID

RANDOM_BITS = 74


def uuid7(at: datetime, randomness: int) -> str:
    """Return a UUID of version 7 (RFC 9562) from a moment and 74 random bits."""
    value = (int(at.timestamp() * 1000) & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= (randomness >> 62 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= randomness & (2**62 - 1)
    return str(UUID(int=value))
