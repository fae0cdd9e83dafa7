"""What a run of records does to the tables, without tables."""

from itertools import count

import pytest

from orders.admission import Flaw, NotAdmitted, Record
from orders.fold import replay
from orders.wire import encode
from projections.batch import CLOSED, Hole, Known, Reading, after, project, unread
from projections.memory import Memory
from tests.support.builders import ORDER_ID, T0, executed, failed, placed, routed


def record(offset, partition=0, event=None):
    value = encode(event) if event else b"{}"
    return Record(partition, offset, ORDER_ID.encode(), value, T0)


def readings(*events):
    return [Reading(record(offset, event=event), event) for offset, event in enumerate(events)]


def test_records_read_before_are_passed_over():
    records = [record(4), record(5), record(6), record(0, partition=1)]
    assert unread(records, {0: 6, 1: 0}) == [record(6), record(0, partition=1)]


def test_a_record_that_comes_twice_in_a_run_counts_once():
    assert unread([record(6), record(6), record(7)], {0: 6}) == [record(6), record(7)]


def test_a_hole_in_the_log_stops_the_reader():
    with pytest.raises(Hole, match="partition 0 goes on at offset 8, the records from 7 on"):
        unread([record(6), record(8)], {0: 6})


def test_only_the_partitions_that_were_read_move():
    assert after([record(6), record(7)], {0: 6, 1: 3}) == {0: 8, 1: 3}


def test_every_admitted_record_is_numbered_without_a_gap():
    refused = Reading(record(9), NotAdmitted(Flaw.NOT_AN_EVENT, "no"))
    first, *rest = readings(placed(), routed(2), executed(3))
    batch = project([first, refused, *rest], {}, count(41))
    assert [event.seq for event in batch.events] == [41, 42, 43]
    assert [event.offset for event in batch.events] == [0, 1, 2]


def test_one_row_an_order_however_many_events_it_had():
    batch = project(readings(placed(), routed(2), executed(3)), {}, count(1))
    (row,) = batch.new
    assert (row.status, row.placed_offset) == ("completed", 0)


def test_what_changes_nothing_is_superseded_and_writes_no_row():
    known = {ORDER_ID: Known(replay([placed(), routed(2)]), placed_offset=5)}
    batch = project(readings(placed(), routed(2)), known, count(3))
    assert [event.superseded for event in batch.events] == [True, True]
    assert not batch.new
    assert not batch.changed


def test_a_closed_order_stays_closed():
    batch = project(readings(placed(), failed(2, attempts=1)), {ORDER_ID: CLOSED}, count(1))
    assert [event.superseded for event in batch.events] == [True, True]
    assert batch.touched == {ORDER_ID: CLOSED}


def test_what_is_remembered_of_an_order_tells_the_status_its_row_has():
    first = project(readings(placed(), placed()), {}, count(1))
    assert first.touched[ORDER_ID].status == "pending"
    again = project(readings(routed(2)), first.touched, count(3))
    assert again.touched[ORDER_ID].status == "executing"
    assert {(scope, key): n for scope, key, n in again.counts.rows()} == {
        ("status", "pending"): -1,
        ("status", "executing"): 1,
    }


def test_an_order_never_placed_has_history_and_no_row():
    batch = project(readings(routed(2)), {}, count(1))
    assert [event.superseded for event in batch.events] == [True]
    assert not batch.new
    assert not batch.changed


def test_the_placement_that_won_gives_the_offset():
    batch = project(readings(routed(2), placed(), placed(user_id="later")), {}, count(1))
    assert [(row.placed_offset, row.user_id) for row in batch.new] == [(1, None)]
    assert [event.superseded for event in batch.events] == [True, False, True]


def test_a_quarantine_is_told_once():
    first = project(readings(placed(), executed(4)), {}, count(1))
    assert [order.version for order in first.quarantined] == [1]
    again = project(readings(routed(2), routed(3)), first.touched, count(3))
    assert again.quarantined == []
    assert [event.superseded for event in again.events] == [False, False]


def test_memory_forgets_what_was_touched_longest_ago():
    memory = Memory(most=2)
    known = Known(replay([placed()]), 0)
    memory.keep({"a": known, "b": known})
    memory.keep({"a": known._replace(placed_offset=1)})
    memory.keep({"c": known})
    assert memory.recall(["a", "b", "c"]) == {"a": Known(known.order, 1), "c": known}


def test_of_a_closed_order_only_that_it_is_closed_is_remembered():
    batch = project(readings(placed(), routed(2), executed(3)), {}, count(1))
    assert batch.touched == {ORDER_ID: CLOSED}


def test_the_words_of_a_client_are_written_once_with_its_order():
    words = {"user_id": "ann", "client_order_id": "mine", "tags": ("one", "two", "one")}
    events = readings(placed(**words), routed(2), executed(3))
    first = project(events[:1], {}, count(1))
    assert first.labels == [
        ("tag", "one", T0, ORDER_ID),
        ("tag", "two", T0, ORDER_ID),
        ("client", "mine", T0, ORDER_ID),
    ]
    assert project(events, first.touched, count(2)).labels == []
