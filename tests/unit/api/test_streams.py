"""The feed as one long answer, read from any place."""

import asyncio
import json
from contextlib import ExitStack

import httpx
import pytest

from api import streams
from tests.support.api import in_memory, running_api, serving
from tests.support.bearers import JWT, bearing, token
from tests.support.builders import ORDER_ID, executed, placed, routed

OTHER_ID, THIRD_ID = (ORDER_ID.replace("0d5e", other) for other in ("1111", "2222"))
OTHER = {"order_id": OTHER_ID, "execution_id": f"{OTHER_ID}:1"}
LINES = {"Accept": "application/x-ndjson"}
EPOCH = "00000000-0000-4000-8000-00000000e001"


def happens(api, *events):
    api.log.write(*events)
    api.read_model.project()


def two_orders(api):
    happens(api, placed(user_id="ann"), routed(2), routed(2, event_id="late"), executed(3))
    happens(api, placed(order_id=OTHER_ID, user_id="bob"), routed(2, **OTHER))


async def lines(api, headers=LINES, **query):
    answer = await api.http.get("/api/events", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def seqs(api, **query):
    return [line["seq"] for line in await lines(api, **query)]


async def test_a_line_tells_a_record_as_it_stands_in_the_log(api):
    two_orders(api)
    first, *_ = await lines(api)
    assert (first["seq"], first["orderId"], first["type"]) == (1, ORDER_ID, "OrderPlaced")
    assert first["data"]["terms"]["amount"] == "10"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 4, 5, 6]),
        ({"superseded": "true"}, [1, 2, 3, 4, 5, 6]),
        ({"fromSeq": 0}, [1, 2, 4, 5, 6]),
        ({"fromSeq": 4}, [4, 5, 6]),
        ({"fromSeq": 2, "toSeq": 4}, [2, 4]),
        ({"toSeq": 0}, []),
        ({"fromSeq": 99}, []),
        ({"orderId": OTHER_ID.upper()}, [5, 6]),
        ({"userId": "ann"}, [1, 2, 4]),
        ({"userId": "nobody"}, []),
        ({"types": "OrderPlaced,OrderExecuted"}, [1, 4, 5]),
        ({"types": "OrderPlaced", "userId": "bob"}, [5]),
    ],
)
async def test_a_stretch_of_it_can_be_picked(api, query, expected):
    two_orders(api)
    assert await seqs(api, **query) == expected


async def test_server_sent_events_carry_where_to_resume(api):
    two_orders(api)
    answer = await api.http.get("/api/events", params={"toSeq": 2})
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, second, rest = answer.text.split("\n\n")
    assert first.startswith(f"id: {EPOCH}:1\ndata: ")
    assert second.startswith(f"id: {EPOCH}:2\ndata: ")
    assert rest == ""


async def test_a_client_resumes_after_the_last_event_it_saw(api):
    two_orders(api)
    told = await lines(api, headers={**LINES, "Last-Event-ID": f"{EPOCH}:4"}, fromSeq=1)
    assert [line["seq"] for line in told] == [5, 6]


async def test_a_client_of_another_numbering_is_told_to_start_over(api):
    two_orders(api)
    other = {"Last-Event-ID": f"{EPOCH[:-1]}9:4"}
    answer = await api.http.get("/api/events", headers=other)
    assert (answer.status_code, answer.json()["error"]) == (410, "EPOCH_CHANGED")


@pytest.mark.parametrize("headers", [LINES, {}])
async def test_every_answer_tells_its_numbering_which_a_client_can_insist_on(api, headers):
    two_orders(api)
    first = await api.http.get("/api/events", headers=headers)
    assert first.headers["x-feed-epoch"] == EPOCH
    for epoch, status in ((EPOCH, 200), (f"{EPOCH[:-1]}9", 410), ("", 410), ("\0" * 999, 410)):
        query = {"fromSeq": 3, "epoch": epoch}
        answer = await api.http.get("/api/events", params=query, headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"fromSeq": "x"}, "INVALID_SEQ"),
        ({"fromSeq": -1}, "INVALID_SEQ"),
        ({"toSeq": 2**63}, "INVALID_SEQ"),
        ({"orderId": "x"}, "ORDER_NOT_FOUND"),
        ({"userId": "\0"}, "INVALID_USER_ID"),
        ({"types": "OrderEaten"}, "INVALID_TYPES"),
        ({"follow": "perhaps"}, "INVALID_FLAG"),
        ({"superseded": ""}, "INVALID_FLAG"),
    ],
)
async def test_what_cannot_be_picked_is_refused(api, query, error):
    assert (await api.http.get("/api/events", params=query)).json()["error"] == error


