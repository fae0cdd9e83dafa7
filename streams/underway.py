"""What the lane has decided of an order and not read back yet: until then it decides no more."""

from collections.abc import Iterator
from contextlib import contextmanager

from orders.events import AnyOrderEvent


class UnderWay:
    """At most one event of each order; a second one would be decided on a state without the first.

    A rejection has no version to lose by: without this a wish might be rejected twice. What is due
    meanwhile has its turn when the event was read back, whether that has won its place or not.
    """

    def __init__(self) -> None:
        self._events: dict[str, str] = {}

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._events

    @contextmanager
    def appended(self, event: AnyOrderEvent) -> Iterator[None]:
        """Hold the event that the block appends under way until it comes, or the block fails."""
        self._events[event.order_id] = event.event_id
        try:
            yield
        except BaseException:
            self.came(event)
            raise

    def came(self, event: AnyOrderEvent) -> bool:
        """Return whether this was under way for its order; it is no more."""
        if self._events.get(event.order_id) != event.event_id:
            return False
        del self._events[event.order_id]
        return True

    def forget(self, order_id: str) -> None:
        """Let nothing be under way for an order."""
        self._events.pop(order_id, None)
