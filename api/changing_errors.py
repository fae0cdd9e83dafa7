"""What can be wrong with a wish to cancel or to amend an order."""

from api.errors import Kind
from orders.wishes import MOST_AMENDS

ORDER_FINAL = Kind(
    "ORDER_FINAL", 409, "The order has ended: nothing can be changed about it any more."
)
ORDER_NOT_RESTING = Kind(
    "ORDER_NOT_RESTING",
    409,
    "Only an order that rests (status open) can be amended: cancel it, or let it come to its end.",
)
TOO_MANY_AMENDMENTS = Kind(
    "TOO_MANY_AMENDMENTS",
    429,
    f"{MOST_AMENDS} amendments of the order wait for an answer already: ask again in a second.",
    again=True,
)
VERSION_MISMATCH = Kind(
    "VERSION_MISMATCH",
    412,
    "The order has another version: read it, and send If-Match with the one it has now.",
    field="If-Match",
)
MISSING_IF_MATCH = Kind(
    "MISSING_IF_MATCH",
    428,
    "If-Match is missing: send the version of the order that you saw, such as 2.",
    field="If-Match",
)
INVALID_IF_MATCH = Kind(
    "INVALID_IF_MATCH",
    400,
    "If-Match must be a version of the order, a whole number from 1, such as 2.",
    field="If-Match",
)
INVALID_AMENDMENT = Kind(
    "INVALID_AMENDMENT",
    400,
    "Only targetPrice, slippage, expiresAt and amount can be amended: name one of them, no others.",
    field="targetPrice",
)
INVALID_CANCEL = Kind(
    "INVALID_CANCEL",
    400,
    "Name one of userId, orderIds (a list of 1 to 500 ids) and all (true), and beside it, if you "
    "like, orderType and pair, such as SOL/USDC; nothing else.",
    field="orderIds",
)
ORDER_NOT_CHOSEN = Kind(
    "ORDER_NOT_CHOSEN",
    409,
    "The order is not of the orderType or the pair that is to be cancelled: it is left alone.",
)
