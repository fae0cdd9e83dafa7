"""What a dead letter carries."""

import pytest

from orders.admission import Flaw, NotAdmitted, Record
from projections.dead_letters import letter
from tests.support.builders import T0

VERDICT = NotAdmitted(Flaw.WRONG_KEY, "the key is not the order id")


def letter_of(key, value, verdict=VERDICT):
    return letter("orders.events", Record(3, 17, key, value, T0), verdict)


@pytest.mark.parametrize(("key", "value"), [(b"k", b"v"), (b"k", None), (None, b"v"), (b"", b"")])
def test_it_is_the_record_as_received_with_its_place_and_the_reason(key, value):
    assert letter_of(key, value) == (
        key,
        value,
        [
            ("topic", b"orders.events"),
            ("partition", b"3"),
            ("offset", b"17"),
            ("reason", b"WRONG_KEY"),
            ("message", b"the key is not the order id"),
        ],
    )


def test_a_record_of_nothing_becomes_one_that_can_be_sent():
    assert letter_of(None, None)[:2] == (None, b"")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"k", b"v" * 2_000_000),
        (b"k" * 2_000_000, b"v" * 2_000_000),
        (b"k" * 2_000_000, None),
        (None, b"v" * 1_000_001),
    ],
)
def test_a_record_too_long_to_be_sent_again_is_cut_and_says_so(key, value):
    cut_key, cut_value, headers = letter_of(key, value)
    assert len(cut_key or b"") + len(cut_value or b"") <= 1_000_000
    assert (cut_key is None, cut_value is None) == (key is None, value is None)
    size = len(key or b"") + len(value or b"")
    assert dict(headers)["cut_from_bytes"] == str(size).encode()


def test_a_message_without_end_is_cut():
    headers = dict(letter_of(b"k", b"v", NotAdmitted(Flaw.NOT_AN_EVENT, "x" * 100_000))[2])
    assert len(headers["message"]) == 500
