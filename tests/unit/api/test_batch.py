"""The general form of an order, and many orders at once."""

import itertools
from datetime import timedelta

import pytest

from api.ports import LogAway
from api.positions import Position, decode, encode
from orders.ids import order_id_of
from orders.topics import partition_of
from tests.support.api import running_api
from tests.support.api_log import PARTITIONS
from tests.support.builders import T0

ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}


@pytest.fixture
def post(api):
    """Return what posts a document; the projection follows the log at once."""
    api.log.appended = api.read_model.project

    async def send(path, document, **headers):
        return await api.http.post(path, json=document, headers=headers)

    return send


async def results(post, *orders, **headers):
    answer = await post("/api/orders/batch", {"orders": list(orders)}, **headers)
    assert answer.status_code == 207, answer.text
    return answer.json()["results"]


async def test_the_general_form_places_a_market_order(api, post):
    answer = await post("/api/orders", {**ORDER, "orderType": "market"})
    [event] = api.log.events
    assert answer.status_code == 202
    assert answer.json()["orderId"] == event.order_id
    assert (event.terms.order_type, event.terms.amount) == ("market", 10)


async def test_a_repeat_of_it_gets_the_first_answer(api, post):
    named = {**ORDER, "userId": "ann", "clientOrderId": "mine"}
    first, again = [await post("/api/orders", named) for _ in range(2)]
    assert (first.status_code, again.status_code, first.json()) == (202, 200, again.json())
    assert len(api.log.events) == 1


async def test_an_order_can_be_looked_at_without_placing_it(api, post):
    named = {**ORDER, "userId": "ann", "clientOrderId": "mine", "validateOnly": True}
    answer = await post("/api/orders", named)
    assert answer.status_code == 200
    assert answer.json() == {
        "valid": True,
        "orderType": "market",
        "tokenIn": "SOL",
        "tokenOut": "USDC",
        "amount": 10,
        "slippage": 0.05,
        "targetPrice": None,
        "expiresAt": None,
        "timeInForce": "GTC",
        "poolProvider": None,
        "minLiquidity": None,
        "orderId": order_id_of("ann", "mine"),
    }
    assert api.log.events == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"orderType": "stop"}, "INVALID_ORDER_TYPE"),
        ({"orderType": None}, "INVALID_ORDER_TYPE"),
        ({"orderType": ["market"]}, "INVALID_ORDER_TYPE"),
        ({"validateOnly": "true"}, "INVALID_VALIDATE_ONLY"),
        ({"validateOnly": 1}, "INVALID_VALIDATE_ONLY"),
        ({"validateOnly": True, "amount": 0}, "INVALID_AMOUNT"),
        ({"clientOrderId": "mine"}, "USER_REQUIRED"),
    ],
)
async def test_what_is_wrong_with_it_is_told(api, post, changes, error):
    answer = await post("/api/orders", {**ORDER, **changes})
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert api.log.events == []


async def test_each_order_of_a_batch_is_answered_in_its_turn(api, post):
    named = {**ORDER, "userId": "ann", "clientOrderId": "mine"}
    await post("/api/orders", named)
    wrong = {**ORDER, "amount": -1}
    told = await results(post, ORDER, wrong, named, {**ORDER, "validateOnly": True}, "order")
    assert [one["status"] for one in told] == [202, 400, 200, 200, 400]
    placed, refused, replayed, valid, no_object = told
    assert placed["order"]["status"] == "pending"
    assert decode(placed["logPosition"])
    assert (refused["error"]["error"], refused["error"]["field"]) == ("INVALID_AMOUNT", "amount")
    assert (replayed["order"]["orderId"], replayed["replayed"]) == (
        order_id_of("ann", "mine"),
        True,
    )
    assert valid["valid"]["valid"] is True
    assert no_object["error"]["error"] == "INVALID_JSON"
    assert len(api.log.events) == 2


async def test_a_batch_reaches_the_log_at_once(api, post):
    told = await results(post, *([ORDER] * 100))
    assert {one["status"] for one in told} == {202}
    assert len({one["order"]["orderId"] for one in told}) == len(api.log.events) == 100


