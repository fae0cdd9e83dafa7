"""The stand-in for a venue that an order was routed to and this engine does not have."""

from orders.errors import Code, Reason
from orders.ports import Unknown
from orders.values import Execution, Terms, VenueName


class AbsentVenue:
    """Sends nothing and knows no outcome: only an engine that has the venue can resolve the order.

    The venue may have been taken out of the engine while orders were on their way to it.
    """

    def __init__(self, name: VenueName) -> None:
        self._name = name
        self._reason = Reason(code=Code.INTERNAL, message=f"this engine has no venue {name}")

    @property
    def name(self) -> VenueName:
        """Return the name of the venue that is not here."""
        return self._name

    async def quote(self, terms: Terms, attempt: int) -> Reason:
        """Return that it is not here."""
        return self._reason

    async def execute(self, execution: Execution) -> Unknown:
        """Return that the outcome is unknown."""
        return Unknown(self._reason)

    async def resolve(self, execution_id: str) -> Unknown:
        """Return that the outcome is unknown."""
        return Unknown(self._reason)
