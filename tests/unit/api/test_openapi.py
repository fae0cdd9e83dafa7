"""The OpenAPI document says what the API does."""

from importlib import import_module

import pytest

from api.errors import MEDIA_TYPE
from tests.support.api import running_api
from tests.support.builders import (
    ORDER_ID,
    executed,
    limit,
    placed,
    rested,
    retry_scheduled,
    routed,
)

# It has no type stubs, so it is not imported by name.
Draft202012Validator = import_module("jsonschema").Draft202012Validator
OTHER_ID = ORDER_ID.replace("0d5e", "1111")


def schema_of(document, path, method, status):
    operation = document["paths"][path][method]
    [content] = operation["responses"][str(status)]["content"].values()
    schema = content["schema"]
    return {**schema, "components": document["components"]}


@pytest.mark.parametrize(
    ("method", "path", "url", "status"),
    [
        ("get", "/api/orders/{orderId}", f"/api/orders/{ORDER_ID}", 200),
        ("get", "/api/orders/{orderId}", "/api/orders/x", 404),
        ("get", "/api/orders/{orderId}/events", f"/api/orders/{ORDER_ID}/events", 200),
        ("get", "/api/orders/{orderId}", f"/api/orders/{ORDER_ID}?asOfSeq=99", 200),
        ("get", "/api/orders/{orderId}", f"/api/orders/{ORDER_ID}?asOfSeq=x", 400),
        ("get", "/api/orders/{orderId}/explain", f"/api/orders/{ORDER_ID}/explain", 200),
        ("get", "/api/orders", "/api/orders?limit=1", 200),
        ("get", "/api/orders", "/api/orders?limit=0", 400),
        ("get", "/api/market/prices", "/api/market/prices", 200),
        ("get", "/orders", "/orders", 200),
        ("get", "/health", "/health", 200),
        ("get", "/problems/{name}", "/problems/ORDER_NOT_FOUND", 200),
        ("post", "/orders", "/orders", 400),
        ("post", "/api/orders/execute", "/api/orders/execute", 400),
    ],
)
async def test_an_answer_is_as_documented(api, document, method, path, url, status):
    api.log.write(placed(user_id="alice"), routed(2), executed(3))
    api.log.write(placed(order_id=OTHER_ID), retry_scheduled(2, order_id=OTHER_ID))
    api.read_model.project()
    answer = await api.http.request(method, url)
    assert answer.status_code == status
    Draft202012Validator(schema_of(document, path, method, status)).validate(answer.json())


async def test_a_placement_is_as_documented(api, document):
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "amountIn": 1, "userId": "u"}
    for path, status in (("/orders", 201), ("/api/orders/execute", 202)):
        operation = document["paths"][path]["post"]
        asked = operation["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator(asked).validate(body)
        answer = await api.http.post(path, json=body)
        Draft202012Validator(schema_of(document, path, "post", status)).validate(answer.json())
        assert "slippage" not in asked["required"]


@pytest.mark.parametrize(
    ("field", "may_be_null"),
    [("targetPrice", False), ("slippage", False), ("amount", False), ("expiresAt", True)],
)
def test_of_an_amendment_only_the_end_may_be_null(document, field, may_be_null):
    operation = document["paths"]["/api/orders/{orderId}"]["patch"]
    asked = operation["requestBody"]["content"]["application/json"]["schema"]
    assert Draft202012Validator(asked).is_valid({field: None}) is may_be_null


async def test_cancels_and_amendments_are_as_documented(api, document):
    api.log.appended = api.read_model.project
    api.log.write(placed(terms=limit()), rested(2))
    api.log.write(placed(order_id=OTHER_ID), retry_scheduled(2, order_id=OTHER_ID))
    path, url = "/api/orders/{orderId}", f"/api/orders/{ORDER_ID}"
    about = {"headers": {"If-Match": "2"}, "json": {"targetPrice": 151.2}}
    some = {"json": {"orderIds": [ORDER_ID, OTHER_ID, "x"]}}
    for method, place, at, status, given in (
        ("patch", path, url, 200, about),
        ("patch", path, url, 428, {"json": {}}),
        ("delete", path, url, 202, {}),
        ("post", "/api/orders/cancel", "/api/orders/cancel", 207, some),
    ):
        answer = await api.http.request(method, at, **given)
        assert answer.status_code == status, answer.text
        schema = schema_of(document, place, method, status)
        Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/orders/cancel", "post"),
        ("/api/orders/{orderId}", "patch"),
        ("/api/orders", "post"),
        ("/api/orders/preview", "post"),
        ("/api/orders/batch", "post"),
    ],
)
async def test_the_new_routes_are_documented_to_take_no_other_members(document, path, method):
    body = document["paths"][path][method]["requestBody"]["content"]["application/json"]
    assert body["schema"]["additionalProperties"] is False


