"""How large a batch may be, so that its transaction stays well below the lease."""

from datetime import timedelta


class Pace:
    """Halves the batch when transactions take too long, and lets it grow again when they do not."""

    def __init__(self, most: int, aim: timedelta) -> None:
        self._most = most
        self._aim = aim
        self.size = most

    def halve(self) -> None:
        """Go on with half the batch: a transaction was too long, or somebody had to take over."""
        self.size = max(1, self.size // 2)

    def took(self, time: timedelta) -> None:
        """Learn from a transaction that went well after so long."""
        if time > self._aim:
            self.halve()
        else:
            self.size = min(self._most, self.size + self.size // 4 + 1)
