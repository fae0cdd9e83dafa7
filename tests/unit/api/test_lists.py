"""Lists of orders: filters, their sequence, and places that are never lost."""

import itertools
import re

import pytest

from tests.support.builders import METEORA, executed, failed, placed, routed, seconds
from tests.support.builders import terms as terms_of

BAD = [
    ("limit=0", "INVALID_LIMIT", "limit"),
    ("limit=501", "INVALID_LIMIT", "limit"),
    ("limit=many", "INVALID_LIMIT", "limit"),
    ("status=", "INVALID_STATUS", "status"),
    ("status=done", "INVALID_STATUS", "status"),
    ("status=Pending", "INVALID_STATUS", "status"),
    ("status=pending,,failed", "INVALID_STATUS", "status"),
    ("status=pending, failed", "INVALID_STATUS", "status"),
    ("status=pending&status=", "INVALID_STATUS", "status"),
    ("cursor=x", "INVALID_CURSOR", "cursor"),
    ("cursor=", "INVALID_CURSOR", "cursor"),
    ("cursor=%00", "INVALID_CURSOR", "cursor"),
    ("cursor=%C3%A9", "INVALID_CURSOR", "cursor"),
    ("userId=", "INVALID_USER_ID", "userId"),
    ("userId=%00", "INVALID_USER_ID", "userId"),
    ("userId=" + "u" * 129, "INVALID_USER_ID", "userId"),
    ("type=limitless", "INVALID_TYPE", "type"),
    ("type=", "INVALID_TYPE", "type"),
    ("pair=SOL", "INVALID_PAIR", "pair"),
    ("pair=SOL/", "INVALID_PAIR", "pair"),
    ("pair=SOL/USDC/JUP", "INVALID_PAIR", "pair"),
    ("pair=SOL/US%20DC", "INVALID_PAIR", "pair"),
    ("pair=SOL/USDC%0A", "INVALID_PAIR", "pair"),
    ("venue=raydium", "INVALID_VENUE", "venue"),
    ("venue=", "INVALID_VENUE", "venue"),
    ("createdFrom=yesterday", "INVALID_CREATED", "createdFrom"),
    ("createdFrom=2026-01-01T00:00:00", "INVALID_CREATED", "createdFrom"),
    ("createdTo=", "INVALID_CREATED", "createdTo"),
    ("createdTo=2026-13-01T00:00:00Z", "INVALID_CREATED", "createdTo"),
    ("clientOrderId=", "INVALID_CLIENT_ORDER_ID", "clientOrderId"),
    ("clientOrderId=a%20b", "INVALID_CLIENT_ORDER_ID", "clientOrderId"),
    ("tag=", "INVALID_TAG", "tag"),
    ("tag=" + "x" * 65, "INVALID_TAG", "tag"),
    ("tag=%0A", "INVALID_TAG", "tag"),
    ("sort=", "INVALID_SORT", "sort"),
    ("sort=status", "INVALID_SORT", "sort"),
    ("sort=--createdAt", "INVALID_SORT", "sort"),
]
INJECTIONS = [
    "' or 1=1 --",
    "'; drop table orders; --",
    '"; select pg_sleep(9); --',
    "%(user_id)s",
    "{}",
    "\\",
    "$1",
]


def id_of(number):
    return f"00000000-0000-7000-8000-{number:012d}"


@pytest.fixture
def ids(api):
    """Return what asks for a list and returns the numbers of its orders."""

    async def ask(query):
        answer = await api.http.get(f"/api/orders?{query}")
        assert answer.status_code == 200, answer.text
        return [int(order["id"][-12:]) for order in answer.json()["orders"]]

    return ask


