"""What this worker appended and reads back: it still has the event that the bytes hold."""

from orders.events import AnyOrderEvent
from orders.wire import decode

_MOST = 5_000
"""Events on their way through the log at once, more than a backlog has of them; what comes beyond
is decoded as others' are.
"""


class OwnEvents:
    """Knows events by the very bytes they were encoded to, until these come back.

    What moves an order is still the record that was read: only its decoding is saved.
    """

    def __init__(self) -> None:
        self._events: dict[bytes, AnyOrderEvent] = {}

    def encoded(self, event: AnyOrderEvent, value: bytes) -> None:
        """Remember an event that is about to be appended."""
        if len(self._events) >= _MOST:
            self._events.clear()
        self._events[value] = event

    def decode(self, value: bytes) -> AnyOrderEvent:
        """Return the event in these bytes; raise as `orders.wire.decode` does."""
        return self._events.pop(value, None) or decode(value)
