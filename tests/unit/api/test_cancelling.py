"""Asking to cancel: an order, or many at once."""

import asyncio

import pytest

from orders.commands import AnswerOrder
from orders.decider import decide
from orders.events import OrderCancelRequested
from orders.fold import replay
from orders.retry import RetryPolicy
from tests.support.builders import ORDER_ID, executed, limit, placed, rested, routed, stamp

OTHER_ID = "0d5e9c1a-0000-4000-8000-000000000002"
PATH = f"/api/orders/{ORDER_ID}"


@pytest.fixture
def at_rest(api):
    api.log.appended = api.read_model.project
    api.log.write(placed(user_id="ann", terms=limit()), rested(2))
    api.read_model.project()
    return api


def wishes(api):
    return [event for event in api.log.events if isinstance(event, OrderCancelRequested)]


async def test_it_is_asked_and_the_order_is_answered_with_it(at_rest):
    answer = await at_rest.http.delete(PATH, headers={"X-Request-Id": "req-7"})
    told = answer.json()
    assert (answer.status_code, told["id"], told["cancelRequested"]) == (202, ORDER_ID, True)
    assert (told["status"], told["version"]) == ("open", 2)
    assert answer.headers["X-Log-Position"]
    [wish] = wishes(at_rest)
    assert (wish.order_id, wish.version, wish.correlation_id) == (ORDER_ID, None, "req-7")


async def test_it_is_asked_once_however_often_it_comes(at_rest):
    answers = [await at_rest.http.delete(PATH) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len(wishes(at_rest)) == 1


async def test_it_is_asked_once_though_the_projection_lags(api):
    api.log.write(placed(terms=limit()), rested(2))
    api.read_model.project()
    answers = [await api.http.delete(PATH) for _ in range(2)]
    answers.append(await api.http.post("/api/orders/cancel", json={"orderIds": [ORDER_ID]}))
    assert [answer.status_code for answer in answers] == [202, 202, 207]
    assert len({answer.headers["X-Log-Position"] for answer in answers}) == 1
    assert len(wishes(api)) == 1


async def test_what_the_log_did_not_acknowledge_is_asked_again(at_rest):
    at_rest.log.away = True
    refused = await at_rest.http.delete(PATH)
    at_rest.log.away = False
    answer = await at_rest.http.delete(PATH)
    assert (refused.status_code, answer.status_code) == (503, 202)
    assert len(wishes(at_rest)) == 1


async def test_the_log_takes_it_though_the_projection_lags(api):
    api.log.write(placed(), rested(2))
    api.read_model.project()
    answer = await api.http.delete(PATH)
    assert (answer.status_code, answer.json()["cancelRequested"]) == (202, True)
    assert len(wishes(api)) == 1


async def test_what_the_worker_answers_is_read_at_once_with_the_position(at_rest):
    answer = await at_rest.http.delete(PATH)
    order = replay(at_rest.log.events)
    at_rest.log.write(decide(AnswerOrder(stamp()), order, RetryPolicy()))
    at_rest.read_model.project()
    position = {"X-Log-Position": answer.headers["X-Log-Position"]}
    told = (await at_rest.http.get(PATH, headers=position)).json()
    assert (told["status"], told["errorReason"]) == ("cancelled", "CANCELLED: cancelled")
    again = await at_rest.http.delete(PATH)
    assert (again.status_code, again.json()["error"]) == (409, "ORDER_FINAL")


async def test_an_order_that_has_ended_cannot_be_cancelled(api):
    api.log.write(placed(), routed(2), executed(3))
    api.read_model.project()
    answer = await api.http.delete(PATH)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (409, "ORDER_FINAL")
    assert (told["orderStatus"], told["version"]) == ("completed", 3)
    assert wishes(api) == []


@pytest.mark.parametrize("order_id", [OTHER_ID, "no-order"])
async def test_an_order_that_is_not_there_cannot_be_cancelled(api, order_id):
    answer = await api.http.delete(f"/api/orders/{order_id}")
    assert (answer.status_code, answer.json()["error"]) == (404, "ORDER_NOT_FOUND")


async def test_without_the_log_nothing_certain_is_said(at_rest):
    at_rest.log.away = True
    answer = await at_rest.http.delete(PATH)
    told = answer.json()
    assert (answer.status_code, told["error"], told["orderId"]) == (
        *(503, "LOG_UNAVAILABLE"),
        ORDER_ID,
    )
    assert "Send the same request again" in told["message"]


@pytest.fixture
async def many(api):
    """Three open orders, two of ann's and one of bob's, and one that has ended."""
    api.log.appended = api.read_model.project
    swap = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "userId": "ann"}
    resting = {**swap, "orderType": "limit", "targetPrice": 151.2}
    bodies = [swap, resting, {**resting, "userId": "bob", "tokenOut": "USDT"}]
    answers = [await api.http.post("/api/orders", json=body) for body in bodies]
    api.ids = [answer.json()["orderId"] for answer in answers]
    api.log.write(placed(), routed(2), executed(3))
    api.read_model.project()
    return api


async def cancel(api, **document):
    answer = await api.http.post("/api/orders/cancel", json=document)
    assert answer.status_code == 207, answer.text
    return answer, answer.json()


async def test_each_of_the_orders_named_is_answered_as_alone(many):
    answer, told = await cancel(many, orderIds=[many.ids[0], ORDER_ID, OTHER_ID, "x", many.ids[0]])
    results = {one["orderId"]: one for one in told["results"]}
    assert {name: one["status"] for name, one in results.items()} == {
        many.ids[0]: 202,
        ORDER_ID: 409,
        OTHER_ID: 404,
        "x": 404,
    }
    assert results[many.ids[0]]["order"]["cancelRequested"]
    assert results[ORDER_ID]["error"]["error"] == "ORDER_FINAL"
    assert told["complete"]
    assert answer.headers["X-Log-Position"]
    assert [wish.order_id for wish in wishes(many)] == [many.ids[0]]


