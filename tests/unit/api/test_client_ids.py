"""What may name an order, and where."""

import json

import pytest

from orders.ids import order_id_of

EXECUTE = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, "userId": "alice"}
LEGACY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 10, "userId": "alice"}


@pytest.fixture
def send(api):
    """Send a placement: the body's changes, then each `Idempotency-Key` there is."""
    api.log.appended = api.read_model.project

    async def post(changes, *keys, path="/api/orders/execute"):
        body = {**(LEGACY if path == "/orders" else EXECUTE), **changes}
        headers = [("Idempotency-Key", key) for key in keys]
        return await api.http.post(path, content=json.dumps(body), headers=headers)

    return post


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({}, ["my-1"]),
        ({"clientOrderId": "my-1"}, []),
        ({"clientOrderId": "my-1"}, ["my-1"]),
        ({"clientOrderId": None}, ["my-1"]),
        ({}, ["my-1", "my-1"]),
    ],
)
@pytest.mark.parametrize("path", ["/orders", "/api/orders/execute"])
async def test_a_client_names_its_order_in_header_or_body(api, send, changes, keys, path):
    answer = await send(changes, *keys, path=path)
    assert answer.status_code in {201, 202}
    [event] = api.log.events
    assert (event.user_id, event.client_order_id) == ("alice", "my-1")
    assert answer.json()["orderId"] == event.order_id == order_id_of("alice", "my-1")


@pytest.mark.parametrize("name", ["!", "~" * 128, '"quoted"', "a,b;c=d", "\\u0000"])
async def test_every_visible_character_may_name_an_order(api, send, name):
    assert (await send({}, name)).status_code == 202
    assert (await send({"clientOrderId": name})).status_code == 200
    [event] = api.log.events
    assert event.client_order_id == name


@pytest.mark.parametrize(
    "key", ["", " ", "a b", "a" * 129, "a" * 60_000, "é".encode(), "é".encode("latin-1"), "a\tb"]
)
async def test_a_header_that_names_nothing_is_refused(api, send, key):
    answer = await send({}, key)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (400, "INVALID_CLIENT_ORDER_ID")
    assert told["field"] == "Idempotency-Key"
    assert "Idempotency-Key must be" in told["message"]
    assert not api.log.events


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a\n", "a\0", "é", "\ud800", "a" * 129, 7, True, ["a"], {"a": "b"}]
)
async def test_a_member_that_names_nothing_is_refused(api, send, name):
    answer = await send({"clientOrderId": name})
    told = answer.json()
    assert (answer.status_code, told["error"]) == (400, "INVALID_CLIENT_ORDER_ID")
    assert told["field"] == "clientOrderId"
    assert not api.log.events


@pytest.mark.parametrize(
    ("changes", "keys"),
    [({"clientOrderId": "my-1"}, ["my-2"]), ({"clientOrderId": "a"}, ["A"]), ({}, ["a", "b"])],
)
async def test_two_names_that_differ_are_refused(api, send, changes, keys):
    answer = await send(changes, *keys)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (400, "INVALID_CLIENT_ORDER_ID")
    assert "Idempotency-Key" in told["message"]
    assert "clientOrderId" in told["message"]
    assert not api.log.events


@pytest.mark.parametrize(("changes", "keys"), [({}, ["my-1"]), ({"clientOrderId": "my-1"}, [])])
async def test_a_name_needs_a_user(api, send, changes, keys):
    answer = await send({"userId": None, **changes}, *keys)
    told = answer.json()
    assert (answer.status_code, told["error"], told["field"]) == (400, "USER_REQUIRED", "userId")
    assert not api.log.events


async def test_what_is_wrong_with_the_order_is_told_before_its_name(send):
    told = (await send({"amount": "x", "clientOrderId": ""})).json()
    assert told["error"] == "INVALID_AMOUNT_TYPE"
    told = (await send({"userId": None, "clientOrderId": ""})).json()
    assert told["error"] == "INVALID_CLIENT_ORDER_ID"


async def test_an_order_without_a_name_is_never_a_repeat(api):
    ids = {(await api.place(userId="alice", clientOrderId=None)).json()["orderId"] for _ in "123"}
    assert len(ids) == len(api.log.events) == 3
    assert {event.client_order_id for event in api.log.events} == {None}
