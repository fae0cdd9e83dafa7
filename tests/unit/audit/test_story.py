"""The stories against the engine's own fold: two codes, one meaning, whatever the log says."""

import json
from copy import copy
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from audit.admission import judge
from audit.chapter import Chapter
from audit.findings import Figures, Findings
from audit.judgement import Liveness
from audit.lines import Line, as_json, as_text
from audit.log import Record
from audit.parquet import arrays_of
from audit.rows import NO_STATE, ORDER_COLUMNS, differences, order_row, state_of
from audit.sinks import row_of
from audit.story import Story
from audit.turns import Moment
from orders import wire
from orders.admission import admit
from orders.events import OrderAmendRejected, OrderAmendRequested, OrderCancelRequested
from orders.fold import evolve
from orders.state import UNPLACED, Open
from projections.batch import Reading, project
from projections.orders import order_row as engine_row
from tests.integration.projections import histories
from tests.support import falsified
from tests.support.builders import (
    LIQUIDITY,
    METEORA,
    RAYDIUM,
    T0,
    TICK,
    amended,
    cancelled,
    executed,
    expired,
    failed,
    limit,
    placed,
    reason,
    rested,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
    sniper,
    terms,
    triggered,
    wish,
)

MOMENT = Moment(T0, timedelta(seconds=60))


def told_by(records):
    """Return the chapters of a log and the rows of `order_events` that they call for."""
    findings, figures = Findings(), Figures()
    places = [(number, histories.PARTITIONS) for number in range(4)]
    chapters = [Chapter(place, MOMENT, findings, figures) for place in places]
    rows = [
        row
        for record in records
        for row in chapters[record.partition].tell([Record(*_fields(record))])
    ]
    return chapters, rows, findings


def _fields(record):
    return record.partition, record.offset, record.key, record.value, record.appended_at


@settings(max_examples=100, deadline=None)
@given(histories.logs())
def test_whatever_the_log_says_the_stories_tell_what_the_fold_tells(records):
    wanted_orders, wanted_events = histories.expected(records)
    chapters, rows, _ = told_by(records)
    told = [(row.partition, row.offset, row.superseded) for row in rows]
    assert told == [event[1:] for event in wanted_events]
    stories = {id_: story for chapter in chapters for id_, story in chapter.stories.items()}
    assert stories.keys() == wanted_orders.keys()
    columns = [name for name in ORDER_COLUMNS if name in next(iter(wanted_orders.values()), {})]
    for order_id, row in wanted_orders.items():
        partition = row["partition"]
        expected = order_row(stories[order_id], partition)
        assert not [*differences(expected, columns, [row[name] for name in columns])]
        assert_state_tells(row["state"], state_of(stories[order_id]))


@settings(max_examples=150, deadline=None)
@given(falsified.stories())
def test_whatever_was_falsified_the_audit_tells_what_the_projector_writes(records):
    partitions = falsified.PARTITIONS
    records = [record for record in records if not record.marker]
    readings = [Reading(record, admit(record, partitions)) for record in records]
    batch = project(readings, {}, count(1))
    findings, figures = Findings(), Figures()
    places = [(number, partitions) for number in range(partitions)]
    chapters = [Chapter(place, MOMENT, findings, figures) for place in places]
    liveness = Liveness(MOMENT, frozenset(), findings, figures)
    rows = [row for one in records for row in chapters[one.partition].tell([mine(one)])]
    written = [(row.partition, row.offset, *row[3:]) for row in batch.events]
    assert [(row.partition, row.offset, *row[2:]) for row in rows] == written
    stories = {id_: story for chapter in chapters for id_, story in chapter.stories.items()}
    assert stories.keys() == {row.order_id for row in batch.new}
    for row in batch.new:
        story = stories[row.order_id]
        shown = [getattr(row, name) for name in ORDER_COLUMNS]
        assert not [*differences(order_row(story, row.partition), ORDER_COLUMNS, shown)]
        assert_state_tells(row.state, state_of(story))
        liveness.judge(story, alarmed=row.quarantined, turns=chapters[row.partition].turns)
    assert sorted(figures.quarantined) == sorted(set(figures.quarantined))


@settings(max_examples=100, deadline=None)
@given(falsified.stories())
def test_whatever_was_falsified_can_be_told_and_exported(records):
    for record in map(mine, records):
        line = Line(record, *judge(record, falsified.PARTITIONS))
        assert json.loads(as_json(line))["offset"] == record.offset
        assert as_text(line)
        assert arrays_of([row_of(line)])


def mine(record):
    """Return a record as the auditor's own reader brings it."""
    return Record(*_fields(record))


