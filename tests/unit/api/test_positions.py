"""Read your writes, whichever process answers."""

import asyncio

import pytest

from api.positions import HEADER, Position, decode, encode
from tests.support.api import running_api
from tests.support.bearers import JWT, bearing, token

READS = [
    *("/api/orders", "/orders", "/api/orders/{}", "/api/orders/{}/events"),
    *("/api/orders/{}/explain", "/api/events", "/api/events?orderId={}"),
]


async def placed(api, **changes):
    answer = await api.place(**changes)
    return answer.json()["orderId"], {HEADER: answer.headers[HEADER]}


@pytest.mark.parametrize("path", READS)
async def test_a_read_waits_for_what_its_client_wrote(api, path):
    order_id, position = await placed(api)
    # Blanks around a header's value are no part of it.
    position = {HEADER: f"{position[HEADER]} "}
    reading = asyncio.create_task(api.http.get(path.format(order_id), headers=position))
    await asyncio.sleep(0)
    api.read_model.project()
    answer = await reading
    assert answer.status_code == 200
    assert order_id in answer.text


@pytest.mark.parametrize("path", READS)
async def test_a_projection_that_does_not_get_there_is_told_with_its_lag(api, path):
    order_id, position = await placed(api)
    answer = await api.http.get(path.format(order_id), headers=position)
    told = answer.json()
    assert (answer.status_code, told["error"], told["behind"]) == (503, "PROJECTION_LAGGING", 1)
    assert answer.headers["Retry-After"] == "1"


async def test_a_repeat_answers_a_place_at_which_the_order_is(api):
    api.log.appended = api.read_model.project
    for _ in range(2):
        order_id, position = await placed(api, userId="ann", clientOrderId="mine")
        answer = await api.http.get("/api/orders", headers=position)
        assert order_id in answer.text


async def test_no_user_makes_all_others_wait_who_names_a_place_that_never_comes():
    far = {HEADER: encode(Position(0, 10**9))}
    async with running_api(max_reads_waiting=4, read_patience_ms=5000, **JWT) as api:
        ann, bob = (bearing(token(user)) for user in ("ann", "bob"))
        waiting = asyncio.create_task(api.http.get("/api/orders", headers=ann | far))
        await asyncio.sleep(0.1)
        second = await api.http.get("/api/orders", headers=ann | far)
        assert (second.status_code, second.json()["error"]) == (429, "RATE_LIMITED")
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}
        own = await api.http.post("/api/orders", json=body, headers=bob)
        api.read_model.project()
        place = {HEADER: own.headers[HEADER]}
        assert (await api.http.get("/api/orders", headers=bob | place)).status_code == 200
        waiting.cancel()


STRANGE = (encode(Position(99, 0)), *(encode(Position(0, 0)) + more for more in "!="))


@pytest.mark.parametrize("text", ["", "x", "1:0:0", "é", "A" * 500, *STRANGE])
async def test_what_no_write_answered_is_refused(api, text):
    answer = await api.http.get("/api/orders", headers={HEADER: text.encode()})
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_LOG_POSITION")


async def test_reads_that_wait_for_their_writes_are_bounded():
    async with running_api(max_reads_waiting=1, read_patience_ms=5000) as api:
        _, position = await placed(api)
        reads = [
            asyncio.create_task(api.http.get("/api/orders", headers=position)) for _ in range(2)
        ]
        await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
        api.read_model.project()
        assert sorted([(await read).status_code for read in reads]) == [200, 503]


def test_a_position_is_a_text_and_back():
    assert decode(encode(Position(7, 12345678901))) == [Position(7, 12345678901)]


def test_of_several_places_in_a_partition_the_last_counts():
    several = encode(Position(1, 5), Position(0, 2), Position(1, 4))
    assert decode(several) == [Position(1, 5), Position(0, 2)]
    assert decode(encode()) == []


async def test_a_read_waits_for_all_of_a_batch(api):
    order = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}
    answer = await api.http.post("/api/orders/batch", json={"orders": [order] * 20})
    reading = asyncio.create_task(
        api.http.get("/api/orders", headers={HEADER: answer.headers[HEADER]})
    )
    await asyncio.sleep(0)
    api.read_model.project()
    assert len((await reading).json()["orders"]) == 20
    late = await api.http.post("/api/orders/batch", json={"orders": [order] * 20})
    told = await api.http.get("/orders", headers={HEADER: late.headers[HEADER]})
    assert (told.status_code, told.json()["behind"]) == (503, 20)
    empty = await api.http.post("/api/orders/batch", json={"orders": [{}]})
    assert HEADER not in empty.headers
