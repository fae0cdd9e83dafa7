"""The same placement sent again: one order, and one answer."""

import asyncio

import pytest

from orders.ids import order_id_of
from tests.support.api import neighbours_in_memory, running_api
from tests.support.builders import ORDER_ID, placed, terms

NAMED = {"userId": "alice", "clientOrderId": "my-1"}
NAME = order_id_of("alice", "my-1")
AGAIN = "send the same request again"


async def test_a_repeat_gets_the_first_answer_and_appends_nothing(api, place):
    first = await place()
    assert first.status_code == 202
    assert "Idempotent-Replayed" not in first.headers
    api.log.away = True
    for _ in range(3):
        again = await place()
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["Idempotent-Replayed"] == "true"
    assert len(api.log.events) == 1


async def test_the_second_family_gets_its_own_answer_again(api, place):
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 10, **NAMED}
    first = await api.http.post("/orders", json=body, headers={"X-Request-Id": "first"})
    again = await api.http.post("/orders", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content


@pytest.mark.parametrize(
    "body",
    [
        b'{"amount":10.0,"slippage":0.05}',
        b'{"amount":1e1,"slippage":5e-2}',
        b'{"amount":10.000000000,"slippage":0.050}',
        b'{"slippage":null,"amount":10,"colour":"red"}',
    ],
)
async def test_bodies_are_compared_as_values(api, place, body):
    await place()
    rest = b',"tokenIn":"SOL","tokenOut":"USDC","userId":"alice","clientOrderId":"my-1"}'
    again = await api.http.post("/api/orders/execute", content=body[:-1] + rest)
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": 11}, "amount"),
        ({"amount": 10.000000001}, "amount"),
        ({"slippage": 0.01, "amount": 10}, "slippage"),
        ({"tokenIn": "mSOL", "amount": 11}, "tokenIn"),
        ({"tokenOut": "USDT"}, "tokenOut"),
    ],
)
async def test_another_body_under_the_same_name_is_refused(api, place, changes, field):
    await place()
    answer = await place(**changes)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert (told["orderId"], told["field"]) == (NAME, field)
    assert field in told["message"]
    assert len(api.log.events) == 1


async def test_the_second_family_is_told_the_difference_by_its_own_names(api, place):
    await place()
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 11, **NAMED}
    assert (await api.http.post("/orders", json=body)).json()["field"] == "amountIn"


async def test_the_same_name_of_another_user_is_another_order(api, place):
    assert (await place()).status_code == (await place(userId="bob")).status_code == 202
    assert len({event.order_id for event in api.log.events}) == 2


async def test_an_id_that_somebody_else_has_in_the_log_is_no_repeat(api, place):
    api.log.write(placed(order_id=NAME, user_id="mallory", terms=terms(slippage="0.05")))
    api.read_model.project()
    answer = await place()
    assert (answer.status_code, answer.json()["field"]) == (409, "userId")


async def test_the_faults_are_part_of_the_body():
    async with running_api(fault_injection=True) as api:
        api.log.appended = api.read_model.project
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, **NAMED}

        async def place(faults):
            headers = {"X-Simulate-Faults": faults} if faults else {}
            return await api.http.post("/api/orders/execute", json=body, headers=headers)

        statuses = [(await place(faults)).status_code for faults in ("glitch", " glitch ")]
        assert statuses == [202, 200]
        answer = await place(None)
        assert (answer.status_code, answer.json()["field"]) == (409, "X-Simulate-Faults")


async def test_many_at_once_over_two_processes_make_one_order():
    neighbours = neighbours_in_memory()
    async with (
        running_api(neighbours, read_patience_ms=5000) as one,
        running_api(neighbours, read_patience_ms=5000, first_id=1000) as other,
    ):
        sent = [asyncio.create_task(api.place(**NAMED)) for api in [one, other] * 25]
        await neighbours.log.holds(50)
        neighbours.read_model.project()
        answers = await asyncio.gather(*sent)
        assert sorted(answer.status_code for answer in answers) == [200] * 49 + [202]
        assert len({answer.content for answer in answers}) == 1
        [first] = [answer for answer in answers if answer.status_code == 202]
        assert first.headers["X-Request-Id"] == neighbours.log.events[0].correlation_id
        assert (await one.place(**NAMED)).status_code == 200


async def test_of_two_bodies_at_once_the_log_s_first_is_the_order():
    neighbours = neighbours_in_memory()
    async with (
        running_api(neighbours, read_patience_ms=5000) as one,
        running_api(neighbours, read_patience_ms=5000, first_id=1000) as other,
    ):
        sent = [
            asyncio.create_task(api.place(amount=amount, **NAMED))
            for amount in (10, 11)
            for api in (one, other)
        ]
        await neighbours.log.holds(4)
        neighbours.read_model.project()
        answers = await asyncio.gather(*sent)
        winning = neighbours.log.events[0].terms.amount
        alike, different = answers[:2], answers[2:]
        if winning == 11:
            alike, different = different, alike
        assert sorted(answer.status_code for answer in alike) == [200, 202]
        assert [answer.status_code for answer in different] == [409, 409]


async def test_other_orders_of_the_log_do_not_matter(api, place):
    api.log.write(placed(order_id=ORDER_ID))
    assert (await place()).status_code == 202
