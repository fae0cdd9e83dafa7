"""The log that the present schema version writes of four orders, the same at each run.

`python -m tests.support.golden` writes the file of a new version; files of old ones stay.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from orders.commands import BeginRetry, PlaceOrder, RecordFailure, RecordFill, RouteOrder, Stamp
from orders.decider import decide
from orders.errors import Code, Reason
from orders.events import SCHEMA_VERSION, FailedQuote
from orders.fold import evolve, replay
from orders.retry import RetryPolicy
from orders.state import UNPLACED, Order, Unplaced, status
from orders.values import Fill, Quote, Terms
from orders.wire import decode, encode

GOLDEN = Path(__file__).parents[1] / "golden"
_BEGIN = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
_WRAPPED_SOL = "So11111111111111111111111111111111111111112"


def written_now() -> list[bytes]:
    """Return the lines of the golden log as this version writes them."""
    return [line for life in (_completed, _exhausted, _fatal, _untouched) for line in life()]


def story(lines: list[bytes]) -> dict[str, list]:
    """Return what the lines tell: status, version and attempts of each order."""
    histories: dict[str, list] = {}
    for event in map(decode, lines):
        histories.setdefault(event.order_id, []).append(event)
    orders = {order_id: replay(events) for order_id, events in histories.items()}
    return {
        order_id: [status(order), order.version, order.attempts]
        for order_id, order in orders.items()
        if not isinstance(order, Unplaced)
    }


def _completed() -> Iterator[bytes]:
    terms = _terms("SOL", "USDC", "10.000000001", "0.01")
    quotes = (_quote("RAYDIUM", "1500.25"), _quote("METEORA", "1500.250001"))
    fill = Fill(
        tx_hash="3" * 88,
        executed_price=Decimal("149.9123456"),
        amount_in=terms.amount,
        amount_out=Decimal("1499.123456"),
        fee=Decimal("0.025"),
        slot=41,
    )
    who = {"user_id": "ann", "client_order_id": "my-1", "correlation_id": "req-1"}
    place = _place(1, terms, ("desk 7", "naïve, ✓"), **who)
    return _life(place, RouteOrder(quotes, (), _at(1)), RecordFill(fill, _at(2)))


def _exhausted() -> Iterator[bytes]:
    faults = ("glitch", "glitch", "lost-answer", "price-moved")
    terms = _terms(_WRAPPED_SOL, "USDT", "0.5", "0", faults=faults)
    throttled, timeout = _refused("METEORA", "THROTTLED"), _refused("RAYDIUM", "TIMEOUT")
    return _life(
        _place(2, terms),
        RouteOrder((_quote("RAYDIUM", "75"),), (throttled,), _at(1)),
        RecordFailure(_reason("NETWORK"), _at(2)),
        BeginRetry(_at(4, "delays")),
        RouteOrder((), (timeout, throttled), _at(5)),
        BeginRetry(_at(9, "delays")),
        RouteOrder((_quote("METEORA", "75.1"),), (), _at(10)),
        RecordFailure(_reason("SLIPPAGE_EXCEEDED"), _at(11)),
        BeginRetry(_at(19, "delays")),
        RouteOrder((_quote("METEORA", "75.1"),), (), _at(20)),
        RecordFailure(_reason("STALE_QUOTE"), _at(21)),
    )


def _fatal() -> Iterator[bytes]:
    terms = _terms("BONK", "PYTH", "1000000000000000", "1")
    nobody = (_refused("RAYDIUM", "NO_LIQUIDITY"), _refused("METEORA", "NO_LIQUIDITY"))
    return _life(_place(3, terms, user_id="bob"), RouteOrder((), nobody, _at(1)))


def _untouched() -> Iterator[bytes]:
    return _life(_place(4, _terms("JUP", "RAY", "1.5", "0.05"), user_id="bob"))


def _life(*commands) -> Iterator[bytes]:
    order: Order = UNPLACED
    for command in commands:
        event = decide(command, order, RetryPolicy())
        assert event is not None
        order = evolve(order, event)
        yield encode(event)


def _place(number: int, terms: Terms, tags: tuple[str, ...] = (), **who: str) -> PlaceOrder:
    return PlaceOrder(
        order_id=f"0d5e9c1a-0000-7000-8000-{number:012}",
        user_id=who.get("user_id"),
        client_order_id=who.get("client_order_id"),
        tags=tags,
        terms=terms,
        not_after=_BEGIN + timedelta(seconds=6),
        correlation_id=who.get("correlation_id"),
        stamp=_at(0, "api"),
    )


def _at(seconds: int, actor: str = "streams") -> Stamp:
    return Stamp(f"{seconds:032x}", _BEGIN + timedelta(seconds=seconds), actor)


def _terms(token_in: str, token_out: str, amount: str, slippage: str, **more) -> Terms:
    return Terms(
        token_in=token_in,
        token_out=token_out,
        amount=Decimal(amount),
        slippage=Decimal(slippage),
        **more,
    )


def _quote(venue: str, amount_out: str) -> Quote:
    return Quote(
        venue=venue,
        amount_out=Decimal(amount_out),
        price=Decimal(amount_out) / 10,
        fee=Decimal("0.025"),
        price_impact=Decimal("0.00012"),
        quoted_at=_BEGIN + timedelta(seconds=1),
    )


def _reason(code: str) -> Reason:
    return Reason(code=Code(code), message=f"it was {code}")


def _refused(venue: str, code: str) -> FailedQuote:
    return FailedQuote(venue=venue, reason=_reason(code))


def main() -> None:
    """Write the log of the present version and what it tells."""
    lines = written_now()
    log = GOLDEN / f"schema_{SCHEMA_VERSION}.jsonl"
    log.write_bytes(b"\n".join(lines) + b"\n")
    log.with_suffix(".story.json").write_text(json.dumps(story(lines), indent=2) + "\n")


if __name__ == "__main__":
    main()
