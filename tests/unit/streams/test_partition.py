"""A partition folds each record once and reacts to what it means."""

from datetime import datetime, timedelta, timezone

import pytest

from orders.admission import Record, marker
from orders.topics import partition_of
from streams.partition import LogHasHole
from streams.snapshot import Snapshot
from streams.waits import OVERDUE
from tests.support.builders import (
    ORDER_ID,
    T0,
    executed,
    placed,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
)
from tests.unit.streams.conftest import PARTITIONS, Bench


def test_each_new_state_is_reacted_to(live):
    live.read(placed(), routed(2))
    assert live.reactions.started == [("Pending", 1), ("Routed", 2)]


def test_a_record_that_comes_again_changes_nothing(live):
    live.read(placed(), routed(2))
    live.read(placed(), routed(2))
    assert live.partition.next_offset == 2
    assert len(live.reactions.started) == 2


def test_an_order_that_ends_is_dropped_and_its_slot_given_on(live):
    live.read(placed(), routed(2), executed(3))
    assert live.partition.open_orders == {}
    assert live.reactions.released == [ORDER_ID]


def test_a_placement_repeated_after_the_end_does_not_start_again(live):
    live.read(placed(), routed(2), executed(3), placed())
    assert live.partition.open_orders == {}
    assert live.reactions.started == [("Pending", 1), ("Routed", 2)]


def test_a_placement_repeated_in_time_but_read_late_does_not_start_again(live):
    live.read(placed(), routed(2), executed(3))
    live.seconds = 3600
    live.read(placed(), first=3)
    assert live.partition.open_orders == {}
    assert len(live.reactions.started) == 2


def test_an_ended_order_is_forgotten_when_its_placement_can_no_longer_be_repeated(live):
    other = "0d5e9c1a-0000-4000-8000-000000000002"
    live.read(placed(), routed(2), executed(3))
    later = [
        placed(order_id=other, not_after=seconds(100)),
        routed(2, order_id=other, execution_id=f"{other}:1"),
        executed(3, order_id=other),
    ]
    for offset, event in enumerate(later, start=3):
        live.partition.read(live.record(offset, event, at=seconds(60)))
    assert ORDER_ID not in live.partition._ended
    assert other in live.partition._ended


def test_a_record_that_is_not_admitted_only_moves_the_offset(live):
    poison = Record(0, 0, b"key", b"poison", T0)
    assert live.partition.read(poison)
    assert live.partition.next_offset == 1
    assert live.reactions.started == []


def test_while_deaf_records_are_passed_over_and_known_to_be_missing(deaf):
    deaf.read(placed(), routed(2))
    assert deaf.partition.next_offset == 0
    assert not deaf.partition.has_caught_up


def test_recovery_folds_without_reacting_then_reacts_once(deaf):
    for offset, event in enumerate([placed(), routed(2)]):
        deaf.partition.fold(deaf.record(offset, event))
    assert deaf.reactions.started == []
    deaf.partition.go_live()
    deaf.partition.go_live()
    assert deaf.reactions.started == [("Routed", 2)]


def test_after_a_long_stop_what_recovery_reads_looks_as_old_as_it_is():
    started = Bench()
    started.partition.restore(Snapshot(seconds(3600)))
    for offset, event in enumerate([placed(), routed(2)]):
        started.partition.fold(started.record(offset, event))
    started.partition.go_live()
    assert started.clock() == seconds(3600)


def test_a_worker_whose_clock_is_ahead_takes_over_what_is_fresh():
    taken_over = Bench(local=seconds(300))
    taken_over.partition.restore(Snapshot(seconds(1)))
    taken_over.partition.fold(taken_over.record(0, placed()))
    taken_over.partition.go_live()
    assert taken_over.clock() == seconds(1)


def test_a_partition_goes_on_from_what_the_projection_holds(live):
    live.read(placed(), routed(2))
    taken_over = Bench()
    taken_over.partition.restore(Snapshot(T0, 2, dict(live.partition.open_orders), {}))
    taken_over.partition.go_live()
    taken_over.read(executed(3), first=2)
    assert taken_over.reactions.started == [("Routed", 2)]
    assert taken_over.partition.open_orders == {}


