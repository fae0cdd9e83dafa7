"""The log that the present schema version writes of some orders, the same at each run.

`python -m tests.support.golden` writes the file of a new version; files of old ones stay.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from orders.commands import (
    AnswerOrder,
    BeginRetry,
    PlaceOrder,
    RecordFailure,
    RecordFill,
    RestOrder,
    RouteOrder,
    Stamp,
    TriggerOrder,
)
from orders.decider import decide
from orders.errors import Code, Reason
from orders.events import (
    SCHEMA_VERSION,
    FailedQuote,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderWish,
)
from orders.fold import evolve, replay
from orders.retry import RetryPolicy
from orders.state import UNPLACED, Order, Unplaced, status
from orders.values import Fill, Liquidity, Quote, Terms, Tick
from orders.wire import decode, encode

GOLDEN = Path(__file__).parents[1] / "golden"
_BEGIN = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
_WRAPPED_SOL = "So11111111111111111111111111111111111111112"


def written_now() -> list[bytes]:
    """Return the lines of the golden log as this version writes them."""
    lives = (_completed, _exhausted, _fatal, _untouched, _amended, _sniped, _expired, _crowded)
    return [line for life in lives for line in life()]


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


def _amended() -> Iterator[bytes]:
    terms = _terms("SOL", "USDC", "2", "0.01", order_type="limit", target_price=Decimal("151.5"))
    better = replace(terms, target_price=Decimal("150.25"), expires_at=_at(3600).at)
    quotes = (_quote("RAYDIUM", "302.9"), _quote("METEORA", "302.5"))
    return _life(
        _place(5, terms, user_id="ann"),
        RestOrder(_at(1)),
        TriggerOrder(_tick("151.9"), _at(2)),
        RouteOrder(quotes, (), _at(3)),
        _wish(OrderAmendRequested, 5, 4, user_id="ann", seen_version=3, terms=better),
        AnswerOrder(_at(5)),
        _wish(OrderAmendRequested, 5, 6, user_id="ann", seen_version=4, terms=better),
        AnswerOrder(_at(7)),
        TriggerOrder(_tick("151.2"), _at(8)),
        RouteOrder(quotes, (), _at(9)),
        RecordFailure(_reason("SLIPPAGE_EXCEEDED"), _at(10)),
        _wish(OrderCancelRequested, 5, 11),
        AnswerOrder(_at(12)),
    )


def _sniped() -> Iterator[bytes]:
    only = {"pool_provider": "RAYDIUM", "min_liquidity": Decimal("50000.5")}
    terms = _terms("SOL", "NEWCOIN", "3", "0.2", order_type="sniper", time_in_force="IOC", **only)
    pool = Liquidity(
        token="NEWCOIN",
        pool="RAYDIUM",
        usd=Decimal(60000),
        price=Decimal("0.0001"),
        at=_at(2).at,
    )
    return _life(
        _place(6, terms),
        RestOrder(_at(1)),
        TriggerOrder(pool, _at(2)),
        RouteOrder((_quote("RAYDIUM", "4500000"),), (), _at(3)),
        RecordFailure(_reason("TIMEOUT"), _at(4)),
    )


def _expired() -> Iterator[bytes]:
    return _life(
        _place(7, _terms("SOL", "USDC", "1", "0", expires_at=_at(2).at)),
        RouteOrder((_quote("RAYDIUM", "150"),), (), _at(1)),
        RecordFailure(_reason("TIMEOUT"), _at(2)),
    )


def _crowded() -> Iterator[bytes]:
    terms = _terms("SOL", "USDC", "2", "0.01", order_type="limit", target_price=Decimal(160))
    amends = [
        _wish(OrderAmendRequested, 8, seconds, seen_version=2, terms=other)
        for seconds in range(2, 12)
        for other in [replace(terms, amount=Decimal(seconds))]
    ]
    answers = [AnswerOrder(_at(seconds)) for seconds in range(12, 22)]
    return _life(_place(8, terms), RestOrder(_at(1)), *amends, *answers)


def _life(*commands) -> Iterator[bytes]:
    order: Order = UNPLACED
    for command in commands:
        wished = isinstance(command, OrderWish)
        event = command if wished else decide(command, order, RetryPolicy())
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


def _wish(kind: type[OrderWish], number: int, seconds: int, **about) -> OrderWish:
    stamp = _at(seconds, "api")
    return kind(
        event_id=stamp.event_id,
        order_id=f"0d5e9c1a-0000-7000-8000-{number:012}",
        occurred_at=stamp.at,
        actor=stamp.actor,
        **about,
    )


def _tick(price: str) -> Tick:
    return Tick(pair="SOL/USDC", price=Decimal(price), at=_BEGIN)


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
