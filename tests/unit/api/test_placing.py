"""How a placement gets into the log, and what is said when that is not certain."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.api import running_api
from tests.support.builders import T0, seconds


async def test_an_accepted_order_is_in_the_log(api):
    answer = await api.place(userId="alice")
    [event] = api.log.events
    assert answer.status_code == 202
    assert answer.json() == {
        "orderId": event.order_id,
        "status": "pending",
        "message": "Order created and queued successfully",
        "websocketUrl": f"/ws/{event.order_id}",
    }
    assert (event.version, event.user_id, event.actor) == (1, "alice", "api")
    assert (event.occurred_at, event.not_after) == (T0, seconds(10))


async def test_a_log_that_is_away_is_told_with_the_order_to_ask_for(api):
    api.log.away = True
    answer = await api.place()
    told = answer.json()
    assert (answer.status_code, told["error"]) == (503, "LOG_UNAVAILABLE")
    assert told["orderId"] in told["message"]
    assert told["notAfter"] == "2026-01-01T00:00:10.000000Z"
    assert "2026-01-01T00:00:11Z" in told["message"]
    assert "Retry-After" not in answer.headers


async def test_a_placement_that_reached_the_log_too_late_is_not_accepted(api):
    api.log.delay = timedelta(seconds=10, microseconds=1)
    answer = await api.place()
    assert (answer.status_code, answer.json()["error"]) == (503, "PLACEMENT_VOID")
    assert answer.json()["orderId"] == api.log.events[0].order_id
    api.log.delay = timedelta(seconds=10)
    assert (await api.place()).status_code == 202


async def test_too_many_placements_at_once_are_not_taken():
    async with running_api(max_placements=1) as api:
        waiting = asyncio.Event()
        append = api.log.append

        async def slowly(order_id, value):
            await waiting.wait()
            return await append(order_id, value)

        api.log.append = slowly
        first = asyncio.create_task(api.place())
        second = asyncio.create_task(api.place())
        await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
        waiting.set()
        answers = sorted([await first, await second], key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [202, 503]
        assert answers[1].json()["error"] == "ENGINE_BUSY"
        assert answers[1].headers["Retry-After"] == "1"
        assert len(api.log.events) == 1


async def test_a_request_id_comes_back_and_goes_into_the_logs(api, caplog):
    caplog.set_level("DEBUG", "api.placing")
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}
    headers = {"X-Request-Id": "req-1/a:b"}
    answer = await api.http.post("/api/orders/execute", json=body, headers=headers)
    assert answer.headers["X-Request-Id"] == "req-1/a:b"
    assert api.log.events[0].correlation_id == "req-1/a:b"
    assert [record.request_id for record in caplog.records] == ["req-1/a:b"]


@pytest.mark.parametrize("given", ["", "a b", "a" * 129, "{x}", "ü".encode()])
async def test_a_request_id_that_is_odd_is_replaced(api, given):
    answer = await api.http.get("/nowhere", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"].startswith("00000000-")


async def test_faults_are_refused_unless_they_were_allowed(api):
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}
    headers = {"X-Simulate-Faults": "glitch"}
    answer = await api.http.post("/api/orders/execute", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "FAULTS_DISABLED")


@pytest.mark.parametrize(
    ("faults", "terms"),
    [
        ("glitch,-,lost-answer", ("glitch", None, "lost-answer")),
        (" hang ", ("hang",)),
        ("-", (None,)),
        ("nonsense", None),
        ("", None),
        (",".join(["glitch"] * 9), None),
    ],
)
async def test_faults_go_with_the_order_when_they_are_allowed(faults, terms):
    async with running_api(fault_injection=True) as api:
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}
        headers = {"X-Simulate-Faults": faults}
        answer = await api.http.post("/api/orders/execute", json=body, headers=headers)
        if terms is None:
            assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_FAULTS")
            assert "glitch" in answer.json()["message"]
        else:
            assert answer.status_code == 202
            assert api.log.events[0].terms.faults == terms


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused_without_reading_it_all(api, announced):
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 1024

    headers = {"Content-Length": str(10**9)} if announced else {}
    answer = await api.http.post("/orders", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (413, "BODY_TOO_LARGE")
    assert sent <= 65


async def test_a_body_of_just_the_limit_is_read(api):
    body = b'{"tokenIn":"SOL","tokenOut":"USDC","amount":1}'
    answer = await api.http.post("/api/orders/execute", content=body.ljust(65536))
    assert answer.status_code == 202
