"""Other terms for an order that rests: what a client may ask for, and what came of it."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from api import changing_errors
from api.amounts import amount_of, price_of, slippage_of
from api.cancelling import ended
from api.conditions import expiry_of
from api.errors import Refusal
from api.hub import Subscription
from api.members import require_known
from api.placing_errors import MISPLACED_CONDITION
from api.rows import Change, OrderRow
from api.unread import crowded
from api.words import FINAL
from orders.errors import Code
from orders.events import OrderAmended, OrderAmendRejected
from orders.values import Terms

PATIENCE = timedelta(seconds=2)
"""How long whoever asks waits in all, once the log has what is asked."""
READING = timedelta(milliseconds=200)
"""The end of it, kept for reading the order again when nobody has answered."""
AMENDABLE = frozenset({"targetPrice", "slippage", "expiresAt", "amount"})
_VERSION = re.compile(r'[1-9][0-9]{0,8}|(?:W/)?"[1-9][0-9]{0,8}"')


def version_of(header: str | None) -> int:
    """Return the version that the client saw; raise `Refusal`."""
    if header is None:
        raise Refusal(changing_errors.MISSING_IF_MATCH)
    version = header.strip(" \t")
    if not _VERSION.fullmatch(version):
        raise Refusal(changing_errors.INVALID_IF_MATCH)
    return int(version.strip('W/"'))


def amended(terms: Terms, document: Mapping[str, object]) -> Terms:
    """Return the terms as the client wants them; raise `Refusal` for what cannot be amended."""
    kind = changing_errors.INVALID_AMENDMENT
    require_known(document, AMENDABLE, kind, kind.message)
    if not document:
        raise Refusal(changing_errors.INVALID_AMENDMENT)
    changes: dict[str, Any] = {}
    if "targetPrice" in document:
        if terms.order_type != "limit":
            raise Refusal(MISPLACED_CONDITION)
        changes["target_price"] = price_of(document["targetPrice"])
    if "slippage" in document:
        changes["slippage"] = slippage_of(document["slippage"])
    if "expiresAt" in document:
        changes["expires_at"] = expiry_of(document["expiresAt"])
    if "amount" in document:
        changes["amount"] = amount_of(document["amount"], terms.token_in, "amount")
    return replace(terms, **changes)


def require_resting(order: OrderRow, seen_version: int) -> None:
    """Raise `Refusal` when the order, as it is now, cannot be amended by whoever saw that."""
    if order.status in FINAL:
        raise ended(order)
    if order.version > seen_version:
        raise Refusal(changing_errors.VERSION_MISMATCH, version=order.version)
    if order.status != "open" and order.version == seen_version:
        raise Refusal(changing_errors.ORDER_NOT_RESTING, version=order.version)


def deadline() -> float:
    """Return when, by the clock of the loop, what is asked now is waited for no longer."""
    return asyncio.get_running_loop().time() + PATIENCE.total_seconds()


async def answered(subscription: Subscription, wish_id: str, until: float) -> OrderRow | None:
    """Return the order as amended, or None when nobody answers in time; raise `Refusal`."""
    try:
        async with asyncio.timeout_at(until - READING.total_seconds()):
            while True:
                change = await subscription.next()
                if change.event.causation_id == wish_id or change.status in FINAL:
                    return _answer(change)
    except TimeoutError:
        return None


def _answer(change: Change) -> OrderRow:
    match change.event:
        case OrderAmended():
            return change.order
        case OrderAmendRejected(reason=reason) if reason.code is Code.VERSION_CHANGED:
            raise Refusal(changing_errors.VERSION_MISMATCH, version=change.order.version)
        case OrderAmendRejected(reason=reason) if reason.code is Code.NOT_RESTING:
            raise Refusal(changing_errors.ORDER_NOT_RESTING, version=change.order.version)
        case OrderAmendRejected(reason=reason) if reason.code is Code.TOO_MANY_WISHES:
            raise crowded()
        case OrderAmendRejected(reason=reason):
            raise Refusal(changing_errors.INVALID_AMENDMENT, reason.message)
        case _:
            raise ended(change.order)