async def test_an_order_named_in_capitals_too_is_asked_once(at_rest):
    _, told = await cancel(at_rest, orderIds=[ORDER_ID.upper(), ORDER_ID, "X", "x"])
    assert [one["orderId"] for one in told["results"]] == [ORDER_ID, "X", "x"]
    assert [wish.order_id for wish in wishes(at_rest)] == [ORDER_ID]


@pytest.mark.parametrize(
    ("choice", "which", "fields"),
    [
        ({"orderType": "limit"}, [1, 2], {0: "orderType"}),
        ({"pair": "SOL/USDC"}, [0, 1], {2: "pair"}),
        ({"orderType": "limit", "pair": "SOL/USDC"}, [1], {0: "orderType", 2: "pair"}),
    ],
)
async def test_of_the_orders_named_those_that_fit_are_cancelled(many, choice, which, fields):
    _, told = await cancel(many, orderIds=many.ids, **choice)
    assert {wish.order_id for wish in wishes(many)} == {many.ids[number] for number in which}
    results = {many.ids.index(one["orderId"]): one for one in told["results"]}
    assert [number for number, one in results.items() if one["status"] == 202] == which
    errors = {number: one["error"] for number, one in results.items() if one["status"] == 409}
    assert {error["error"] for error in errors.values()} == {"ORDER_NOT_CHOSEN"}
    assert {number: error["field"] for number, error in errors.items()} == fields


@pytest.mark.parametrize(
    ("choice", "which"),
    [
        ({"userId": "ann"}, [0, 1]),
        ({"all": True}, [0, 1, 2]),
        ({"all": True, "orderType": "limit"}, [1, 2]),
        ({"all": True, "pair": "SOL/USDT"}, [2]),
        ({"userId": "ann", "orderType": "limit", "pair": "SOL/USDC"}, [1]),
        ({"userId": "nobody"}, []),
    ],
)
async def test_all_open_orders_that_fit_are_cancelled(many, choice, which):
    _, told = await cancel(many, **choice)
    assert {one["orderId"] for one in told["results"]} == {many.ids[number] for number in which}
    assert {wish.order_id for wish in wishes(many)} == {many.ids[number] for number in which}
    assert told["complete"]
    _, again = await cancel(many, **choice)
    assert again == {"results": [], "complete": True}


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({}, "INVALID_CANCEL"),
        ({"all": False}, "INVALID_CANCEL"),
        ({"all": True, "userId": "ann"}, "INVALID_CANCEL"),
        ({"orderIds": []}, "INVALID_CANCEL"),
        ({"orderIds": [1]}, "INVALID_CANCEL"),
        ({"orderIds": ["x"] * 501}, "INVALID_CANCEL"),
        ({"orderIds": ["x"], "userId": "ann"}, "INVALID_CANCEL"),
        ({"orderIds": ["x"], "orderType": "stop"}, "INVALID_ORDER_TYPE"),
        ({"orderIds": ["x"], "pair": "SOL"}, "INVALID_PAIR"),
        ({"userId": 7}, "INVALID_USER_ID"),
        ({"all": True, "orderType": "stop"}, "INVALID_ORDER_TYPE"),
        ({"all": True, "pair": "SOL"}, "INVALID_PAIR"),
        ({"all": True, "tokenIn": None}, "INVALID_CANCEL"),
    ],
)
async def test_what_names_no_orders_is_refused(many, document, error):
    answer = await many.http.post("/api/orders/cancel", json=document)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert wishes(many) == []


async def test_a_name_that_is_not_known_is_told_and_nothing_is_cancelled(many):
    choice = {"all": True, "orderTyp": "limit"}
    answer = await many.http.post("/api/orders/cancel", json=choice)
    assert (answer.status_code, answer.json()["field"]) == (400, "orderTyp")
    assert wishes(many) == []


async def test_of_very_many_some_are_cancelled_and_the_rest_the_next_time(api, monkeypatch):
    monkeypatch.setattr("api.cancelling.MOST", 2)
    api.log.appended = api.read_model.project
    swap = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}
    await asyncio.gather(*(api.http.post("/api/orders", json=swap) for _ in range(3)))
    _, first = await cancel(api, all=True)
    _, second = await cancel(api, all=True)
    assert (len(first["results"]), first["complete"]) == (2, False)
    assert (len(second["results"]), second["complete"]) == (1, True)


async def test_many_are_asked_once_each_though_the_projection_lags(many):
    many.log.appended = lambda: None
    answer, first = await cancel(many, all=True)
    _, second = await cancel(many, all=True)
    assert {one["orderId"] for one in first["results"]} == set(many.ids)
    assert second == {"results": [], "complete": True}
    assert len(wishes(many)) == 3
    behind = {"X-Log-Position": answer.headers["X-Log-Position"]}
    lagging = await many.http.post("/api/orders/cancel", json={"all": True}, headers=behind)
    assert (lagging.status_code, lagging.json()["error"]) == (503, "PROJECTION_LAGGING")


async def test_orders_asked_to_end_hide_no_others(many, monkeypatch):
    for name in ("MOST", "_MOST_PAGES"):
        monkeypatch.setattr(f"api.cancelling.{name}", 1)
    rounds = [await cancel(many, all=True) for _ in range(3)]
    assert [told["complete"] for _, told in rounds] == [False, False, True]
    assert len({told["results"][0]["orderId"] for _, told in rounds}) == 3


async def test_the_path_of_cancels_is_no_order(api):
    answer = await api.http.get("/api/orders/cancel")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
