"""Ids that sort by the time they were made, so that new rows stand together in an index."""

import os
from collections.abc import Callable
from functools import lru_cache

RANDOM_DIGITS = 19
_RANDOM_BYTES = 10
_FETCHED = 400 * _RANDOM_BYTES
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class Randomness:
    """Random digits nobody can foresee, fetched from the system for hundreds of ids at once."""

    def __init__(self, fetch: Callable[[int], bytes] = os.urandom) -> None:
        self._fetch = fetch
        self._digits = ""
        self._at = 0

    def digits(self) -> str:
        """Return 19 random digits of 16 that were never returned before."""
        if self._at >= len(self._digits):
            self._digits, self._at = self._fetch(_FETCHED).hex(), 0
        at = self._at
        self._at = at + 2 * _RANDOM_BYTES
        return self._digits[at : at + RANDOM_DIGITS]


def uuid7(milliseconds: int, randomness: str) -> str:
    """Return a UUID of version 7 (RFC 9562) from Unix time and 19 random digits of 16.

    Of the fourth of them two bits count.
    """
    first, rest = randomness[:3], randomness[4:]
    variant = _VARIANT[randomness[3]]
    return f"{_begin(milliseconds)}{first}-{variant}{rest[:3]}-{rest[3:]}"


@lru_cache(maxsize=4)
def _begin(milliseconds: int) -> str:
    # Hundreds of ids are made in one.
    digits = f"{milliseconds & (2**48 - 1):012x}"
    return f"{digits[:8]}-{digits[8:]}-7"
