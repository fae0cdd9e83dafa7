"""msgspec reads no damaged event that pydantic would not read, and reads others as the same.

The corners in which they differ are named in decision 14.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from orders.errors import NotAnEvent
from orders.events import AnyOrderEvent
from orders.wire import decode
from tests.support.golden import written_now

PATIENT = TypeAdapter(AnyOrderEvent)
LINES = written_now()
DOCUMENTS = [json.loads(line) for line in LINES]
ODD = [
    *(None, True, 0, -1, 1, 2.0, 2**70, "", "0", "-1", "1.5", "NaN", "sNaN", "-Infinity", "1e400"),
    *("1000000000000001", "1" * 31, "A", "RAYDIUM\n", "raydium", "market", "limit", "GTC", "\x00"),
    *("2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-01-01T00:00:00+02:00", "2026-01-01"),
    *("a" * 65, "a" * 257, "é", "\u200b", "PT1M", "0d5e9c1a-0000-7000-8000-00000000000A"),
    *([], [None], ["glitch"] * 9, ["a"] * 11, ["\n"], {}, {"code": "NETWORK", "message": "m"}),
]


def places(value, path=()):
    """Yield where a document has members, from the root to the leaves."""
    if isinstance(value, dict | list):
        yield path
        for name, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*path, name))
    else:
        yield path


PLACES = [(number, path) for number, one in enumerate(DOCUMENTS) for path in places(one) if path]


def changed(document, path, value, *, how="replaced"):
    """Return a document with another member, with one more beside it, or without it."""
    copy = json.loads(json.dumps(document))
    at = copy
    for name in path[:-1]:
        at = at[name]
    if how == "replaced":
        at[path[-1]] = value
    elif how == "removed":
        del at[path[-1]]
    elif isinstance(at, dict):
        at["mood"] = value
    return copy


def first(kind):
    return next(one for one in DOCUMENTS if one["type"] == kind)


def written(document):
    """Return a document as the engine writes it: no space, no escape that is not needed."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def read_patiently(value):
    try:
        return PATIENT.validate_json(value)
    except ValidationError:
        return None


def read(value):
    try:
        return decode(value)
    except NotAnEvent:
        return None


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("OrderPlaced", ("terms", "token_in"), "é"),
        ("OrderPlaced", ("terms", "amount"), "0"),
        ("OrderPlaced", ("terms", "slippage"), "1.1"),
        ("OrderPlaced", ("terms", "target_price"), "1"),
        ("OrderPlaced", ("terms", "pool_provider"), "RAYDIUM"),
        ("OrderAmended", ("terms", "target_price"), "0"),
        ("OrderAmended", ("terms", "order_type"), "sniper"),
        ("OrderRouted", ("venue",), "raydium"),
        ("OrderRouted", ("min_amount_out",), "Infinity"),
        ("OrderRouted", ("quotes", 0, "fee"), "-1"),
        ("OrderRouted", ("quotes", 0, "price"), "sNaN"),
        ("OrderExecuted", ("venue",), "raydium"),
        ("OrderExecuted", ("fill", "amount_in"), "0"),
        ("OrderTriggered", ("tick", "price"), "0"),
    ],
)
def test_what_the_types_cannot_say_is_refused_by_both(kind, path, value):
    flawed = written(changed(first(kind), path, value))
    assert read(flawed) is None
    assert read_patiently(flawed) is None


@pytest.mark.parametrize(("name", "value"), [("pool_provider", "raydium"), ("min_liquidity", "-1")])
def test_a_sniper_s_pool_is_one_of_a_venue_and_holds_something(name, value):
    sniper = next(one for one in DOCUMENTS if one.get("terms", {}).get("order_type") == "sniper")
    assert read(written(changed(sniper, ("terms", name), value))) is None


@pytest.mark.parametrize(("name", "value"), [("pool", "raydium"), ("usd", "-1")])
def test_liquidity_is_in_a_pool_of_a_venue(name, value):
    fired = next(one for one in DOCUMENTS if one.get("liquidity"))
    assert read(written(changed(fired, ("liquidity", name), value))) is None


def test_a_venue_that_did_not_quote_has_a_name():
    routed = next(one for one in DOCUMENTS if one.get("failed_quotes"))
    assert read(written(changed(routed, ("failed_quotes", 0, "venue"), "raydium"))) is None


def test_what_only_pydantic_reads_is_read():
    document = first("OrderPlaced")
    assert read(written({**document, "version": "1"})) == read(written(document))


@given(
    st.sampled_from(PLACES),
    st.sampled_from(ODD),
    st.sampled_from(["replaced", "removed", "added"]),
)
def test_what_one_member_makes_no_event_is_refused_by_both(place, value, how):
    number, path = place
    document = changed(DOCUMENTS[number], path, value, how=how)
    if document.get("schema_version") == DOCUMENTS[number]["schema_version"]:
        value = written(document)
        assert read(value) == read_patiently(value)


@given(st.sampled_from(LINES), st.integers(0, 600), st.binary(min_size=0, max_size=2))
def test_damaged_bytes_are_refused_by_both(line, at, damage):
    value = line[:at] + damage + line[at + 1 :]
    event = read_patiently(value)
    if event is None or event.schema_version == DOCUMENTS[0]["schema_version"]:
        assert read(value) == event
