"""The OpenAPI document: what every route answers, its errors with examples."""

import json
from typing import Any, Union

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api import exact, openapi_access, positions
from api.errors import ENGINE_STOPPING, INTERNAL, MEDIA_TYPE, Kind, Refusal
from api.examples import ANYWHERE
from api.request_ids import HEADER
from api.service_schemas import ErrorView

Responses = dict[int | str, dict[str, Any]]

DESCRIPTION = """
Place swap orders, follow them, read their history.

Numbers are JSON numbers with every digit kept; times are UTC. Every error is a problem of RFC 9457
(`application/problem+json`) with `error` (its name), `message` (a sentence with what to do) and
`code`; most have `field`, and `retryable` says whether sending the same again may help.

A placement with an `Idempotency-Key` header or a `clientOrderId` in the body, either of them 1 to
128 visible ASCII characters, can be sent again after any answer and after none, by any connection
to any process, an hour and a restart later too: one order is placed. A repeat gets the original
answer with status 200 and `Idempotent-Replayed: true`; another body under the same id of the same
user gets 409. Without an id of yours a request that is sent twice places two orders.

Every write answers with `X-Log-Position`. A read that sends it back waits until it shows that
write, whichever process answers; so does a cancel of many, which leaves out what was asked before.

A limit order waits (`open`) until a tick of the market lets it have its `targetPrice` after fee and
price impact, a sniper order until a pool holds its token. `DELETE` asks to cancel an order, `PATCH`
for other terms; the order's worker answers, and never ends an order while a venue may be at it.
After `expiresAt` an order is `expired`; with `timeInForce: "IOC"` it is tried once.

**WebSocket** `/ws/{orderId}`: the order as it is, at once, then each change:
`{orderId, status, message, timestamp, version, selectedDex?, executedPrice?, txHash?, error?}`.
Closes with 1000 after the final one, 4404 when there is no such order. `?fromVersion=N`: instead
each change from version N on.

**WebSocket** `/ws?userId=U`: each change of U's orders from connection on:
`{type: "ORDER_UPDATE", orderId, status: "processing"|"completed"|"failed", txHash?,
executionPrice?, error?, isRetryable?}`; an order that was cancelled or expired is `failed`, and
`error` says `cancelled` or `expired`; one that is pending or at rest is not told. `&fromSeq=S`:
from that place of the feed on; each message has its `seq` and the `epoch` it counts in, which
`&epoch=` names when you come again (4410: the feed has been numbered anew).

**WebSocket** `/ws`: one connection, up to 100 subscriptions, each from any point. You say
`{op: "subscribe", id, filter: {all} | {orderId?, userId?, status?, pair?}, fromSeq?, epoch?,
snapshot?, superseded?}`, `{op: "unsubscribe", id}`, `{op: "ping", id?}`. You are told `hello`
(headSeq, epoch, heartbeatSeconds), `subscribed` (seq: it begins after it), `snapshot` (at most 500
orders as of seq, the newest; `complete` says whether these are all), `event` (seq, prevSeq: the one
before it in this subscription, event, order as it stands), `caughtUp`, `heartbeat` (headSeq),
`pong`, `unsubscribed`, `error`; and before it closes `goingAway` (1012) or `slowConsumer` (4008,
more than 1,000 messages or 4 MiB behind), with `resume`: what to subscribe to, and from where, at
any process. Told twice is possible there: `seq` says so.

The filter `{market: true, pair?}` is for the market instead: after `subscribed` you are told
`prices` (silent: none has come for 5 s; prices: the last of each pair, with pair, price and
timestamp), then each `tick` (pair, price, timestamp), `silence` (silent) when prices fall silent
and when they come again and, without a pair, each `liquidity` (token, pool, liquidity: the US
dollars added to it so far, price, timestamp). A pair that is not told, or only the other way round,
is refused with `UNKNOWN_PAIR`. It cannot be resumed, for it begins with the prices of the moment.

The two others close with 4008 when the client reads too slowly, 1012 when the server restarts,
1013 when orders cannot be read at the moment, 1011 when something went wrong here: connect again.
Before they close with 4400 (a parameter that is missing or wrong), 4404 (no such order or path)
or 1013, they send one message in the form of an error.

Any request can be answered with an error that no path below lists: `ROUTE_NOT_FOUND` (404),
`METHOD_NOT_ALLOWED` (405, with `Allow`), `BAD_REQUEST` (400, what is no HTTP), `HEAD_TIMEOUT` (408,
headers not complete within 10 s) and `HEAD_TOO_LARGE` (431, headers beyond 64 KiB). The last three
end the connection and carry no `X-Request-Id`, for there was no request.
"""

_REQUEST_ID = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Your name for this request; it comes back, and goes into the log. "
    "1 to 128 letters, digits or . _ : / + = @ - and else one is made.",
    "schema": {"type": "string"},
}


