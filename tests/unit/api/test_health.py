"""What health says, and what it costs."""

import asyncio

import pytest

from tests.support.api import running_api
from tests.support.builders import placed


@pytest.mark.parametrize("path", ["/health", "/api/health"])
async def test_an_engine_that_works_is_ok(api, path):
    answer = await api.http.get(path)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "service": "order-execution-engine",
        "version": "0.1.0",
        "uptime": 0,
        "timestamp": "2026-01-01T00:00:00.000000Z",
        "checks": {"kafka": "ok", "postgres": "ok", "projectionLag": 0, "market": "ok"},
    }


async def test_without_kafka_orders_cannot_be_accepted(api):
    api.log.away = True
    answer = await api.http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    expected = {"kafka": "down", "postgres": "ok", "projectionLag": None, "market": "ok"}
    assert answer.json()["checks"] == expected


async def test_without_postgres_orders_are_still_accepted(api):
    api.read_model.away = True
    answer = await api.http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert (await api.place()).status_code == 202


async def test_a_projection_far_behind_is_told():
    async with running_api(lag_degraded=1) as api:
        api.log.write(placed(), placed(order_id="0d5e9c1a-0000-4000-8000-000000000002"))
        answer = await api.http.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["checks"]["projectionLag"] == 2


async def test_a_log_that_answers_but_acknowledges_nothing_is_down(api):
    api.log.away = True
    assert (await api.place()).status_code == 503
    api.log.away = False
    assert (await api.http.get("/health")).status_code == 503


async def test_many_who_ask_at_once_cost_one_question(api):
    before = api.log.asked
    answers = await asyncio.gather(*(api.http.get("/health") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert api.log.asked == before + 1
