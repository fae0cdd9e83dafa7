"""How large a batch may be and how long it waits for more: a bounded time, a bounded effort."""

from datetime import timedelta

_REST = 3
_MANY = 100
"""A batch waits up to so many times as long as the last transaction took, which is about as much
work for a few records as for hundreds, when that had so many records, else for less in proportion:
a projector that keeps up leaves the machine to the others, and a lone order is not held up.
"""

_LINGER_MAX = timedelta(milliseconds=60)


class Pace:
    """Halves the batch when transactions take too long, and lets it grow again when they do not.

    `linger` is how long a batch that is not full waits for more: at least the time given, never
    when that is none.
    """

    def __init__(self, most: int, aim: timedelta, linger: timedelta = timedelta()) -> None:
        self._most = most
        self._aim = aim
        self._least = linger
        self.size = most
        self.linger = linger

    def halve(self) -> None:
        """Go on with half the batch: a transaction was too long, or somebody had to take over."""
        self.size = max(1, self.size // 2)

    def took(self, time: timedelta, records: int) -> None:
        """Learn from a transaction of so many records that went well after so long."""
        if self._least:
            wanted = _REST * time * min(1, records / _MANY)
            self.linger = max(self._least, min(wanted, _LINGER_MAX))
        if time > self._aim:
            self.halve()
        else:
            self.size = min(self._most, self.size + self.size // 4 + 1)