_ID_OF_ANSWER = {
    "description": "The name of the request: yours, or one that was made.",
    "schema": {"type": "string"},
}
_WRITTEN_TO = {
    "description": "Where the write stands in the log; reads take it back.",
    "schema": {"type": "string"},
}
_READ_FROM = {
    "name": positions.HEADER,
    "in": "header",
    "required": False,
    "description": "Of the answer to a write: the read waits up to 2 s until it shows that.",
    "schema": {"type": "string", "maxLength": positions.MAX_LENGTH},
}
_RETRY_AFTER = {
    "description": "Whole seconds; there when trying again by itself is safe.",
    "schema": {"type": "integer", "minimum": 1},
}


_PROBLEM = {"$ref": f"#/components/schemas/{ErrorView.__name__}"}


def _shown(refusal: Refusal) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(exact.write(refusal.body))
    return shown


def failures(
    *errors: Kind | Refusal, always: tuple[Kind, ...] = (INTERNAL, ENGINE_STOPPING)
) -> Responses:
    """Return the documentation of these errors and of those of every route, an example each."""
    responses: Responses = {}
    for error in (*errors, *always):
        refusal = Refusal(error) if isinstance(error, Kind) else error
        kind = refusal.kind
        response = responses.setdefault(
            kind.status,
            {"description": "", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}},
        )
        described = response["description"]
        response["description"] = f"{described}, {kind.error}" if described else kind.error
        examples = response["content"][MEDIA_TYPE].setdefault("examples", {})
        examples[kind.error] = {"value": _shown(refusal)}
    return responses


def replay(model: type[BaseModel], *others: type[BaseModel]) -> Responses:
    """Return the documentation of the answer to a placement that was placed before.

    `others` are what else the route answers with 200.
    """
    header = {"description": "`true`", "schema": {"type": "string"}}
    description = "The order was placed before, by the same client order id: its answer again."
    return {
        200: {
            "model": Union[(model, *others)],
            "description": description,
            "headers": {"Idempotent-Replayed": header},
        }
    }


def takes(model: type[BaseModel], *parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of a body and headers that the route reads by itself."""
    schema = _inlined(model.model_json_schema(mode="serialization"))
    for name in list(schema.get("required", ())):
        if "default" in schema["properties"][name]:
            schema["required"].remove(name)
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"requestBody": body, "parameters": list(parameters)}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    defined = schema.pop("$defs", {})

    def resolved(node: object) -> object:
        if isinstance(node, list):
            return [resolved(one) for one in node]
        if not isinstance(node, dict):
            return node
        name = str(node.get("$ref", "")).rpartition("/")[2]
        return resolved(defined[name]) if name else {k: resolved(v) for k, v in node.items()}

    return {name: resolved(node) for name, node in schema.items()}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document of this app: FastAPI's, with this API's own errors only."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=DESCRIPTION + openapi_access.DESCRIPTION,
            routes=app.routes,
        )
        for name, path in schema["paths"].items():
            for method, operation in path.items():
                if _knows_positions(name):
                    _add_position(operation, method)
                operation["responses"].pop("422", None)
                if scope := openapi_access.scope_of(method, name):
                    before = failures(*openapi_access.refusals(scope), always=())
                    openapi_access.add_access(operation, scope, before)
                operation.setdefault("parameters", []).append(_REQUEST_ID)
                for status, response in operation["responses"].items():
                    _add_headers(response, status)
        for unused in ("HTTPValidationError", "ValidationError"):
            schema["components"]["schemas"].pop(unused, None)
        problem = schema["components"]["schemas"][ErrorView.__name__] = (
            ErrorView.model_json_schema()
        )
        problem["properties"]["errors"]["items"] = problem.pop("$defs")["ErrorPart"]
        schema["components"]["responses"] = _anywhere()
        schemes = {openapi_access.SCHEME: openapi_access.SECURITY_SCHEME}
        schema["components"]["securitySchemes"] = schemes
        app.openapi_schema = schema
    return app.openapi_schema


def _knows_positions(path: str) -> bool:
    return path == "/api/events" or ("/orders" in path and not path.endswith("/preview"))


def _add_position(operation: dict[str, Any], method: str) -> None:
    if method == "get":
        operation.setdefault("parameters", []).append(_READ_FROM)
        return
    for status, response in operation["responses"].items():
        if status < "300":
            response.setdefault("headers", {})[positions.HEADER] = _WRITTEN_TO


def _add_headers(response: dict[str, Any], status: str) -> None:
    headers = response.setdefault("headers", {})
    headers[HEADER] = _ID_OF_ANSWER
    if status in {"429", "503"}:
        headers["Retry-After"] = _RETRY_AFTER


def _anywhere() -> dict[str, Any]:
    return {
        kind.error: {
            "description": f"{kind.status}, on any path.",
            "content": {MEDIA_TYPE: {"schema": _PROBLEM, "example": _shown(Refusal(kind))}},
        }
        for kind in ANYWHERE
    }
