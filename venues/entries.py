"""What the simulated chain writes down of an execution id, and what makes it that.

Nothing here waits or talks to a database.
"""

from datetime import datetime
from decimal import Decimal
from hashlib import shake_128
from typing import Literal, NamedTuple, Self

from msgspec import Struct
from msgspec.structs import replace

from orders.errors import Code, Reason
from orders.values import Execution, VenueName, price_of
from venues.pools import Swap

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = (_BASE58 * 5)[:256].encode()
_FIRST, _MORE = "5", 86
"""A number with this first digit and so many more takes 64 bytes, whatever they are."""


class Entry(Struct, frozen=True, gc=False):
    """One row of the ledger; slot and signature are the block's to give."""

    execution_id: str
    status: Literal["settled", "refused", "void"]
    venue: str
    at: datetime
    slot: int = 0
    signature: str | None = None
    executed_price: Decimal | None = None
    amount_in: Decimal | None = None
    amount_out: Decimal | None = None
    fee: Decimal | None = None
    code: str | None = None
    reason: str | None = None

    def sealed(self, slot: int) -> Self:
        """Return the entry as it stands in the block with this slot."""
        if self.status != "settled":
            return replace(self, slot=slot)
        return replace(self, slot=slot, signature=signature_of(self.execution_id, slot))


def signature_of(execution_id: str, slot: int) -> str:
    """Return the transaction's signature: 64 bytes in base58, as Solana writes them.

    The digits are drawn one by one: to divide a number of 64 bytes into them takes much longer.
    """
    drawn = shake_128(f"{execution_id}/{slot}".encode()).digest(_MORE)
    return _FIRST + drawn.translate(_DIGITS).decode()


class Arrival(NamedTuple):
    """An execution when it reaches the chain: where it trades and at which moment (UTC)."""

    execution: Execution
    venue: VenueName
    at: datetime

    def meet(self, swap: Swap | Reason) -> Entry:
        """Return the entry of this swap: refused for ever when it gives nothing or too little."""
        terms, least = self.execution.terms, self.execution.min_amount_out
        if isinstance(swap, Reason):
            return self._refused(swap)
        if swap.amount_out < least or not swap.amount_out:
            gives = f"{self.venue} would give {swap.amount_out:f} {terms.token_out}"
            message = f"{gives}, the order wants at least {least:f}"
            return self._refused(Reason(code=Code.SLIPPAGE_EXCEEDED, message=message))
        return Entry(
            self.execution.execution_id,
            "settled",
            self.venue,
            self.at,
            executed_price=price_of(swap.amount_out, terms.amount),
            amount_in=terms.amount,
            amount_out=swap.amount_out,
            fee=swap.fee,
        )

    def _refused(self, reason: Reason) -> Entry:
        return Entry(
            self.execution.execution_id,
            "refused",
            self.venue,
            self.at,
            code=reason.code,
            reason=reason.message,
        )
