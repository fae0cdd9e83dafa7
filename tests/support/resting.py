"""Builders for limit and sniper orders and what is asked of them."""

from orders.events import (
    OrderAmended,
    OrderAmendRejected,
    OrderCancelled,
    OrderExpired,
    OrderPlaced,
    OrderRested,
    OrderTriggered,
)
from orders.values import Terms
from tests.support.builders import LIQUIDITY, ORDER_ID, T0, TICK, placed, reason, terms


def limit(price: str | int = 150, **changes) -> Terms:
    return terms(order_type="limit", target_price=price, **changes)


def sniper(**changes) -> Terms:
    return terms(order_type="sniper", token_in="USDC", token_out="NEW", slippage="0.2", **changes)


def placed_limit(price: str | int = 150, order_id: str = ORDER_ID, **changes) -> OrderPlaced:
    return placed(order_id=order_id, terms=limit(price, **changes))


def _envelope(version: int | None, cause: str = "e") -> dict:
    about = {"event_id": "e", "order_id": ORDER_ID, "occurred_at": T0, "causation_id": cause}
    return {**about, "version": version, "actor": "streams"}


def rested(version: int, rests: int = 1, **changes) -> OrderRested:
    return OrderRested(**{**_envelope(version), "rests": rests, **changes})


def triggered(version: int, **changes) -> OrderTriggered:
    seen = {} if "liquidity" in changes else {"tick": TICK}
    return OrderTriggered(**{**_envelope(version), **seen, **changes})


def triggered_by_pool(version: int, **changes) -> OrderTriggered:
    return triggered(version, **{"liquidity": LIQUIDITY, **changes})


def amended(version: int, wish: str = "wish", **changes) -> OrderAmended:
    return OrderAmended(**{**_envelope(version, wish), "terms": limit(151), **changes})


def rejected(wish: str = "wish") -> OrderAmendRejected:
    return OrderAmendRejected(**_envelope(None, wish), reason=reason("NOT_RESTING", "it does not"))


def cancelled(version: int, attempts: int = 0, **changes) -> OrderCancelled:
    return OrderCancelled(**{**_envelope(version, "wish"), "attempts": attempts, **changes})


def expired(version: int, attempts: int = 0, **changes) -> OrderExpired:
    return OrderExpired(**{**_envelope(version), "attempts": attempts, **changes})
