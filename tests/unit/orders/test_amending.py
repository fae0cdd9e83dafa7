"""A wish for other terms is answered once, whatever races the answers run."""

from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.fold import evolve, replay
from orders.requests import Cancel
from orders.state import Resting
from tests.support.builders import amended, limit, placed, rejected, rested, wish

OTHER = limit(151)
ASKED = (placed(terms=limit()), rested(2), wish(OrderAmendRequested, seen_version=2, terms=OTHER))


def test_an_amendment_changes_the_terms_and_answers_the_wish():
    order = replay([*ASKED, amended(3, OTHER)])
    assert isinstance(order, Resting)
    assert (order.version, order.wishes, order.placement.terms) == (3, (), OTHER)


def test_an_amendment_leaves_the_wish_to_end_that_came_before():
    begun, at_rest, asked = ASKED
    end = wish(OrderCancelRequested, "end")
    order = replay([begun, at_rest, end, asked, amended(3, OTHER)])
    assert (order.placement.terms, order.wishes) == (OTHER, (Cancel(wish_id="end"),))


def test_an_amendment_after_its_wish_was_rejected_changes_nothing():
    order = replay([*ASKED, rejected()])
    assert evolve(order, amended(3, OTHER)) is order


def test_a_rejection_after_its_wish_was_met_changes_nothing():
    order = replay([*ASKED, amended(3, OTHER)])
    assert evolve(order, rejected()) is order
