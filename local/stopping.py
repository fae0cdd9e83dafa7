"""SIGINT and SIGTERM as a wish that the main loop looks at; a second one means at once."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
URGENT_AFTER_SECONDS = 0.5


class StopRequest:
    """Whether somebody asked the engine to stop, and whether they asked again."""

    def __init__(self) -> None:
        self._first_at: float | None = None
        self._urgent = False

    @property
    def requested(self) -> bool:
        """Return whether the engine is to stop."""
        return self._first_at is not None

    @property
    def urgent(self) -> bool:
        """Return whether it is to stop without waiting for anybody."""
        return self._urgent

    def ask(self) -> None:
        """Ask to stop; asking again a while later makes it urgent."""
        now = time.monotonic()
        if self._first_at is None:
            self._first_at = now
        # A terminal and `make` may both pass on the same Ctrl-C.
        elif now - self._first_at > URGENT_AFTER_SECONDS:
            self._urgent = True

    def wait(self, seconds: float) -> None:
        """Wait so long, or less when a signal comes."""
        if not self.requested:
            time.sleep(seconds)


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the signals into a request while the block runs."""
    request = StopRequest()

    def handle(_number: int, _frame: FrameType | None) -> None:
        request.ask()

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
