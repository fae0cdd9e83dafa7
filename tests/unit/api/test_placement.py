"""What is accepted as a market order, and which error tells the first thing that is wrong."""

import json
from decimal import Decimal

import pytest

SOL_MINT = "So11111111111111111111111111111111111111112"
USDC_MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
GOOD = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, "slippage": 0.01}

BROKEN = [
    ("MISSING_TOKEN_IN", "ERR_001", "tokenIn", {"tokenIn": None}),
    ("MISSING_TOKEN_IN", "ERR_001", "tokenIn", {"tokenIn": ""}),
    ("MISSING_TOKEN_OUT", "ERR_002", "tokenOut", {"tokenOut": None, "amount": None}),
    ("MISSING_AMOUNT", "ERR_003", "amount", {"amount": None, "tokenIn": "?"}),
    ("INVALID_AMOUNT_TYPE", "ERR_004", "amount", {"amount": "10"}),
    ("INVALID_AMOUNT_TYPE", "ERR_004", "amount", {"amount": True}),
    ("INVALID_AMOUNT_TYPE", "ERR_004", "amount", {"amount": [10]}),
    ("INVALID_AMOUNT", "ERR_005", "amount", {"amount": 0}),
    ("INVALID_AMOUNT", "ERR_005", "amount", {"amount": -1, "slippage": "x"}),
    ("INVALID_AMOUNT", "ERR_005", "amount", {"amount": 10**15 + 1}),
    ("INVALID_AMOUNT", "ERR_005", "amount", {"amount": 10**40}),
    ("INVALID_AMOUNT", "ERR_005", "amount", {"amount": 1e-10}),
    ("INVALID_AMOUNT", "ERR_005", "amount", {"amount": 1e-7, "tokenIn": "USDT"}),
    ("INVALID_SLIPPAGE_TYPE", "ERR_006", "slippage", {"slippage": "0.01"}),
    ("INVALID_SLIPPAGE_TYPE", "ERR_006", "slippage", {"slippage": False, "tokenIn": "?"}),
    ("INVALID_SLIPPAGE_RANGE", "ERR_007", "slippage", {"slippage": 1.01}),
    ("INVALID_SLIPPAGE_RANGE", "ERR_007", "slippage", {"slippage": -0.01}),
    ("INVALID_SLIPPAGE_RANGE", "ERR_007", "slippage", {"slippage": 1e-19}),
    ("INVALID_TOKEN_IN", "ERR_008", "tokenIn", {"tokenIn": "sol", "tokenOut": "?"}),
    ("INVALID_TOKEN_IN", "ERR_008", "tokenIn", {"tokenIn": "S"}),
    ("INVALID_TOKEN_IN", "ERR_008", "tokenIn", {"tokenIn": "ABCDEFGHIJK"}),
    ("INVALID_TOKEN_IN", "ERR_008", "tokenIn", {"tokenIn": "SOL\n"}),
    ("INVALID_TOKEN_IN", "ERR_008", "tokenIn", {"tokenIn": "SOL\0"}),
    ("INVALID_TOKEN_IN", "ERR_008", "tokenIn", {"tokenIn": "\ud800"}),
    ("INVALID_TOKEN_IN", "ERR_008", "tokenIn", {"tokenIn": 7}),
    ("INVALID_TOKEN_IN", "ERR_008", "tokenIn", {"tokenIn": "0" + SOL_MINT[1:]}),
    ("INVALID_TOKEN_OUT", "ERR_009", "tokenOut", {"tokenOut": USDC_MINT[:-1] + "vv"}),
    ("INVALID_TOKEN_OUT", "ERR_009", "tokenOut", {"tokenOut": {"symbol": "USDC"}}),
    ("SAME_TOKEN_SWAP", "ERR_010", "tokenOut", {"tokenOut": "SOL"}),
    ("SAME_TOKEN_SWAP", "ERR_010", "tokenOut", {"tokenOut": SOL_MINT}),
    ("SAME_TOKEN_SWAP", "ERR_010", "tokenOut", {"tokenIn": "mSOL", "tokenOut": "MSOL"}),
    ("SAME_TOKEN_SWAP", "ERR_010", "tokenOut", {"tokenOut": "SOL", "userId": 7}),
    ("INVALID_USER_ID", "ERR_012", "userId", {"userId": 7}),
    ("INVALID_USER_ID", "ERR_012", "userId", {"userId": ""}),
    ("INVALID_USER_ID", "ERR_012", "userId", {"userId": "u" * 129}),
    ("INVALID_USER_ID", "ERR_012", "userId", {"userId": "a\0b"}),
    ("INVALID_USER_ID", "ERR_012", "userId", {"userId": "\udfff"}),
]


def plain(body):
    """Write JSON as clients do that do not escape what they need not, odd numbers included."""
    return json.dumps(body).encode()


@pytest.mark.parametrize(("error", "code", "field", "changes"), BROKEN)
async def test_the_first_broken_rule_is_told(api, error, code, field, changes):
    body = plain({**GOOD, **changes})
    answer = await api.http.post("/api/orders/execute", content=body)
    told = answer.json()
    assert answer.status_code == 400
    assert (told["error"], told["code"], told["field"]) == (error, code, field)
    assert len(told["message"]) > 20
    assert not api.log.events


