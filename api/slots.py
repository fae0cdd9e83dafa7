"""How many requests may wait for something at once in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType

from api.errors import ENGINE_BUSY, RATE_LIMITED, Refusal

SOON = timedelta(seconds=1)


class Slots:
    """A bound on what waits: `with slots:` holds one, or raises `Refusal` when none is left."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def __enter__(self) -> None:
        """Take a slot; nobody queues for one."""
        if self._left == 0:
            raise none_left()
        self._left -= 1

    @contextmanager
    def up_to(self, wanted: int) -> Iterator[int]:
        """Hold as many as are left of those wanted, and yield how many."""
        taken = min(wanted, self._left)
        self._left -= taken
        try:
            yield taken
        finally:
            self._left += taken

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the slot back."""
        self._left += 1


def none_left() -> Refusal:
    """Return the answer for what has to wait and finds no slot."""
    return Refusal(ENGINE_BUSY, retry_after=SOON)


class Shares:
    """Slots of which no user holds more than their share; where nobody has a name, all are free."""

    def __init__(self, slots: Slots, each: int) -> None:
        self._slots = slots
        self._each = each
        self._held: Counter[str] = Counter()

    @contextmanager
    def held_by(self, user_id: str | None) -> Iterator[None]:
        """Hold one until the block ends. Raises `Refusal` when none is left, or none for them."""
        if user_id is not None and self._held[user_id] >= self._each:
            message = (
                f"You have {self._each} of these under way, as many as you may: end one first."
            )
            raise Refusal(RATE_LIMITED, message, retry_after=SOON)
        with self._slots:
            if user_id is None:
                yield
                return
            self._held[user_id] += 1
            try:
                yield
            finally:
                self._held[user_id] -= 1
                if not self._held[user_id]:
                    del self._held[user_id]
