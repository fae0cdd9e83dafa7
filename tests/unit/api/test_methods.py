"""Methods that a path has not, and HEAD."""

import json

import httpx
import pytest
import websockets

from tests.support.api import in_memory, serving
from tests.support.builders import ORDER_ID


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/api/orders", "GET, POST"),
        ("PUT", "/orders", "GET, POST"),
        ("GET", "/api/orders/execute", "POST"),
        ("GET", "/api/orders/preview", "POST"),
        ("NONSENSE", "/api/orders/execute", "POST"),
        ("POST", f"/api/orders/{ORDER_ID}", "DELETE, GET, HEAD, PATCH"),
        ("PUT", "/api/orders/execute/events", "GET, HEAD"),
        ("POST", "/health", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
    ],
)
async def test_a_method_that_a_path_has_not_is_told_with_those_it_has(api, method, path, allow):
    answer = await api.http.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (405, "METHOD_NOT_ALLOWED")
    assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == allow


@pytest.mark.parametrize("path", ["/health", "/api/health"])
async def test_health_answers_head(api, path):
    assert (await api.http.head(path)).status_code == 200
    assert "head" not in (await api.http.get("/openapi.json")).json()["paths"][path]


async def test_health_without_a_body_when_kafka_is_away():
    app, neighbours = in_memory()
    neighbours.log.away = True
    async with serving(app) as url, httpx.AsyncClient() as http:
        answer = await http.head(f"{url}/health")
    assert (answer.status_code, answer.content) == (503, b"")


@pytest.mark.parametrize("path", ["/", "/wss", "/ws/a/b", "/api/orders"])
async def test_a_websocket_to_an_unknown_path_is_told(path):
    async with (
        serving(in_memory()[0]) as url,
        websockets.connect(f"{url.replace('http', 'ws')}{path}") as socket,
    ):
        assert json.loads(await socket.recv())["error"] == "ROUTE_NOT_FOUND"
        await socket.wait_closed()
        assert socket.close_code == 4404
