"""How large a batch may be and how long the writer rests: a bounded time, a bounded effort."""

from datetime import timedelta

_REST = 3
_MANY = 20
"""The next batch is begun up to so many times as long after the last as that took, which is about
as much work for a few records as for hundreds, when it had so many records, else for less in
proportion: a projector that keeps up leaves the machine to the others.
"""

_REST_MAX = timedelta(milliseconds=8)


class Pace:
    """Halves the batch when transactions take too long, and lets it grow again when they do not.

    `rest` is how long after the last batch the next one waits for more when it is not full: at
    least the time given, never when that is none. What comes when nothing did for so long waits
    for nothing.
    """

    def __init__(self, most: int, aim: timedelta, rest: timedelta = timedelta()) -> None:
        self._most = most
        self._aim = aim
        self._least = rest
        self.size = most
        self.rest = rest

    def halve(self) -> None:
        """Go on with half the batch: a transaction was too long, or somebody had to take over."""
        self.size = max(1, self.size // 2)

    def took(self, time: timedelta, records: int) -> None:
        """Learn from a transaction of so many records that went well after so long."""
        if self._least:
            wanted = _REST * time * min(1, records / _MANY)
            self.rest = max(self._least, min(wanted, _REST_MAX))
        if time > self._aim:
            self.halve()
        else:
            self.size = min(self._most, self.size + self.size // 4 + 1)
