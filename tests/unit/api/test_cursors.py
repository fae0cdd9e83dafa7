"""Cursors: places in a list, of no use in another one."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import cursor
from api.list_filters import wanted_of
from api.selection import Place, Wanted
from tests.support.builders import ORDER_ID, T0, placed, seconds


def id_of(number):
    return f"00000000-0000-7000-8000-{number:012d}"


@pytest.fixture
def some(api):
    """Let four orders be there, one with all that a list can ask for."""
    api.log.write(
        placed(order_id=id_of(0), user_id="alice", client_order_id="a", tags=("a",)),
        *(placed(order_id=id_of(number), occurred_at=seconds(number)) for number in (1, 2, 3)),
    )
    api.read_model.project()


@pytest.mark.parametrize(
    "other",
    [
        "sort=createdAt",
        "status=pending",
        "userId=alice",
        "tag=a",
        "type=market",
        "pair=SOL/USDC",
        "venue=RAYDIUM",
        "clientOrderId=a",
        "createdTo=2026-02-01T00:00:00Z",
        "createdFrom=2026-01-01T00:00:00Z",
    ],
)
async def test_a_cursor_is_of_no_use_in_another_list(api, some, other):
    cursors = {}
    for query in ("", other):
        answer = await api.http.get(f"/api/orders?limit=1&{query}")
        cursors[query] = answer.json()["nextCursor"]
    for query, foreign in (("", cursors[other]), (other, cursors[""])):
        if foreign is not None:
            answer = await api.http.get(f"/api/orders?{query}&cursor={foreign}")
            assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_CURSOR")
    own = await api.http.get(f"/api/orders?cursor={cursors['']}&limit=400")
    assert own.status_code == 200


async def test_a_cursor_is_of_use_however_its_list_is_written(api, some):
    first = await api.http.get(
        "/api/orders?limit=1&status=failed,pending&createdTo=2027-01-01T00:00Z"
    )
    same = "status=pending,failed&createdTo=2027-01-01T01:00%2B01:00&sort=-createdAt"
    page = await api.http.get(f"/api/orders?{same}&cursor={first.json()['nextCursor']}")
    assert [order["id"] for order in page.json()["orders"]] == [id_of(n) for n in (2, 1, 0)]


@pytest.mark.parametrize("micros", [0, 1, -1, 999_999_999_999])
def test_a_cursor_keeps_the_microsecond(micros):
    place = Place(T0 + timedelta(microseconds=micros), ORDER_ID)
    assert cursor.decode(cursor.encode(place, Wanted()), Wanted()) == place


def test_a_cursor_leads_nowhere_beyond_the_times_of_its_list():
    wanted = Wanted(created_from=seconds(1), created_to=seconds(2))
    places = [Place(seconds(number), ORDER_ID) for number in range(4)]
    found = [cursor.decode(cursor.encode(place, wanted), wanted) for place in places]
    assert found == [None, *places[1:3], None]


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from([-840, 0, 839]))
def test_any_moment_can_be_an_end_of_a_list(moment, minutes):
    zone = timezone(timedelta(minutes=minutes))
    text = moment.replace(tzinfo=zone).isoformat()
    wanted = wanted_of({"createdFrom": text, "createdTo": text})
    assert wanted.created_from == wanted.created_to == datetime.fromisoformat(text)
    place = Place(T0, ORDER_ID)
    assert cursor.decode(cursor.encode(place, wanted), wanted) in {None, place}


@pytest.mark.parametrize("more", ["\0", "\n", " ", "!", "=", "\u0661"])
def test_a_cursor_is_no_cursor_with_more_in_it(more):
    text = cursor.encode(Place(T0, ORDER_ID), Wanted())
    assert cursor.decode(text + more, Wanted()) is None
    assert cursor.decode(text[:8] + more + text[8:], Wanted()) is None


@given(st.text())
def test_no_text_is_a_cursor_but_those_that_were_written(text):
    assert cursor.decode(text, Wanted()) is None