@pytest.fixture
def some(api):
    """Let four orders be there: two of alice, two tagged, one done, one failed."""
    other = terms_of(token_in="USDC", token_out="SOL")
    api.log.write(
        placed(order_id=id_of(0), user_id="alice", client_order_id="mine", tags=("a", "b")),
        placed(order_id=id_of(1), user_id="bob", terms=other, occurred_at=seconds(1)),
        placed(order_id=id_of(2), user_id="alice", tags=("b",), occurred_at=seconds(2)),
        placed(order_id=id_of(3), occurred_at=seconds(3)),
        routed(2, order_id=id_of(0), execution_id=f"{id_of(0)}:1", venue=METEORA),
        executed(3, order_id=id_of(0), venue=METEORA),
        routed(2, order_id=id_of(1), execution_id=f"{id_of(1)}:1"),
        failed(2, order_id=id_of(2)),
    )
    api.read_model.project()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [3, 2, 1, 0]),
        ("sort=-createdAt", [3, 2, 1, 0]),
        ("sort=createdAt", [0, 1, 2, 3]),
        ("sort=%2BcreatedAt", [0, 1, 2, 3]),
        ("sort=+createdAt", [0, 1, 2, 3]),
        ("status=completed", [0]),
        ("status=failed,pending", [3, 2]),
        ("status=pending,failed,failed", [3, 2]),
        ("status=pending&status=failed", [3, 2]),
        ("status=open", [3, 1]),
        ("status=final", [2, 0]),
        ("status=open,failed", [3, 2, 1]),
        ("status=open,final", [3, 2, 1, 0]),
        ("userId=alice", [2, 0]),
        ("type=market", [3, 2, 1, 0]),
        ("pair=SOL/USDC", [3, 2, 0]),
        ("pair=USDC/SOL", [1]),
        ("pair=usdc/sol", []),
        ("venue=METEORA", [0]),
        ("venue=RAYDIUM", [1]),
        ("createdFrom=2026-01-01T00:00:02Z", [3, 2]),
        ("createdTo=2026-01-01T00:00:02Z", [2, 1, 0]),
        ("createdTo=2026-01-01T02:00:02%2B02:00", [2, 1, 0]),
        ("createdTo=2026-01-01T02:00:02+02:00", [2, 1, 0]),
        ("createdFrom=2026-01-01T00:00:01Z&createdTo=2026-01-01T00:00:01Z", [1]),
        ("createdFrom=2026-01-01T00:00:03Z&createdTo=2026-01-01T00:00:01Z", []),
        ("clientOrderId=mine", [0]),
        ("tag=b", [2, 0]),
        ("tag=a", [0]),
        ("tag=ab", []),
        ("tag=b&status=failed&userId=alice", [2]),
        ("tag=b&status=failed&userId=bob", []),
        ("userId=alice&sort=createdAt&limit=1", [0]),
    ],
)
async def test_a_list_shows_what_fits(ids, some, query, numbers):
    assert await ids(query) == numbers


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("", 4),
        ("limit=1&sort=createdAt", 4),
        ("status=open,final", 4),
        ("status=pending", 1),
        ("status=pending,pending", 1),
        ("userId=alice", 2),
        ("userId=nobody", 0),
        ("status=open", None),
        ("userId=alice&status=failed", None),
        ("tag=b", None),
        ("createdFrom=2026-01-01T00:00:00Z", None),
    ],
)
async def test_the_length_of_a_list_is_told_where_it_is_counted(api, some, query, total):
    assert (await api.http.get(f"/api/orders?{query}")).json()["total"] == total


@pytest.mark.parametrize(("query", "error", "field"), BAD)
async def test_a_parameter_that_makes_no_sense_is_told(api, query, error, field):
    answer = await api.http.get(f"/api/orders?{query}")
    told = answer.json()
    assert (answer.status_code, told["error"], told["field"]) == (400, error, field)
    assert field in told["message"]


@pytest.mark.parametrize("name", ["status", "type", "pair", "venue", "createdFrom", "sort"])
@pytest.mark.parametrize("text", INJECTIONS)
async def test_what_is_no_word_of_a_filter_is_refused(api, name, text):
    answer = await api.http.get("/api/orders", params={name: text})
    assert (answer.status_code, answer.json()["field"]) == (400, name)


async def pages(api, query, meanwhile=lambda: None):
    seen, place = [], None
    for number in itertools.count(1):
        assert number < 50
        more = {"cursor": place} if place else {}
        page = (await api.http.get("/api/orders", params={**query, **more})).json()
        seen += [order["id"] for order in page["orders"]]
        place = page["nextCursor"]
        if place is None:
            return seen, page
        meanwhile()
    raise AssertionError


@pytest.mark.parametrize("sort", ["-createdAt", "createdAt"])
async def test_pages_neither_repeat_nor_skip_while_orders_arrive(api, sort):
    new = itertools.count(100)
    for number in range(10):
        api.log.write(placed(order_id=id_of(number), occurred_at=seconds(number // 3)))
    api.read_model.project()

    def one_more():
        number = next(new)
        if number < 105:
            api.log.write(placed(order_id=id_of(number), occurred_at=seconds(number)))
            api.read_model.project()

    seen, last = await pages(api, {"limit": 4, "sort": sort}, one_more)
    known = [id_of(number) for number in range(10)]
    if sort == "createdAt":
        known += [id_of(number) for number in range(100, next(new))]
        assert seen == known
    else:
        assert seen == known[::-1]
    assert last["timestamp"] == "2026-01-01T00:00:00.000000Z"


async def test_every_parameter_is_documented(api):
    document = (await api.http.get("/openapi.json")).json()
    told = {one["name"]: one for one in document["paths"]["/api/orders"]["get"]["parameters"]}
    assert told.keys() == {
        *("status", "userId", "type", "pair", "venue", "createdFrom", "createdTo"),
        *("clientOrderId", "tag", "sort", "limit", "cursor", "X-Log-Position", "X-Request-Id"),
    }
    assert told["sort"]["schema"]["default"] == "-createdAt"
    for name, text in (("status", "open,failed"), ("pair", "SOL/USDC"), ("venue", "RAYDIUM")):
        assert re.search(told[name]["schema"]["pattern"], text)
