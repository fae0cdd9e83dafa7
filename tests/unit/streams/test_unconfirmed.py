"""An order its client named starts once the projection has told that it is no repeat."""

from orders.fold import replay
from orders.state import Pending
from streams.snapshot import Snapshot
from tests.support.builders import ORDER_ID, T0, placed, retry_scheduled, routed

NAMED = placed(client_order_id="mine")


def test_an_order_its_client_named_waits_for_the_projection(live):
    live.read(NAMED)
    assert live.reactions.started == []
    assert live.partition.unconfirmed == {ORDER_ID: 0}
    live.partition.confirm(ORDER_ID, placed_offset=0)
    assert live.reactions.started == [("Pending", 1)]
    assert live.partition.unconfirmed == {}


def test_a_repeat_of_an_order_long_closed_is_forgotten(live):
    live.read(NAMED)
    live.partition.confirm(ORDER_ID, placed_offset=-7)
    assert live.reactions.started == []
    assert live.partition.open_orders == {}


def test_what_a_zombie_adds_to_an_unconfirmed_order_starts_nothing(live):
    live.read(NAMED, routed(2), retry_scheduled(3))
    live.seconds = 1_000
    live.partition.put_overdue_on_delay()
    assert live.reactions.started == []
    live.partition.confirm(ORDER_ID, placed_offset=0)
    assert live.reactions.started == [("Waiting", 3)]


def test_an_order_confirmed_while_deaf_starts_when_the_partition_is_live(deaf):
    deaf.partition.fold(deaf.record(0, NAMED))
    deaf.partition.confirm(ORDER_ID, placed_offset=0)
    assert deaf.reactions.started == []
    deaf.partition.go_live()
    assert deaf.reactions.started == [("Pending", 1)]


def test_a_partition_that_goes_live_starts_nothing_unconfirmed(deaf):
    deaf.partition.fold(deaf.record(0, NAMED))
    deaf.partition.go_live()
    assert deaf.reactions.started == []


def test_what_the_projection_holds_is_confirmed(deaf):
    order = replay([NAMED])
    assert isinstance(order, Pending)
    deaf.partition.restore(Snapshot(T0, next_offset=1, open={ORDER_ID: order}))
    deaf.partition.go_live()
    assert deaf.reactions.started == [("Pending", 1)]


def test_a_repeat_of_an_open_order_changes_nothing(live):
    live.read(placed(), placed(client_order_id="mine"))
    assert live.partition.unconfirmed == {}


def test_an_impossible_placement_does_not_hide_the_order_its_client_named(live):
    live.read(NAMED)
    live.partition.confirm(ORDER_ID, placed_offset=0)
    live.read(routed(2), placed(version=3, client_order_id="mine"), first=1)
    assert live.partition.unconfirmed == {}
    assert live.reactions.started[-1] == ("Quarantined", 3)
