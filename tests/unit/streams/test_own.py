"""What was appended here is known by its bytes when it comes back, and is decoded nowhere else."""

import pytest

from orders.errors import NotAnEvent
from orders.wire import encode
from streams import own
from streams.own import OwnEvents
from tests.support.builders import executed, placed, routed


def test_an_event_of_ours_comes_back_as_it_went():
    events, event = OwnEvents(), routed(2)
    events.encoded(event, encode(event))
    assert events.decode(encode(event)) is event


def test_one_that_was_appended_twice_is_read_twice():
    events, event = OwnEvents(), routed(2)
    events.encoded(event, encode(event))
    assert [events.decode(encode(event)) for _ in range(2)] == [event, event]


def test_what_others_appended_is_decoded():
    events = OwnEvents()
    assert events.decode(encode(placed())) == placed()
    with pytest.raises(NotAnEvent):
        events.decode(b"{}")


def test_events_that_never_come_back_are_forgotten(monkeypatch):
    monkeypatch.setattr(own, "_MOST", 1)
    events, lost = OwnEvents(), routed(2)
    events.encoded(lost, encode(lost))
    events.encoded(executed(3), encode(executed(3)))
    found = events.decode(encode(lost))
    assert found == lost
    assert found is not lost
