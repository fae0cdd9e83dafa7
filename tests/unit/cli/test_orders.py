"""The commands about orders, against an API that says what it is told to."""

import json
from decimal import Decimal

import pytest

from api import exact
from api.changing_schemas import MOST

ORDER = {
    "id": "0d5e9c1a-0000-4000-8000-000000000001",
    "status": "open",
    "orderType": "limit",
    "tokenIn": "SOL",
    "tokenOut": "USDC",
    "amount": 10,
    "executedPrice": None,
    "targetPrice": 151.2,
    "expiresAt": None,
    "errorReason": None,
}
DONE = {"orderId": ORDER["id"], "status": 202, "order": ORDER}
GONE = {"orderId": "x", "status": 404, "error": {"message": "There is none."}}


def test_open_orders_are_shown(api):
    told, asked = api("orders", "--open", "--pair", "SOL/USDC", answer=[{"orders": [ORDER]}])
    assert told.exit_code == 0, told.output
    assert asked[0][1] == "/api/orders?status=open&pair=SOL%2FUSDC&limit=50"
    for word in (ORDER["id"], "open", "limit", "10 SOL", "USDC", "151.2"):
        assert word in told.output


def test_a_list_is_read_on_while_its_pages_end_early(api):
    pages = [
        {"orders": [], "nextCursor": "a"},
        {"orders": [ORDER], "nextCursor": "b"},
        {"orders": [ORDER | {"id": "last"}], "nextCursor": "c"},
    ]
    told, asked = api("orders", "--status", "pending", "--count", "2", answer=pages)
    assert [path for _, path, _ in asked] == [
        "/api/orders?status=pending&limit=2",
        "/api/orders?status=pending&cursor=a&limit=2",
        "/api/orders?status=pending&cursor=b&limit=1",
    ]
    assert ORDER["id"] in told.output
    assert "last" in told.output


def test_an_id_is_shown_in_full_where_there_is_little_room(api):
    ended = ORDER | {"expiresAt": "2030-01-31T12:00:00.000000Z", "errorReason": "EXPIRED: expired"}
    told, _ = api("orders", answer=[{"orders": [ended]}], columns=60)
    [_, line] = told.output.splitlines()
    for word in (ORDER["id"], "10 SOL", "2030-01-31T12:00:00", "EXPIRED"):
        assert word in line


def test_orders_are_written_one_a_line_for_scripts(api):
    told, _ = api("orders", "--json", answer=[{"orders": [ORDER, ORDER]}])
    assert [json.loads(line)["id"] for line in told.output.splitlines()] == [ORDER["id"]] * 2


def test_numbers_are_numbers_with_every_digit_in_all_that_is_told(api):
    long = {"amount": Decimal("1e-8"), "targetPrice": Decimal("0.00661375661375661376")}
    order = ORDER | long
    done = {"results": [DONE | {"order": order}], "complete": True}
    for arguments, answer in (
        (("orders", "--json"), {"orders": [order]}),
        (("cancel", "--all", "--json"), done),
    ):
        told, _ = api(*arguments, answer=[exact.write(answer)])
        read = json.loads(told.output, parse_float=Decimal)
        numbers = read.get("order", read)
        assert {name: numbers[name] for name in long} == long
    shown, _ = api("orders", answer=[exact.write({"orders": [order]})])
    assert "0.00000001 SOL" in shown.output


def test_where_there_are_none_it_says_so(api):
    told, _ = api("orders", "--user", "ann", answer=[{"orders": []}])
    assert "There are no such orders" in told.output


def test_orders_are_cancelled_by_their_ids_and_one_that_cannot_be_is_a_failure(api):
    answer = {"results": [DONE, GONE], "complete": True}
    told, asked = api("cancel", ORDER["id"], "x", answer=[answer])
    assert told.exit_code == 1
    assert asked[0] == ("POST", "/api/orders/cancel", {"orderIds": [ORDER["id"], "x"]})
    assert "asked to cancel, it was open" in told.output
    assert "Order x: There is none." in told.output
    assert "1 of 2 orders cannot be cancelled" in told.output