def test_a_hole_makes_the_partition_deaf_until_it_is_filled(live):
    assert live.read(placed()) == [True]
    assert live.read(executed(3), first=2) == [False]
    assert not live.partition.live
    for offset, event in ((1, routed(2)), (2, executed(3))):
        live.partition.fold(live.record(offset, event))
    assert live.partition.has_caught_up
    assert live.partition.open_orders == {}


def test_a_marker_of_the_broker_only_moves_the_offset(live):
    number = partition_of(ORDER_ID, PARTITIONS)
    live.read(placed())
    assert live.partition.read(marker(number, 1))
    live.read(routed(2), first=2)
    assert live.partition.next_offset == 3
    assert live.reactions.started == [("Pending", 1), ("Routed", 2)]


def test_a_hole_in_the_log_itself_is_an_error(deaf):
    with pytest.raises(LogHasHole):
        deaf.partition.fold(deaf.record(5, placed()))


def test_a_lost_race_is_decided_again_on_what_won(live):
    live.read(placed(), routed(2), routed(2, actor="streams", event_id="mine"))
    assert live.reactions.started == [("Pending", 1), ("Routed", 2), ("Routed", 2)]


def test_a_lost_race_changes_nothing_while_the_order_is_worked_on(live):
    live.reactions.busy = True
    live.read(placed(), routed(2), routed(2, actor="streams", event_id="mine"))
    assert live.reactions.started == [("Pending", 1), ("Routed", 2)]


def test_a_wait_frees_the_slot_and_goes_to_its_delay(live):
    live.read(placed(), routed(2), retry_scheduled(3))
    assert live.reactions.released == [ORDER_ID]
    assert live.reactions.started[-1] == ("Waiting", 3)


def test_a_second_end_of_a_wait_changes_nothing(live):
    live.read(placed(), routed(2), retry_scheduled(3), retry_due(4, 2), retry_due(4, 2))
    assert live.reactions.started[-1] == ("Pending", 4)


def test_an_order_the_delay_lost_is_put_on_it_again_once_in_a_while(live):
    live.read(placed(), routed(2), retry_scheduled(3))
    live.partition.put_overdue_on_delay()
    assert len(live.reactions.started) == 3
    live.seconds = (timedelta(seconds=2) + OVERDUE).total_seconds() + 1
    live.partition.put_overdue_on_delay()
    live.partition.put_overdue_on_delay()
    assert live.reactions.started[3:] == [("Waiting", 3)]


@pytest.mark.parametrize("delay", [timedelta.max, timedelta.min])
def test_a_wait_of_any_length_can_be_looked_after(live, delay):
    live.read(placed(), routed(2), retry_scheduled(3, delay=delay))
    live.seconds = 3600
    live.partition.put_overdue_on_delay()
    again = [("Waiting", 3)] if delay == timedelta.min else []
    assert live.reactions.started[3:] == again


@pytest.mark.parametrize("east", [14, -14])
def test_a_placement_that_is_never_too_late_can_be_remembered(live, east):
    for_ever = datetime.max.replace(tzinfo=timezone(timedelta(hours=east)))
    live.read(placed(not_after=for_ever), routed(2), executed(3))
    live.read(placed(not_after=for_ever), first=3)
    assert live.partition.open_orders == {}


def test_an_impossible_event_quarantines_its_order_with_an_alarm(live, caplog):
    live.read(placed(), executed(2))
    assert "order quarantined" in caplog.text
    assert live.reactions.started == [("Pending", 1)]
    assert live.reactions.released == [ORDER_ID]


def test_what_a_quarantined_order_had_sent_is_worked_on(live):
    live.read(placed(), routed(2), routed(3))
    assert live.reactions.started[-1] == ("Quarantined", 3)


async def test_a_partition_that_leaves_stops_its_reactions(live):
    live.read(placed())
    await live.partition.leave()
    assert live.reactions.cancelled == [ORDER_ID]
    assert not live.partition.live
