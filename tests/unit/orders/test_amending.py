"""A wish for other terms is answered once, whatever races the answers run."""

from orders.events import OrderAmendRequested
from orders.fold import evolve, replay
from orders.state import Resting
from tests.support.builders import wish
from tests.support.resting import amended, limit, placed_limit, rejected, rested

ASKED = (placed_limit(), rested(2), wish(OrderAmendRequested, seen_version=2, terms=limit(151)))


def test_an_amendment_changes_the_terms_and_answers_the_wish():
    order = replay([*ASKED, amended(3)])
    assert isinstance(order, Resting)
    assert (order.version, order.wishes, order.placement.terms) == (3, (), limit(151))


def test_an_amendment_after_its_wish_was_rejected_changes_nothing():
    order = replay([*ASKED, rejected()])
    assert evolve(order, amended(3)) is order


def test_a_rejection_after_its_wish_was_met_changes_nothing():
    order = replay([*ASKED, amended(3)])
    assert evolve(order, rejected()) is order
