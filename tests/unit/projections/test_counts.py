"""How many orders there are, counted by what changes."""

import pytest

from orders.fold import replay
from projections.counts import Counts
from projections.orders import order_row
from tests.support.builders import (
    executed,
    failed,
    limit,
    placed,
    rested,
    retry_scheduled,
    routed,
    triggered,
)

PLACED = (placed(user_id="ann"),)
ROUTED = (*PLACED, routed(2))


def row(*events):
    return order_row(replay(events), partition=0, placed_offset=0)


def changes(*moves):
    counts = Counts()
    for before, now in moves:
        if before is None:
            counts.add(now)
        else:
            counts.move(before, now.status)
    return {(scope, key): change for scope, key, change in counts.rows()}


def test_an_order_is_counted_when_its_row_appears():
    assert changes((None, row(*PLACED))) == {
        ("all", ""): 1,
        ("user", "ann"): 1,
        ("status", "pending"): 1,
        ("unfinished", ""): 1,
    }


def test_an_order_of_nobody_counts_for_no_user():
    assert ("user", "ann") not in changes((None, row(placed())))


@pytest.mark.parametrize(("end", "status"), [(executed(3), "completed"), (failed(3), "failed")])
def test_an_order_that_ends_leaves_the_unfinished(end, status):
    assert changes(("executing", row(*ROUTED, end))) == {
        ("status", "executing"): -1,
        ("status", status): 1,
        ("unfinished", ""): -1,
    }


def test_an_order_that_is_placed_and_ends_in_one_batch_was_never_unfinished():
    told = changes((None, row(*ROUTED, executed(3))))
    assert told == {("all", ""): 1, ("user", "ann"): 1, ("status", "completed"): 1}


def test_what_leaves_the_status_as_it_is_changes_no_count():
    assert changes(("executing", row(*ROUTED, retry_scheduled(3)))) == {}


def test_moves_that_cancel_each_other_leave_nothing():
    there, back = ("pending", row(*ROUTED)), ("executing", row(*PLACED))
    assert changes(there, back) == {}


def test_an_order_at_rest_is_open_and_no_work_that_waits():
    begun = placed(terms=limit())
    assert changes(("pending", row(begun, rested(2)))) == {
        ("status", "pending"): -1,
        ("status", "open"): 1,
        ("unfinished", ""): -1,
    }
    assert changes(("open", row(begun, rested(2), triggered(3)))) == {
        ("status", "open"): -1,
        ("status", "executing"): 1,
        ("unfinished", ""): 1,
    }


def test_a_quarantined_order_is_not_finished():
    assert changes(("executing", row(*ROUTED, executed(9)))) == {}
