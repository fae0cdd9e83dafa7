"""Asking to cancel many orders at once."""

import asyncio

import pytest

from tests.support.builders import ORDER_ID, executed, placed, routed
from tests.support.cancels import OTHER_ID, cancels


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
    assert [wish.order_id for wish in cancels(many)] == [many.ids[0]]


async def test_an_order_named_in_capitals_too_is_asked_once(many):
    first = many.ids[0]
    _, told = await cancel(many, orderIds=[first.upper(), first, "X", "x"])
    assert [one["orderId"] for one in told["results"]] == [first, "X", "x"]
    assert [wish.order_id for wish in cancels(many)] == [first]


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
    assert {wish.order_id for wish in cancels(many)} == {many.ids[number] for number in which}
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
    assert {wish.order_id for wish in cancels(many)} == {many.ids[number] for number in which}
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
    assert cancels(many) == []


async def test_a_name_that_is_not_known_is_told_and_nothing_is_cancelled(many):
    choice = {"all": True, "orderTyp": "limit"}
    answer = await many.http.post("/api/orders/cancel", json=choice)
    assert (answer.status_code, answer.json()["field"]) == (400, "orderTyp")
    assert cancels(many) == []


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
    assert len(cancels(many)) == 3
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