async def test_a_repeat_and_its_refusal_are_as_documented(api, document):
    api.log.appended = api.read_model.project
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "amountIn": 1, "userId": "u"}
    for path in ("/orders", "/api/orders/execute"):
        operation = document["paths"][path]["post"]
        asked = operation["requestBody"]["content"]["application/json"]["schema"]
        named = {**body, "clientOrderId": path}
        Draft202012Validator(asked).validate(named)
        assert {"Idempotency-Key", "X-Simulate-Faults"} <= {
            p["name"] for p in operation["parameters"]
        }
        await api.http.post(path, json=named)
        for status, more in ((200, {}), (409, {"amount": 2, "amountIn": 2})):
            answer = await api.http.post(path, json={**named, **more})
            assert answer.status_code == status
            schema = schema_of(document, path, "post", status)
            Draft202012Validator(schema).validate(answer.json())
            headers = operation["responses"][str(status)].get("headers", {})
            assert ("Idempotent-Replayed" in answer.headers) == ("Idempotent-Replayed" in headers)


@pytest.mark.parametrize("token_in", ["SOL", "NOPE"])
async def test_a_preview_is_as_documented(document, token_in):
    async with running_api(quote_latency_ms=0) as api:
        body = {"tokenIn": token_in, "tokenOut": "USDC", "amount": 1}
        answer = await api.http.post("/api/orders/preview", json=body)
    schema = schema_of(document, "/api/orders/preview", "post", 200)
    Draft202012Validator(schema).validate(answer.json())


async def test_every_error_has_an_example_in_its_own_form(document):
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                content = response["content"].get(MEDIA_TYPE, {})
                for name, example in content.get("examples", {}).items():
                    assert example["value"]["error"] == name
                    assert example["value"]["message"].endswith(".")
                    assert int(status) >= 400


def parts_of(node):
    """Yield every object inside the document."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from parts_of(child)


async def test_every_default_and_example_fits_its_own_schema(document):
    told = 0
    for part in parts_of(document):
        for value in (*part.get("examples", ()), *([part["default"]] if "default" in part else ())):
            if isinstance(part.get("examples", []), list):
                schema = {**part, "components": document["components"]}
                Draft202012Validator(schema).validate(value)
                told += 1
        if "schema" in part:
            schema = {**part["schema"], "components": document["components"]}
            for example in (part.get("examples") or {}).values():
                Draft202012Validator(schema).validate(example["value"])
            if "example" in part:
                Draft202012Validator(schema).validate(part["example"])
    assert told > 20
    slippages = [p["slippage"] for p in parts_of(document) if "slippage" in p]
    assert [s["default"] for s in slippages if "default" in s] == [0.05] * 5


def examples_of(document, path, method="post"):
    return {
        name: example["value"]
        for response in document["paths"][path][method]["responses"].values()
        for name, example in response["content"].get(MEDIA_TYPE, {}).get("examples", {}).items()
    }


async def test_errors_are_shown_with_the_members_they_have(api, document):
    execute, legacy = (examples_of(document, p) for p in ("/api/orders/execute", "/orders"))
    assert "MISSING_USER_ID" in legacy
    assert "MISSING_USER_ID" not in execute
    for name in ("MISSING_AMOUNT", "INVALID_AMOUNT", "INVALID_AMOUNT_TYPE"):
        assert (execute[name]["field"], legacy[name]["field"]) == ("amount", "amountIn")
    api.log.away = True
    refused = (await api.place()).json()
    of_this_request = {"instance", "requestId"}
    assert (
        refused.keys() - of_this_request
        == execute["LOG_UNAVAILABLE"].keys()
        == execute["PLACEMENT_VOID"].keys()
    )
    assert execute["LOG_UNAVAILABLE"]["message"][:60] == refused["message"][:60]
    lagging = examples_of(document, "/api/orders/{orderId}", "get")["PROJECTION_LAGGING"]
    assert {"orderId", "behind"} <= lagging.keys()
    for path in ("/health", "/api/health"):
        assert "ENGINE_STOPPING" in examples_of(document, path, "get")


async def test_errors_of_any_path_and_headers_of_answers_are_told(api, document):
    anywhere = document["components"]["responses"]
    for answer in (await api.http.get("/nowhere"), await api.http.put("/orders")):
        error = answer.json()["error"]
        example = anywhere[error]["content"][MEDIA_TYPE]["example"]
        assert example.items() <= answer.json().items()
        assert error in document["info"]["description"]
    for part in document["paths"].values():
        for operation in part.values():
            assert all("X-Request-Id" in r["headers"] for r in operation["responses"].values())
            assert "Retry-After" in operation["responses"]["503"]["headers"]
    for code in ("1000", "1011", "1012", "1013", "4008", "4400", "4404"):
        assert code in document["info"]["description"]


async def test_numbers_are_numbers(document):
    order = document["components"]["schemas"]["OrderView"]["properties"]
    assert {"type": "number"} in order["executedPrice"]["anyOf"]
    assert order["version"]["type"] == "integer"


async def test_the_docs_are_served(api):
    page = await api.http.get("/docs")
    assert page.status_code == 200
    assert "swagger" in page.text