async def test_of_one_name_twice_in_a_batch_one_order_comes(api, post):
    named = {**ORDER, "userId": "ann", "clientOrderId": "mine"}
    told = await results(post, named, named, {**named, "amount": 11})
    assert [one["status"] for one in told] == [202, 200, 409]


@pytest.mark.parametrize("orders", [[], [ORDER] * 101, {}, None, "orders"])
async def test_a_batch_of_none_or_too_many_is_refused(api, post, orders):
    answer = await post("/api/orders/batch", {"orders": orders})
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_BATCH")


async def test_what_the_log_does_not_take_is_told_of_each(api, post):
    api.log.away = True
    told = await results(post, ORDER, {**ORDER, "amount": 0})
    assert [one["status"] for one in told] == [503, 400]
    assert told[0]["error"]["orderId"]


async def test_of_a_batch_as_many_are_taken_as_there_is_room_for():
    async with running_api(max_placements=2) as api:
        answer = await api.http.post("/api/orders/batch", json={"orders": [ORDER] * 3})
        told = answer.json()["results"]
        assert [one["status"] for one in told] == [202, 202, 503]
        assert told[2]["error"]["error"] == "ENGINE_BUSY"
        taken = {one["order"]["orderId"] for one in told[:2]}
        assert taken == {event.order_id for event in api.log.events}


async def test_each_of_a_batch_has_a_time_of_its_own_in_their_sequence():
    ticks = itertools.count()
    async with running_api(clock=lambda: T0 + timedelta(microseconds=next(ticks))) as api:
        document = {"orders": [{**ORDER, "amount": n} for n in range(1, 6)]}
        await api.http.post("/api/orders/batch", json=document)
        events = sorted(api.log.events, key=lambda event: event.occurred_at)
        assert [event.terms.amount for event in events] == [1, 2, 3, 4, 5]
        assert len({event.occurred_at for event in events}) == 5


async def test_what_is_taken_and_what_is_not_is_told_of_each(api, post):
    append, refused = api.log.append, itertools.cycle([False, True])

    async def every_other(order_id, value):
        if next(refused):
            raise LogAway("it does not take this one")
        return await append(order_id, value)

    api.log.append = every_other
    told = await results(post, *([ORDER] * 4))
    assert [one["status"] for one in told] == [202, 503, 202, 503]
    placed = {one["order"]["orderId"] for one in told if one["order"]}
    assert placed == {event.order_id for event in api.log.events}
    lost = {one["error"]["orderId"] for one in told if one["error"]}
    assert len(lost) == 2
    assert not placed & lost


async def test_an_order_that_reached_the_log_too_late_is_told_as_void(api, post):
    api.log.delay = timedelta(seconds=11)
    [told] = await results(post, ORDER)
    assert (told["status"], told["error"]["error"]) == (503, "PLACEMENT_VOID")


async def test_an_order_that_needs_the_market_keeps_its_place_among_the_others(api, post):
    limit = {**ORDER, "orderType": "limit", "targetPrice": 1}
    told = await results(post, ORDER, {**limit, "tokenOut": "NOSUCH"}, limit)
    assert [one["status"] for one in told] == [202, 400, 202]
    assert told[1]["error"]["error"] == "UNKNOWN_TOKEN"


async def test_a_placed_order_of_a_batch_is_told_in_full(api, post):
    [told] = await results(post, ORDER)
    [event] = api.log.events
    assert told == {
        "status": 202,
        "order": {
            "orderId": event.order_id,
            "status": "pending",
            "message": "Order created and queued successfully",
            "websocketUrl": f"/ws/{event.order_id}",
        },
        "valid": None,
        "replayed": False,
        "logPosition": encode(Position(partition_of(event.order_id, PARTITIONS), 0)),
        "error": None,
    }


async def test_faults_are_asked_for_all_of_a_batch():
    async with running_api(fault_injection=True) as api:
        body = {"orders": [ORDER, ORDER]}
        headers = {"X-Simulate-Faults": "glitch"}
        await api.http.post("/api/orders/batch", json=body, headers=headers)
        assert [event.terms.faults for event in api.log.events] == [("glitch",)] * 2
