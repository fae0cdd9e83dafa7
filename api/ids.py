"""Ids that sort by the time they were made, so that new rows stand together in an index."""

import os
from collections.abc import Callable
from datetime import datetime

RANDOM_BITS = 74
_RANDOM_BYTES = 10
_FETCHED = 400 * _RANDOM_BYTES


class Randomness:
    """Random bits nobody can foresee, fetched from the system for hundreds of ids at once."""

    def __init__(self, fetch: Callable[[int], bytes] = os.urandom) -> None:
        self._fetch = fetch
        self._bytes = b""
        self._at = 0

    def bits(self) -> int:
        """Return 74 random bits that were never returned before."""
        if self._at >= len(self._bytes):
            self._bytes, self._at = self._fetch(_FETCHED), 0
        taken = self._bytes[self._at : self._at + _RANDOM_BYTES]
        self._at += _RANDOM_BYTES
        return int.from_bytes(taken) >> 8 * _RANDOM_BYTES - RANDOM_BITS


def uuid7(at: datetime, randomness: int) -> str:
    """Return a UUID of version 7 (RFC 9562) from a moment and 74 random bits."""
    value = (int(at.timestamp() * 1000) & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= (randomness >> 62 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= randomness & (2**62 - 1)
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