def assert_state_tells(stored, state):
    if stored is None:
        assert state == NO_STATE
        return
    order: Open = wire.decode_order(stored)
    numbers = (order.version, order.attempts, order.routes, order.rests, len(order.wishes))
    assert state == (type(order).__name__.lower(), *map(str, numbers))


LIFE = (
    routed(2),
    retry_scheduled(3),
    retry_due(4, 2),
    retry_scheduled(5, 2),
    retry_due(6, 3),
    routed(7, 3, execution=2),
    executed(8, 3),
)


LIMIT = limit(expires_at=seconds(9))
OTHER = limit(target_price="150")
AMEND = wish(OrderAmendRequested, "amend", seen_version=2, terms=OTHER)
CANCEL = wish(OrderCancelRequested, "cancel")
LIMIT_LIFE = (
    *(rested(2), AMEND, amended(3, OTHER, causation_id="amend"), triggered(4), rested(5, 2)),
    *(triggered(6), routed(7), CANCEL, rested(8, 3), cancelled(9, causation_id="cancel")),
)
SNIPER_LIFE = (rested(2), triggered(3, LIQUIDITY), CANCEL, routed(4), executed(5))
CROWD = tuple(wish(OrderAmendRequested, f"a-{n}", seen_version=2, terms=OTHER) for n in range(7))
CROWDED_LIFE = (
    *(rested(2), *CROWD, AMEND, wish(OrderAmendRequested, "no room", seen_version=2, terms=OTHER)),
    *(
        amended(3, OTHER, causation_id="a-0"),
        wish(OrderAmendRequested, "b", seen_version=3, terms=LIMIT),
    ),
    wish(OrderAmendRejected, "no", causation_id="no room", reason=reason("TOO_MANY_WISHES")),
)
LIVES = {
    "market": (terms(), LIFE),
    "limit": (LIMIT, LIMIT_LIFE),
    "crowded": (LIMIT, CROWDED_LIFE),
    "sniper": (sniper(expires_at=seconds(9)), SNIPER_LIFE),
}


def any_event(version):
    """Return every kind of event that could come with a version, about any of three attempts."""
    return [*_of_attempts(version), *_at_rest(version)]


def _at_rest(version):
    return [
        *(rested(version, n) for n in range(1, 5)),
        *(triggered(version, seen) for seen in (TICK, LIQUIDITY)),
        *(amended(version, new, causation_id="amend") for new in (OTHER, sniper())),
        *(cancelled(version, n, causation_id="cancel") for n in range(3)),
        *(expired(version, n) for n in range(2)),
        *(cancelled(version, 0), CANCEL, wish(OrderCancelRequested, "again"), AMEND),
        wish(OrderAmendRejected, "no", causation_id="amend", reason=reason("NOT_RESTING")),
    ]


def _of_attempts(version):
    numbers = range(1, 4)
    return [
        event
        for n in numbers
        for event in (
            *(routed(version, n, execution=e) for e in (1, 2)),
            *(executed(version, n, venue=venue) for venue in (RAYDIUM, METEORA)),
            *(retry_scheduled(version, n), retry_due(version, n), failed(version, n)),
        )
    ]


@pytest.mark.parametrize(
    ("kind", "steps"),
    [(kind, n) for kind, (_, life) in LIVES.items() for n in range(len(life) + 1)],
)
def test_whatever_comes_at_any_moment_of_a_life_means_the_same_to_both(kind, steps):
    wanted, life = LIVES[kind]
    begun, order, told = placed(terms=wanted), UNPLACED, None
    for event in (begun, *life[:steps]):
        order, told = both(order, told, event)
    begun_again = set()
    for version in (order.version, order.version + 1, order.version + 2):
        for event in any_event(version):
            once = both(order, copy(told), event)
            # What is alike in everything goes on alike: many events leave the same behind.
            if (left := everything(*once)) in begun_again:
                continue
            begun_again.add(left)
            for after in any_event(once[0].version + 1):
                both(once[0], copy(once[1]), after)


def everything(order, told):
    """Return all that the fold and the story hold of an order."""
    return repr(order), repr([getattr(told, name) for name in Story.__slots__])


def both(order, told, event):
    """Let fold and story hear one event; fail unless they agree on all that the tables show."""
    if told is not None:
        event = replace(event, occurred_at=told.updated_at + timedelta(seconds=1))
    after = evolve(order, event)
    if told is None:
        told = Story(event, 0, event.occurred_at)
    else:
        lost = after is order and event.version is not None
        assert told.hear(event, event.occurred_at) == lost, event
    row = engine_row(after, 0, 0)._asdict()
    shown = [row[name] for name in ORDER_COLUMNS]
    assert not [*differences(order_row(told, 0), ORDER_COLUMNS, shown)], event
    assert_state_tells(row["state"], state_of(told))
    return after, told
