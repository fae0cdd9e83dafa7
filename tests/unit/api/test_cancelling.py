"""Asking to cancel an order."""

import pytest

from orders.commands import AnswerOrder
from orders.decider import decide
from orders.fold import replay
from orders.retry import RetryPolicy
from tests.support.builders import ORDER_ID, executed, limit, placed, rested, routed, stamp
from tests.support.cancels import OTHER_ID, cancels

PATH = f"/api/orders/{ORDER_ID}"


@pytest.fixture
def at_rest(api):
    api.log.appended = api.read_model.project
    api.log.write(placed(user_id="ann", terms=limit()), rested(2))
    api.read_model.project()
    return api


async def test_it_is_asked_and_the_order_is_answered_with_it(at_rest):
    answer = await at_rest.http.delete(PATH, headers={"X-Request-Id": "req-7"})
    told = answer.json()
    assert (answer.status_code, told["id"], told["cancelRequested"]) == (202, ORDER_ID, True)
    assert (told["status"], told["version"]) == ("open", 2)
    assert answer.headers["X-Log-Position"]
    [wish] = cancels(at_rest)
    assert (wish.order_id, wish.version, wish.correlation_id) == (ORDER_ID, None, "req-7")


async def test_it_is_asked_once_however_often_it_comes(at_rest):
    answers = [await at_rest.http.delete(PATH) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len(cancels(at_rest)) == 1


async def test_it_is_asked_once_though_the_projection_lags(api):
    api.log.write(placed(terms=limit()), rested(2))
    api.read_model.project()
    answers = [await api.http.delete(PATH) for _ in range(2)]
    answers.append(await api.http.post("/api/orders/cancel", json={"orderIds": [ORDER_ID]}))
    assert [answer.status_code for answer in answers] == [202, 202, 207]
    assert len({answer.headers["X-Log-Position"] for answer in answers}) == 1
    assert len(cancels(api)) == 1


async def test_what_the_log_did_not_acknowledge_is_asked_again(at_rest):
    at_rest.log.away = True
    refused = await at_rest.http.delete(PATH)
    at_rest.log.away = False
    answer = await at_rest.http.delete(PATH)
    assert (refused.status_code, answer.status_code) == (503, 202)
    assert len(cancels(at_rest)) == 1


async def test_the_log_takes_it_though_the_projection_lags(api):
    api.log.write(placed(), rested(2))
    api.read_model.project()
    answer = await api.http.delete(PATH)
    assert (answer.status_code, answer.json()["cancelRequested"]) == (202, True)
    assert len(cancels(api)) == 1


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
    assert cancels(api) == []


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
