"""Histories of orders as they stand in a log, made without an engine."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer
from msgspec.structs import replace
from pydantic import TypeAdapter

from orders.events import AnyOrderEvent, OrderPlaced
from orders.topics import partition_of
from orders.values import Terms
from orders.wire import encode

Document = dict[str, object]
EVENT: TypeAdapter[AnyOrderEvent] = TypeAdapter(AnyOrderEvent)
_TERMS = TypeAdapter(Terms)
AMOUNT, PRICE = "10.000000001", "150.123456789"
TERMS = {"token_in": "SOL", "token_out": "USDC", "amount": AMOUNT, "slippage": "0.01"}
LATE = "9999-01-01T00:00Z"
PLACED: Document = {"type": "OrderPlaced", "user_id": "ann", "terms": TERMS, "not_after": LATE}
QUOTE = {"amount_out": "1501.23456789", "price": PRICE, "fee": "0.025", "price_impact": "0.001"}
QUOTES = [{**QUOTE, "venue": venue, "quoted_at": "2026-01-01T00:00Z"} for venue in ("A1", "B1")]
ATTEMPT = {"attempt": 1, "venue": "A1"}
ROUTED: Document = {**ATTEMPT, "type": "OrderRouted", "min_amount_out": "1486", "quotes": QUOTES}
PAID = {"executed_price": PRICE, "amount_in": AMOUNT, "amount_out": "1501.23456789"}
FILL = {"tx_hash": "5" * 88, "slot": 7, "fee": "0.025", **PAID}
FAR = 10_000
SHORT = {"code": "PRICE_NOT_REACHED", "message": "A1 offers less"}
RESTED: Document = {"type": "OrderRested", "rests": 1}
FELL_SHORT: Document = {"type": "OrderRested", "rests": 2, "reason": SHORT, "delay": "PT1S"}
EXECUTED: Document = {"type": "OrderExecuted", **ATTEMPT, "fill": FILL}


def executed(count: int) -> Iterator[AnyOrderEvent]:
    """Yield events of orders that were executed, those of a thousand of them interleaved."""
    for _ in range(0, count, 3_000):
        lives = [list(life_of(str(uuid.uuid4()))) for _ in range(1_000)]
        for step in range(3):
            yield from (life[step] for life in lives)


def life_of(order_id: str) -> Iterator[AnyOrderEvent]:
    """Yield the events of one order that is executed at its first attempt."""
    routed = {**ROUTED, "execution_id": f"{order_id}:1"}
    yield from _events(order_id, 1, PLACED, routed, EXECUTED)


def placements(count: int) -> Iterator[OrderPlaced]:
    """Yield so many placements of orders of their own, each in time for 2 minutes."""
    for _ in range(count):
        placed = _placed(next(life_of(str(uuid.uuid4()))))
        yield replace(placed, not_after=placed.occurred_at + timedelta(minutes=2))


def waiting(count: int) -> Iterator[AnyOrderEvent]:
    """Yield placements of limit orders far from any price, each with one of its own."""
    for number, placed in enumerate(placements(count)):
        yield with_terms(placed, order_type="limit", target_price=FAR + number, amount=1)


def fell_short(count: int, target: int) -> Iterator[AnyOrderEvent]:
    """Yield the events of limit orders that fired at their target, fell short and rest again."""
    for placed in placements(count):
        yield with_terms(placed, order_type="limit", target_price=target, amount=1)
        tick = {"pair": "SOL/USDC", "price": target, "at": placed.occurred_at}
        fired: Document = {"type": "OrderTriggered", "tick": tick}
        yield from _events(placed.order_id, 2, RESTED, fired, FELL_SHORT)


def with_terms(placed: AnyOrderEvent, **changes: object) -> AnyOrderEvent:
    """Return the placement with other terms."""
    terms = {"token_in": "SOL", "token_out": "USDC", "slippage": "0.01", **changes}
    return replace(_placed(placed), terms=_TERMS.validate_python(terms))


def _placed(event: AnyOrderEvent) -> OrderPlaced:
    if not isinstance(event, OrderPlaced):
        raise TypeError(event.type)
    return event


async def append(kafka: str, topic: str, partitions: int, events: Iterable[AnyOrderEvent]) -> None:
    """Append events to a log."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=5) as producer:
        for event in events:
            partition = partition_of(event.order_id, partitions)
            await producer.send(topic, encode(event), event.order_id.encode(), partition)
        await producer.flush()


def _events(order_id: str, version: int, *events: Document) -> Iterator[AnyOrderEvent]:
    common = {"order_id": order_id, "correlation_id": order_id, "actor": "bench"}
    common["occurred_at"] = datetime.now(UTC).isoformat()
    for place, event in enumerate(events, version):
        named = {"event_id": uuid.uuid4().hex, "version": place}
        yield EVENT.validate_python({**event, **common, **named})
