"""What goes to the API and what comes back, as people read it."""

import json
from decimal import Decimal

import httpx
import pytest

from cli.calls import encode, refusal


def test_an_order_keeps_every_digit():
    text = encode({"tokenIn": 'S"OL', "amount": Decimal("1E-9"), "slippage": None})
    assert text == '{"tokenIn":"S\\"OL","amount":0.000000001}'
    assert json.loads(text)["tokenIn"] == 'S"OL'


def test_a_refusal_is_told_in_the_words_of_the_api():
    body = {"error": "INVALID_AMOUNT", "message": "amount must be positive", "code": "ERR_005"}
    answer = httpx.Response(400, json=body)
    assert refusal(answer) == "amount must be positive (INVALID_AMOUNT)"


def test_a_refusal_with_an_order_id_tells_it():
    body = {"error": "LOG_UNAVAILABLE", "message": "no answer", "orderId": "o-1"}
    assert refusal(httpx.Response(503, json=body)) == "no answer (LOG_UNAVAILABLE); orderId o-1"


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>"])
def test_an_answer_that_is_not_the_apis_is_told_by_its_status(body):
    assert refusal(httpx.Response(502, content=body)) == "The API answered 502 Bad Gateway"
