"""How many requests may wait for something at once in this process."""

from datetime import timedelta
from types import TracebackType

from api.errors import ENGINE_BUSY, Refusal

SOON = timedelta(seconds=1)


class Slots:
    """A bound on what waits: `with slots:` holds one, or raises `Refusal` when none is left."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def __enter__(self) -> None:
        """Take a slot; nobody queues for one."""
        if self._left == 0:
            raise Refusal(ENGINE_BUSY, retry_after=SOON)
        self._left -= 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the slot back."""
        self._left += 1
