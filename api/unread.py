"""How many amendments of one order may wait: those that a read shows, and those it cannot yet."""

from collections import OrderedDict
from collections.abc import Collection

from api import changing_errors
from api.errors import Refusal
from api.slots import SOON
from orders.wishes import MOST_AMENDS

_MOST_ORDERS = 10_000


class UnreadAmends:
    """The amendments that this process has asked for and no read has shown it yet, by order.

    An order has at most eight that wait, counted here: what the log has beyond them comes from
    other processes at the same moment, and is bounded by their number though no read gets on.
    """

    def __init__(self) -> None:
        self._asked: OrderedDict[str, set[str]] = OrderedDict()

    def require_room(self, order_id: str, waiting: int, read: Collection[str]) -> None:
        """Raise `Refusal` when the order has as many as may wait.

        So many are `waiting` by a read that shows the events with these ids.
        """
        if asked := self._asked.get(order_id):
            asked.difference_update(read)
        if waiting + len(asked or ()) >= MOST_AMENDS:
            raise crowded()

    def asks(self, order_id: str, wish_id: str) -> None:
        """Count an amendment that is about to be asked for."""
        self._asked.setdefault(order_id, set()).add(wish_id)
        self._asked.move_to_end(order_id)
        if len(self._asked) > _MOST_ORDERS:
            self._asked.popitem(last=False)

    def failed(self, order_id: str, wish_id: str) -> None:
        """Count it no more: nobody was told that it was asked for."""
        self._asked.get(order_id, set()).discard(wish_id)


def crowded() -> Refusal:
    """Return the answer for an amendment that an order has no room for."""
    return Refusal(changing_errors.TOO_MANY_AMENDMENTS, retry_after=SOON)
