"""`engine explain`, against an API that says what it is told to."""

import json

ROUTED = {
    "at": "2026-01-31T12:00:00.187000Z",
    "text": "Attempt 1: METEORA offered 1499.5 USDC.\u001b[2J",
    "data": {
        "recomputed": True,
        "quotes": [
            {
                "venue": "METEORA",
                "amountOut": 1499.5,
                "fee": 0.03,
                "priceImpact": 0.0001,
                "chosen": True,
            }
        ],
    },
}
FILLED = {
    "at": "2026-01-31T12:00:01.2Z",
    "text": "METEORA gave it.",
    "data": {"executedPrice": 150.1, "txHash": "2PL36w"},
}
PLACED = {
    "at": "2026-01-31T12:00:00Z",
    "text": "Placed.",
    "data": {"tokenIn": "SOL", "tokenOut": "USDC"},
}


def test_an_order_is_explained_decision_by_decision_with_the_figures(api):
    told, asked = api("explain", "a b", answer=[{"timeline": [PLACED, ROUTED, FILLED]}])
    assert told.exit_code == 0, told.output
    assert asked[0][:2] == ("GET", "/api/orders/a%20b/explain")
    assert [line.strip() for line in told.output.splitlines()] == [
        "2026-01-31 12:00:00Z  Placed.",
        "2026-01-31 12:00:00.187  Attempt 1: METEORA offered 1499.5 USDC.\\x1b[2J",
        "METEORA: 1499.5 USDC, fee 0.03 SOL, impact 0.0100%, chosen",
        "recomputed from these quotes: the same venue",
        "2026-01-31 12:00:01.2Z  METEORA gave it.",
        "price 150.1, tx 2PL36w",
    ]


def test_an_explanation_is_written_one_decision_a_line_for_scripts(api):
    told, _ = api("explain", "x", "--json", answer=[{"timeline": [PLACED, ROUTED]}])
    assert [json.loads(line) for line in told.output.splitlines()] == [PLACED, ROUTED]
