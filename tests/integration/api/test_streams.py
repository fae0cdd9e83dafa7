"""The feed over HTTP, from the real tables of a real projector."""

import asyncio
import json
import uuid
from collections import defaultdict

import httpx
import pytest
from msgspec.structs import replace

from api import streams
from tests.support.builders import executed, routed
from tests.support.log import eventually, placement

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

LINES = {"Accept": "application/x-ndjson"}
ORDERS = 40


def life(order_id, **changes):
    return (
        placement(order_id, **changes),
        routed(2, order_id=order_id, execution_id=f"{order_id}:1"),
        executed(3, order_id=order_id),
    )


async def lines(http, **query):
    answer = await http.get("/api/events", params=query, headers=LINES)
    return [json.loads(line) for line in answer.text.splitlines()] if answer.is_success else []


@pytest.fixture
async def ids(http, happens, projector):
    """Return the ids of orders that have ended, every second one of them ann's."""
    names = [str(uuid.uuid4()) for _ in range(ORDERS)]
    users = ("ann", None)
    await happens(*(e for n, name in enumerate(names) for e in life(name, user_id=users[n % 2])))

    async def read():
        return len(await lines(http)) == 3 * ORDERS

    await eventually(read)
    return names


async def test_it_tells_every_record_once_by_seq(http, ids):
    told = await lines(http)
    assert [line["seq"] for line in told] == list(range(1, 3 * ORDERS + 1))
    versions = defaultdict(list)
    for line in told:
        versions[line["orderId"]].append(line["version"])
    assert versions == {name: [1, 2, 3] for name in ids}


async def test_an_order_s_and_a_user_s_are_found_among_all(http, ids):
    assert [line["version"] for line in await lines(http, orderId=ids[7])] == [1, 2, 3]
    told = await lines(http, userId="ann")
    assert {line["orderId"] for line in told} == set(ids[::2])
    assert [line["seq"] for line in told] == sorted(line["seq"] for line in told)
    assert len(await lines(http, userId="ann", types="OrderExecuted")) == ORDERS // 2
    assert [line["version"] for line in await lines(http, orderId=ids[1], userId="ann")] == []


async def test_who_follows_hears_what_comes_and_resumes_where_it_broke_off(http, ids, happens):
    newest = str(uuid.uuid4())
    query = {"follow": "true", "fromSeq": 3 * ORDERS + 1}
    async with http.stream("GET", "/api/events", params=query) as answer:
        told = answer.aiter_lines()
        await happens(*life(newest))
        seen = [line async for line, _ in _until(told, 2) if line.startswith("id: ")]
    resumed = await http.get("/api/events", headers={"Last-Event-ID": seen[0].removeprefix("id: ")})
    assert f"id: {seen[1].removeprefix('id: ')}" in resumed.text
    assert resumed.text.count("id: ") == 2


PICKS: list[dict[str, str]] = [
    {},
    {"superseded": "true"},
    {"userId": "ann"},
    {"userId": "ann", "superseded": "true", "types": "OrderRouted,OrderExecuted"},
]


async def test_followers_are_told_what_the_tables_tell(monkeypatch, http, ids, happens):
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.2)
    names = [str(uuid.uuid4()) for _ in range(10)]
    last = 3 * ORDERS + 5 * len(names)

    async def follow(picked):
        told = []
        query = {**picked, "follow": "true"}
        async with http.stream("GET", "/api/events", params=query, headers=LINES) as answer:
            async for line in answer.aiter_lines():
                told.append(json.loads(line))
                if told[-1].get("headSeq") == last:
                    break
        return [one for one in told if "seq" in one]

    following = [asyncio.create_task(follow(picked)) for picked in PICKS for _ in range(5)]
    for number, name in enumerate(names):
        placed, moved, ended = life(name, user_id=("ann", "bob")[number % 2])
        loser = replace(moved, event_id=f"late {number}")
        unknown = routed(2, order_id=str(uuid.uuid4()))
        await happens(placed, moved, loser, unknown, ended)
    for number, told in enumerate(await asyncio.gather(*following)):
        assert told == await lines(http, **PICKS[number // 5])


async def _until(told, count):
    found = 0
    async for line in told:
        found += line.startswith("id: ")
        yield line, found
        if found == count:
            return


async def test_a_client_that_leaves_gives_its_place_back(serve, happens, projector):
    api = await serve(max_streams=1)
    async with httpx.AsyncClient(base_url=api.url, timeout=20) as http:

        async def streams():
            async with http.stream("GET", "/api/events", params={"follow": "true"}) as answer:
                return answer.status_code == 200

        for _ in range(3):
            await eventually(streams)
