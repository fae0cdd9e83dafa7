"""The words that clients give their orders."""

import json

import pytest

from tests.support.builders import placed

ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}
NAMED = {**ORDER, "userId": "alice", "clientOrderId": "my-1"}
TAGS = ["desk 7", "a,b", "naïve ✓", "👩‍🚀", "' or 1=1 --"]
TAGGED = ("/api/orders", "/api/orders/execute")
BAD = [
    "desk",
    {"desk": 7},
    7,
    True,
    [7],
    [None],
    [["desk"]],
    [""],
    ["x" * 65],
    ["tab\t"],
    ["line\n"],
    ["\x00"],
    ["\x7f"],
    ["\x85"],
    ["\u2028"],
    ["\u202eturned"],
    ["\u200b"],
    ["\ud800"],
    ["desk", "desk"],
    [str(number) for number in range(11)],
]


@pytest.fixture
def post(api):
    """Return what posts a document as ASCII; the projection follows the log at once."""
    api.log.appended = api.read_model.project

    async def send(path, document):
        return await api.http.post(path, content=json.dumps(document))

    return send


@pytest.mark.parametrize("path", TAGGED)
async def test_an_order_has_the_tags_of_its_placement(api, post, path):
    answer = await post(path, {**ORDER, "tags": TAGS})
    assert answer.status_code == 202
    [event] = api.log.events
    assert event.tags == tuple(TAGS)
    shown = (await api.http.get(f"/api/orders/{event.order_id}")).json()
    assert shown["tags"] == TAGS
    [listed] = (await api.http.get("/api/orders")).json()["orders"]
    assert listed == shown


async def test_each_order_of_a_batch_has_tags_of_its_own(api, post):
    orders = [{**ORDER, "tags": ["one"]}, {**ORDER, "tags": ["two"]}, {**ORDER, "tags": [""]}]
    results = (await post("/api/orders/batch", {"orders": orders})).json()["results"]
    assert [one["status"] for one in results] == [202, 202, 400]
    assert results[2]["error"]["error"] == "INVALID_TAGS"
    assert {event.tags for event in api.log.events} == {("one",), ("two",)}


@pytest.mark.parametrize("tags", [[], None])
async def test_an_order_needs_no_tags(api, post, tags):
    assert (await post("/api/orders", {**ORDER, "tags": tags})).status_code == 202
    [event] = api.log.events
    assert event.tags == ()


@pytest.mark.parametrize("tags", [["x" * 64], [str(number) for number in range(10)], [" "]])
async def test_as_many_and_as_long_as_may_be(api, post, tags):
    assert (await post("/api/orders", {**ORDER, "tags": tags})).status_code == 202
    assert [list(event.tags) for event in api.log.events] == [tags]


@pytest.mark.parametrize("tags", BAD)
@pytest.mark.parametrize("only", [False, True])
async def test_what_are_no_tags_is_told(api, post, tags, only):
    answer = await post("/api/orders", {**ORDER, "tags": tags, "validateOnly": only})
    told = answer.json()
    assert (answer.status_code, told["error"], told["field"]) == (400, "INVALID_TAGS", "tags")
    assert "at most 10" in told["message"]
    assert api.log.events == []


async def test_the_second_family_knows_no_tags(api, post):
    legacy = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 10, "userId": "u", "tags": "any"}
    assert (await post("/orders", legacy)).status_code == 201
    assert [event.tags for event in api.log.events] == [()]


async def test_the_same_tags_in_another_sequence_are_the_same(post):
    first = await post("/api/orders", {**NAMED, "tags": ["a", "b"]})
    again = await post("/api/orders", {**NAMED, "tags": ["b", "a"]})
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()


@pytest.mark.parametrize("tags", [[], ["a"], ["a", "b", "c"], ["a", "B"]])
async def test_another_set_of_tags_is_another_order(api, post, tags):
    await post("/api/orders", {**NAMED, "tags": ["a", "b"]})
    answer = await post("/api/orders", {**NAMED, "tags": tags})
    told = answer.json()
    assert (answer.status_code, told["error"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert told["field"] == "tags"
    assert len(api.log.events) == 1


async def test_an_order_shows_the_name_its_client_gave_it(api, post):
    named = (await post("/api/orders", NAMED)).json()["orderId"]
    api.log.write(placed())
    api.read_model.project()
    shown = [
        (await api.http.get(f"/api/orders/{name}")).json() for name in (named, placed().order_id)
    ]
    assert [one["clientOrderId"] for one in shown] == ["my-1", None]
