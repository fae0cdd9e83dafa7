"""Puts events that were not admitted into the log again, where and as they should have stood."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import psycopg
from psycopg import AsyncConnection

from local.errors import EngineError
from local.letters import Letter, Original
from local.measures import ACTIVE_SCHEMA, TIMEOUT
from orders.admission import Flaw, NotAdmitted, Record, admit
from orders.errors import NewerSchema, NotAnEvent
from orders.events import AnyOrderEvent, OrderPlaced
from orders.fold import evolve
from orders.state import UNPLACED, Closed, Order, Quarantined, Unplaced
from orders.topics import partition_of
from orders.wire import decode, decode_order
from runtime.appender import Appender, NotAcknowledged, open_appender

APPEND_PATIENCE = timedelta(seconds=10)
REDRIVEN_FROM = "redriven_from"
"""The header of a redriven record: partition:offset of the one that was not admitted."""

_STATES = "select order_id, state::text from orders where order_id = any(%s)"

Known = Mapping[str, Order | None]
"""Orders as the tables hold them, None for one that has ended; absent: never placed."""


class Verdict(StrEnum):
    """What becomes of one dead letter."""

    REDRIVEN = "redriven"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """What redriving a letter comes to; `to` is where the event stands now, once it does."""

    letter: Letter
    verdict: Verdict
    why: str
    event: AnyOrderEvent | None = None
    value: bytes | None = None
    to: tuple[int, int] | None = None


def plan(found: Iterable[tuple[Letter, Original]], partitions: int, now: datetime) -> list[Step]:
    """Return what may be done about each letter, in the sequence in which it is to be done.

    An event may go into the log again when, put there now, it would be admitted.
    """
    steps = [_admitted(letter, original.value, partitions, now) for letter, original in found]
    return sorted(steps, key=lambda step: _turn(step.event))


def _turn(event: AnyOrderEvent | None) -> float:
    # A wish comes before its answer, whichever version that has.
    return 0 if event is None else event.version or 1.5


def foresee(steps: Iterable[Step], known: Known) -> list[Step]:
    """Return the steps without those that would change nothing, or would do harm.

    It is a look ahead and no more: what a reader finds superseded changes nothing in any case.
    """
    orders = dict(known)
    return [_foreseen(step, orders) for step in steps]


def _admitted(letter: Letter, value: bytes | None, partitions: int, now: datetime) -> Step:
    try:
        event = decode(value or b"")
        home, key = partition_of(event.order_id, partitions), event.order_id.encode()
        right = Record(home, 0, key, value, now)
        verdict = admit(right, partitions)
    except (NotAnEvent, NewerSchema) as error:
        return Step(letter, Verdict.REFUSED, f"it is no event, and cannot become one: {error}")
    if isinstance(verdict, NotAdmitted):
        why = verdict.message
        if isinstance(event, OrderPlaced) and verdict.flaw is Flaw.LATE_PLACEMENT:
            last = f"{event.not_after:%Y-%m-%d %H:%M:%S}"
            why = f"a placement not in the log by {last} UTC is void for ever: place a new order"
        return Step(letter, Verdict.REFUSED, why)
    return Step(letter, Verdict.REDRIVEN, "", verdict, value)


def _foreseen(step: Step, orders: dict[str, Order | None]) -> Step:
    event = step.event
    if event is None:
        return step
    before = orders.get(event.order_id, UNPLACED)
    if before is None or isinstance(before, Closed):
        return replace(step, verdict=Verdict.UNCHANGED, why="its order has ended")
    after = evolve(before, event)
    if isinstance(after, Unplaced):
        return replace(step, verdict=Verdict.REFUSED, why="its order was never placed")
    if after is before:
        why = f"version {event.version} of its order stands in the log already"
        why = why if event.version else "it would change nothing of its order"
        return replace(step, verdict=Verdict.UNCHANGED, why=why)
    if isinstance(after, Quarantined) and not isinstance(before, Quarantined):
        why = f"it would quarantine its order: {after.why}"
        return replace(step, verdict=Verdict.REFUSED, why=why)
    orders[event.order_id] = after
    return step


async def known_orders(url: str, steps: Iterable[Step]) -> Known | None:
    """Return the orders of these steps as the tables hold them, or None without the tables."""
    ids = sorted({step.event.order_id for step in steps if step.event})
    try:
        async with await AsyncConnection.connect(url, connect_timeout=TIMEOUT) as connection:
            await connection.execute(ACTIVE_SCHEMA)
            rows = await (await connection.execute(_STATES, (ids,))).fetchall()
        return {order_id: decode_order(state) if state else None for order_id, state in rows}
    except (psycopg.Error, NotAnEvent):
        return None


async def carry_out(steps: Iterable[Step], kafka: str, topic: str, partitions: int) -> list[Step]:
    """Append what is to be redriven, one after the other, and return what became of each step.

    Raises EngineError when Kafka does not acknowledge: what was redriven until then stands, and the
    same command again changes nothing about it.
    """
    async with open_appender(kafka, APPEND_PATIENCE) as appender:
        return [await _carried_out(step, appender, topic, partitions) for step in steps]


async def _carried_out(step: Step, appender: Appender, topic: str, partitions: int) -> Step:
    event = step.event
    if step.verdict is not Verdict.REDRIVEN or event is None:
        return step
    home, key = partition_of(event.order_id, partitions), event.order_id.encode()
    place = f"{step.letter.partition}:{step.letter.offset}"
    headers = [(REDRIVEN_FROM, place.encode())]
    try:
        stands = await appender.append(topic, home, key, step.value, headers)
    except NotAcknowledged as error:
        raise EngineError(f"Kafka did not acknowledge {place}: {error}") from error
    done = replace(step, to=(stands.partition, stands.offset))
    if isinstance(event, OrderPlaced) and stands.appended_at > event.not_after:
        return replace(done, verdict=Verdict.REFUSED, why="it came too late after all, and is void")
    return done