def test_more_orders_than_one_request_takes_are_cancelled_by_several(api):
    ids = [f"id-{number}" for number in range(MOST + 1)]
    answers = [{"results": results, "complete": True} for results in ([DONE, GONE], [DONE])]
    told, asked = api("cancel", *ids, answer=answers)
    assert [body for _, _, body in asked] == [{"orderIds": ids[:MOST]}, {"orderIds": ids[MOST:]}]
    assert told.exit_code == 1
    assert "1 of 3 orders cannot be cancelled" in told.output


def test_all_orders_are_cancelled_until_these_are_all_and_each_is_told_once(api, positions):
    more = DONE | {"orderId": "y"}
    rounds = [
        {"results": [DONE], "complete": False},
        {"results": [DONE, more], "complete": True},
    ]
    told, asked = api("cancel", "--all", "--type", "limit", answer=rounds)
    assert told.exit_code == 0
    assert asked == [("POST", "/api/orders/cancel", {"all": True, "orderType": "limit"})] * 2
    assert positions == [None, "position-1"]
    assert [line.split(":")[0] for line in told.output.splitlines()] == [
        f"Order {ORDER['id']}",
        "Order y",
    ]


def test_orders_are_named_and_chosen_by_type_and_pair(api):
    chosen = ["--type", "limit", "--pair", "SOL/USDC"]
    told, asked = api("cancel", "x", *chosen, answer=[{"results": [DONE], "complete": True}])
    assert told.exit_code == 0
    assert asked[0][2] == {"orderIds": ["x"], "orderType": "limit", "pair": "SOL/USDC"}


def test_an_order_named_twice_is_cancelled_once(api):
    told, asked = api("cancel", "x", "x", answer=[{"results": [DONE], "complete": True}])
    assert told.exit_code == 0
    assert asked[0][2] == {"orderIds": ["x"]}


def test_where_it_does_not_get_on_it_says_so(api):
    rounds = [{"results": [DONE], "complete": False}] * 2
    told, asked = api("cancel", "--all", answer=rounds)
    assert (told.exit_code, len(asked)) == (1, 2)
    assert told.output.count("asked to cancel") == 1
    assert "run the command again later" in told.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["cancel"],
        ["cancel", "x", "--all"],
        ["orders", "--open", "--status", "final"],
        ["place", "SOL", "USDC", "1", "--limit", "1", "--snipe"],
        ["place", "SOL", "USDC", "1", "--limit", "0"],
        ["place", "SOL", "USDC", "1", "--expires", "soon"],
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(api, arguments):
    told, asked = api(*arguments)
    assert told.exit_code == 2
    assert asked == []


def test_a_limit_order_is_placed_at_the_price_people_quote(api):
    limited = ["USDC", "SOL", "1500", "--limit", "151.2", "--expires", "2030-01-31T12:00:00Z"]
    told, asked = api("place", *limited, "--once", answer=[{"orderId": "an id"}])
    assert told.exit_code == 0, told.output
    [(method, path, body)] = asked
    assert (method, path) == ("POST", "/api/orders")
    assert body.pop("targetPrice") == pytest.approx(1 / 151.2)
    assert body == {
        "orderType": "limit",
        "tokenIn": "USDC",
        "tokenOut": "SOL",
        "amount": 1500,
        "expiresAt": "2030-01-31T12:00:00+00:00",
        "timeInForce": "IOC",
    }
    assert "Buys SOL at 151.2 USDC or less (SOL/USDC)" in told.output


def test_a_sniper_order_names_its_pool(api):
    pool = ["--pool", "RAYDIUM", "--min-liquidity", "50000.5"]
    told, asked = api("place", "SOL", "NEW", "2", "--snipe", *pool, answer=[{"orderId": "an id"}])
    assert "Order an id is placed" in told.output
    body = asked[0][2]
    assert (body["orderType"], body["poolProvider"]) == ("sniper", "RAYDIUM")
    assert body["minLiquidity"] == 50000.5
