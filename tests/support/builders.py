"""Builders: a test names what it is about, the rest is filled in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from pydantic import TypeAdapter

from orders.commands import PlaceOrder, RecordFailure, RecordFill, RouteOrder, Stamp
from orders.errors import Code, Reason
from orders.events import (
    FailedQuote,
    OrderAmended,
    OrderAmendRejected,
    OrderCancelled,
    OrderExecuted,
    OrderExpired,
    OrderFailed,
    OrderPlaced,
    OrderRested,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
    OrderTriggered,
    OrderWish,
)
from orders.values import Fill, Liquidity, Quote, Terms, Tick

W = TypeVar("W", bound=OrderWish)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
ORDER_ID = "0d5e9c1a-0000-4000-8000-000000000001"
RAYDIUM, METEORA = "RAYDIUM", "METEORA"

_TERMS = TypeAdapter(Terms)

TICK = Tick(pair="SOL/USDC", price=Decimal("151.5"), at=T0)
LIQUIDITY = Liquidity(token="USDC", pool=RAYDIUM, usd=Decimal(50_000), price=Decimal("0.01"), at=T0)


def seconds(count: float) -> datetime:
    """Return the moment so many seconds after T0."""
    return T0 + timedelta(seconds=count)


def stamp(at: datetime = T0, event_id: str = "e", actor: str = "test") -> Stamp:
    return Stamp(event_id, at, actor)


def terms(**changes) -> Terms:
    fields = {"token_in": "SOL", "token_out": "USDC", "amount": "10", "slippage": "0.01"}
    return _TERMS.validate_python({**fields, **changes})


def limit(price: str | int = "151.2", **changes) -> Terms:
    return terms(**{"order_type": "limit", "target_price": price, **changes})


def sniper(**changes) -> Terms:
    return terms(**{"order_type": "sniper", **changes})


def quote(amount_out: str | int = 1500, venue: str = RAYDIUM) -> Quote:
    return Quote(
        venue=venue,
        amount_out=Decimal(amount_out),
        price=Decimal(amount_out) / 10,
        fee=Decimal("0.025"),
        price_impact=Decimal("0.001"),
        quoted_at=T0,
    )


def reason(code: str = "NETWORK", message: str = "the line is cut") -> Reason:
    return Reason(code=Code(code), message=message)


def no_quote(code: str = "NETWORK", venue: str = RAYDIUM) -> FailedQuote:
    return FailedQuote(venue=venue, reason=reason(code))


def fill(amount_out: str | int = 1499) -> Fill:
    return Fill(
        tx_hash="5" * 88,
        executed_price=Decimal(amount_out) / 10,
        amount_in=Decimal(10),
        amount_out=Decimal(amount_out),
        fee=Decimal("0.025"),
        slot=7,
    )


def place(**changes) -> PlaceOrder:
    fields = {
        "order_id": ORDER_ID,
        "user_id": None,
        "client_order_id": None,
        "tags": (),
        "terms": terms(),
        "not_after": seconds(10),
        "correlation_id": None,
        "stamp": stamp(),
    }
    return PlaceOrder(**{**fields, **changes})


def route(*answers: Quote | FailedQuote) -> RouteOrder:
    quotes = tuple(answer for answer in answers if isinstance(answer, Quote))
    failed = tuple(answer for answer in answers if isinstance(answer, FailedQuote))
    return RouteOrder(quotes, failed, stamp())


def record_fill(**changes) -> RecordFill:
    return RecordFill(changes.get("fill", fill()), stamp())


def record_failure(code: str = "NETWORK") -> RecordFailure:
    return RecordFailure(reason(code), stamp())


def _envelope(version: int, cause: str | None = "e") -> dict:
    return {
        "event_id": "e",
        "order_id": ORDER_ID,
        "version": version,
        "occurred_at": T0,
        "causation_id": cause,
        "actor": "test",
    }


def wish(kind: type[W], event_id: str = "wish", **about) -> W:
    fields = {**_envelope(1, None), "event_id": event_id, "version": None}
    return kind(**{**fields, **about})


def placed(**changes) -> OrderPlaced:
    fields = {"terms": terms(), "not_after": seconds(10), **_envelope(1, None)}
    return OrderPlaced(**{**fields, **changes})


def routed(version: int, attempt: int = 1, execution: int | None = None, **changes) -> OrderRouted:
    fields = {
        "attempt": attempt,
        "venue": RAYDIUM,
        "execution_id": f"{ORDER_ID}:{execution or attempt}",
        "min_amount_out": Decimal(1485),
        "quotes": (quote(),),
        **_envelope(version),
    }
    return OrderRouted(**{**fields, **changes})


def executed(version: int, attempt: int = 1, **changes) -> OrderExecuted:
    fields = {"attempt": attempt, "venue": RAYDIUM, "fill": fill(), **_envelope(version)}
    return OrderExecuted(**{**fields, **changes})


def retry_scheduled(version: int, attempt: int = 1, **changes) -> OrderRetryScheduled:
    fields = {
        "attempt": attempt,
        "reason": reason(),
        "delay": timedelta(seconds=2 * 2 ** (attempt - 1)),
        **_envelope(version),
    }
    return OrderRetryScheduled(**{**fields, **changes})


def retry_due(version: int, attempt: int, **changes) -> OrderRetryDue:
    return OrderRetryDue(**{"attempt": attempt, **_envelope(version), **changes})


def failed(version: int, attempts: int = 1, code: str = "NETWORK", **changes) -> OrderFailed:
    fields = {"reason": reason(code), "attempts": attempts, **_envelope(version)}
    return OrderFailed(**{**fields, **changes})


def rested(version: int, rests: int = 1, **changes) -> OrderRested:
    return OrderRested(**{"rests": rests, **_envelope(version), **changes})


def triggered(version: int, seen: Tick | Liquidity = TICK, **changes) -> OrderTriggered:
    kind = "tick" if isinstance(seen, Tick) else "liquidity"
    return OrderTriggered(**{kind: seen, **_envelope(version), **changes})


def amended(version: int, new: Terms, **changes) -> OrderAmended:
    return OrderAmended(**{"terms": new, **_envelope(version, "wish"), **changes})


def rejected() -> OrderAmendRejected:
    why = reason("NOT_RESTING", "it does not")
    return OrderAmendRejected(**{**_envelope(1, "wish"), "version": None, "reason": why})


def cancelled(version: int, attempts: int = 0, **changes) -> OrderCancelled:
    return OrderCancelled(**{"attempts": attempts, **_envelope(version, "wish"), **changes})


def expired(version: int, attempts: int = 0, **changes) -> OrderExpired:
    return OrderExpired(**{"attempts": attempts, **_envelope(version), **changes})
