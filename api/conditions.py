"""When an order may be executed, beside what it swaps: its type, its price, its pool, its time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict, get_args

from api import placing_errors
from api.amounts import liquidity_of, price_of
from api.errors import Refusal
from api.moments import moment_of
from orders.values import OrderType, TimeInForce
from venues import VENUES

SNIPER_SLIPPAGE = Decimal("0.2")
SNIPER_SPENDS = "SOL"
_TYPES: tuple[OrderType, ...] = get_args(OrderType)
_TIMES: tuple[TimeInForce, ...] = get_args(TimeInForce)
_OF_TYPE: Mapping[OrderType, frozenset[str]] = {
    "market": frozenset(),
    "limit": frozenset({"targetPrice"}),
    "sniper": frozenset({"poolProvider", "minLiquidity"}),
}
_OF_SOME = ("targetPrice", "poolProvider", "minLiquidity")
_ALL = frozenset({*_OF_SOME, "timeInForce", "expiresAt"})


class Conditions(TypedDict, total=False):
    """What the terms of an order say beside the swap, by the names they have there."""

    order_type: OrderType
    time_in_force: TimeInForce
    expires_at: datetime | None
    target_price: Decimal | None
    pool_provider: str | None
    min_liquidity: Decimal | None


def type_of(document: Mapping[str, object], *, any_type: bool) -> OrderType:
    """Return the type of order a document asks for, market where it names none.

    Raises `Refusal` for an unknown one, and for one that is not placed this way.
    """
    value = document.get("orderType", "market")
    if value not in _TYPES:
        raise Refusal(placing_errors.INVALID_ORDER_TYPE)
    if value != "market" and not any_type:
        message = f"This path places market orders: send a {value} order to /api/orders."
        raise Refusal(placing_errors.INVALID_ORDER_TYPE, message)
    return value


def conditions_of(document: Mapping[str, object], order_type: OrderType) -> Conditions:
    """Return the conditions a document names; raise `Refusal` with the first rule it breaks."""
    if order_type == "market" and _ALL.isdisjoint(document):
        return {"order_type": order_type}
    for name in _OF_SOME:
        if document.get(name) is not None and name not in _OF_TYPE[order_type]:
            raise Refusal(placing_errors.MISPLACED_CONDITION, field=name)
    return {
        "order_type": order_type,
        "time_in_force": _time_in_force(document.get("timeInForce")),
        "expires_at": expiry_of(document.get("expiresAt")),
        "target_price": _target_price(document.get("targetPrice"), order_type),
        "pool_provider": _pool_provider(document.get("poolProvider")),
        "min_liquidity": _min_liquidity(document.get("minLiquidity")),
    }


def expiry_of(value: object) -> datetime | None:
    """Return when an order is to end, in UTC; raise `Refusal` for what is no time of a zone."""
    if value is None:
        return None
    moment = moment_of(value) if isinstance(value, str) else None
    if moment is None:
        raise Refusal(placing_errors.INVALID_EXPIRES_AT)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Refusal(placing_errors.INVALID_EXPIRES_AT) from None


def require_to_come(expires_at: datetime | None, now: datetime) -> None:
    """Raise `Refusal` when the time of an order would be over before it begins."""
    if expires_at is not None and expires_at <= now:
        message = f"expiresAt is over, it is {now:%Y-%m-%dT%H:%M:%SZ} here: name a time to come."
        raise Refusal(placing_errors.INVALID_EXPIRES_AT, message)


def _time_in_force(value: object) -> TimeInForce:
    if value is None:
        return "GTC"
    if value not in _TIMES:
        raise Refusal(placing_errors.INVALID_TIME_IN_FORCE)
    return value


def _target_price(value: object, order_type: OrderType) -> Decimal | None:
    if order_type != "limit":
        return None
    if value is None:
        raise Refusal(placing_errors.MISSING_TARGET_PRICE)
    return price_of(value)


def _pool_provider(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in VENUES:
        raise Refusal(placing_errors.INVALID_POOL_PROVIDER)
    return value


def _min_liquidity(value: object) -> Decimal | None:
    return None if value is None else liquidity_of(value)