async def test_too_many_decimals_are_told_with_how_many_there_may_be(api):
    answer = await api.place(tokenIn="BONK", amount=1.234567)
    assert answer.json()["error"] == "INVALID_AMOUNT"
    assert "5 decimals" in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"42",
        b'"order"',
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"amount": NaN}',
        b'{"amount": Infinity}',
        b'{"amount": -Infinity}',
        b'{"amount": 01}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\0"}',
        b"[" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
)
async def test_a_body_that_is_no_json_object_is_told(api, body):
    answer = await api.http.post("/api/orders/execute", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_JSON")


@pytest.mark.parametrize(
    ("digits", "error"),
    [
        ("1e400", "INVALID_AMOUNT"),
        ("1e-400", "INVALID_AMOUNT"),
        ("1e999999999999999998", "INVALID_AMOUNT"),
        ("1e-999999999999999998", "INVALID_AMOUNT"),
        ("1e99999999999999999999", "INVALID_AMOUNT"),
        ("-0", "INVALID_AMOUNT"),
        ("-0.0", "INVALID_AMOUNT"),
        ("0e9", "INVALID_AMOUNT"),
        ("9" * 40, "INVALID_AMOUNT"),
        ("9" * 60_000, "INVALID_AMOUNT"),
        ("0." + "1" * 60_000, "INVALID_AMOUNT"),
        ("1" + "0" * 15 + ".000000001", "INVALID_AMOUNT"),
    ],
)
async def test_a_number_out_of_range_is_told_however_it_is_written(api, digits, error):
    body = f'{{"tokenIn":"SOL","tokenOut":"USDC","amount":{digits}}}'
    answer = await api.http.post("/api/orders/execute", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("digits", "kept"),
    [
        ("10", "10"),
        ("10.50", "10.50"),
        ("0.123456789", "0.123456789"),
        ("999999999999999.999999999", "999999999999999.999999999"),
        ("1000000000000000", "1000000000000000"),
        ("1e15", "1000000000000000"),
        ("1.5e-8", "0.000000015"),
        ("1." + "0" * 60_000, "1.000000000"),
    ],
)
async def test_every_digit_of_an_accepted_amount_is_kept(api, digits, kept):
    body = f'{{"tokenIn":"SOL","tokenOut":"USDC","amount":{digits},"slippage":1.0e-3}}'
    answer = await api.http.post("/api/orders/execute", content=body)
    assert answer.status_code == 202, answer.text
    [event] = api.log.events
    assert event.terms.amount == Decimal(digits)
    api.read_model.project()
    shown = await api.http.get(f"/api/orders/{answer.json()['orderId']}")
    assert f'"amount":{kept},' in shown.text
    assert '"slippage":0.0010,' in shown.text


@pytest.mark.parametrize(
    "names", [("SOL", "USDC"), (SOL_MINT, "USDC"), ("mSOL", USDC_MINT), ("NEW", "R2D2")]
)
async def test_a_token_is_a_symbol_or_a_mint(api, names):
    answer = await api.place(tokenIn=names[0], tokenOut=names[1])
    assert answer.status_code == 202
    [event] = api.log.events
    assert (event.terms.token_in, event.terms.token_out) == names


@pytest.mark.parametrize("slippage", ["0", "-0", "1", "0.123456789012345678", "null"])
async def test_slippage_goes_from_nothing_to_all(api, slippage):
    body = f'{{"tokenIn":"SOL","tokenOut":"USDC","amount":1,"slippage":{slippage}}}'
    answer = await api.http.post("/api/orders/execute", content=body)
    assert answer.status_code == 202
    expected = "0.05" if slippage == "null" else slippage.removeprefix("-")
    assert str(api.log.events[0].terms.slippage) == expected


async def test_members_nobody_asked_for_are_ignored(api):
    answer = await api.place(colour="red", nested={"deep": [1e300, None]})
    assert answer.status_code == 202


async def test_the_second_family_has_its_own_names(api):
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1.5, "userId": "alice"}
    answer = await api.http.post("/orders", json=body)
    assert answer.status_code == 201
    [event] = api.log.events
    assert answer.json() == {
        "message": "Order received",
        "orderId": event.order_id,
        "status": "pending",
    }
    assert (event.user_id, event.terms.amount) == ("alice", Decimal("1.5"))


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"amountIn": None}, "MISSING_AMOUNT", "amountIn"),
        ({"amountIn": "1"}, "INVALID_AMOUNT_TYPE", "amountIn"),
        ({"amountIn": -1}, "INVALID_AMOUNT", "amountIn"),
        ({"userId": None}, "MISSING_USER_ID", "userId"),
        ({"userId": ""}, "MISSING_USER_ID", "userId"),
        ({"userId": None, "tokenOut": "SOL"}, "SAME_TOKEN_SWAP", "tokenOut"),
    ],
)
async def test_the_second_family_is_told_by_its_own_names(api, changes, error, field):
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1.5, "userId": "alice", **changes}
    told = (await api.http.post("/orders", json=body)).json()
    assert (told["error"], told["field"]) == (error, field)
    assert error.startswith("MISSING_USER") or field in told["message"]