@pytest.mark.parametrize("text", ["", "1", "one:1", f"{EPOCH}:-1", f"{EPOCH}:1:1"])
async def test_an_event_id_that_is_none_is_refused(api, text):
    answer = await api.http.get("/api/events", headers={"Last-Event-ID": text})
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_EVENT_ID")


async def test_without_the_projection_there_is_no_feed(api):
    api.read_model.away = True
    assert (await api.http.get("/api/events")).json()["error"] == "PROJECTION_UNAVAILABLE"


async def test_long_answers_are_bounded():
    async with running_api(max_streams=1) as api:
        two_orders(api)
        with api.app.state.parts.long_answers.held_by(None):
            answer = await api.http.get("/api/events")
        assert (answer.status_code, answer.json()["error"]) == (503, "ENGINE_BUSY")
        assert await seqs(api)


async def test_no_user_takes_all_the_places_for_long_answers():
    async with running_api(max_streams=8, **JWT) as api:
        ann, bob = (bearing(token(user)) for user in ("ann", "bob"))
        with ExitStack() as held:
            for _ in range(2):
                held.enter_context(api.app.state.parts.long_answers.held_by("ann"))
            refused = await api.http.get("/api/events", headers=ann)
            assert (refused.status_code, refused.json()["error"]) == (429, "RATE_LIMITED")
            assert (await api.http.get("/api/events", headers=bob)).status_code == 200
        assert (await api.http.get("/api/events", headers=ann)).status_code == 200


class Follower:
    """A client of the endless answer."""

    def __init__(self, told):
        self._told = told

    async def until(self, condition):
        """Return the lines up to the first of which this is true."""
        seen = []
        async with asyncio.timeout(5):
            async for line in self._told:
                seen.append(json.loads(line))
                if condition(seen[-1]):
                    break
            else:
                return [*seen, None]
        return seen


@pytest.fixture
async def followed(monkeypatch):
    """Return the neighbours of a served application, and one who follows all that happens."""
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(streams, "PAUSE_S", 0.01)
    app, neighbours = in_memory()
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as http:
        two_orders(neighbours)
        query = {"follow": "true"}
        async with http.stream("GET", "/api/events", params=query, headers=LINES) as answer:
            yield neighbours, Follower(answer.aiter_lines())


async def test_a_follower_hears_what_comes_and_heartbeats_when_nothing_does(followed):
    neighbours, follower = followed
    *seen, heartbeat = await follower.until(lambda line: line["type"] == "heartbeat")
    assert [line["seq"] for line in seen] == [1, 2, 4, 5, 6]
    assert heartbeat == {"type": "heartbeat", "headSeq": 6, "epoch": EPOCH}
    happens(neighbours, executed(3, order_id=OTHER_ID), placed(order_id=THIRD_ID))
    *seen, last = await follower.until(lambda line: line.get("seq") == 8)
    assert [line["seq"] for line in [*seen, last] if "seq" in line] == [7, 8]


async def test_a_follower_outlives_an_outage_of_the_projection(followed):
    neighbours, follower = followed
    await follower.until(lambda line: line["type"] == "heartbeat")
    neighbours.read_model.away = True
    neighbours.log.write(executed(3, order_id=OTHER_ID))
    await asyncio.sleep(0.1)
    neighbours.read_model.away = False
    neighbours.read_model.project()
    assert (await follower.until(lambda line: "seq" in line))[-1]["seq"] == 7


async def test_the_answer_ends_when_the_feed_is_numbered_anew(followed):
    neighbours, follower = followed
    await follower.until(lambda line: line["type"] == "heartbeat")
    neighbours.read_model.epoch = f"{EPOCH[:-1]}9"
    neighbours.read_model.project()
    assert (await follower.until(lambda line: "seq" in line))[-1] is None
