"""Whatever is sent, the API answers it; whatever is accepted keeps its digits."""

import asyncio
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import exact
from api.errors import Refusal
from api.placement import EXECUTE, LEGACY, order_of
from tests.support.api import running_api

NAMES = st.sampled_from(["tokenIn", "tokenOut", "amount", "amountIn", "slippage", "userId", "x"])
NUMBERS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-30, 30).map(lambda power: float(f"1e{power}")),
)
TOKENS = st.sampled_from(["SOL", "USDC", "mSOL", "So11111111111111111111111111111111111111112"])
ANY_TEXT = st.text(st.characters(), max_size=50)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TOKENS, ANY_TEXT)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner))
DOCUMENTS = st.dictionaries(NAMES, VALUES)
BODIES = st.one_of(
    st.binary(),
    st.just('{"amount":NaN}'),
    DOCUMENTS.map(json.dumps).map(str.encode),
    VALUES.map(json.dumps),
)


def test_any_body_is_answered_and_none_breaks_the_server():
    bodies = []

    @given(st.sampled_from(["/orders", "/api/orders/execute"]), BODIES)
    def collect(path, body):
        bodies.append((path, body))

    async def send_all():
        async with running_api() as api:
            for path, body in bodies:
                answer = await api.http.post(path, content=body)
                assert answer.status_code in {201, 202, 400}, (path, body, answer.text)
                assert answer.status_code != 400 or answer.json()["message"]

    collect()
    asyncio.run(send_all())


ORDERS = st.fixed_dictionaries(
    {
        "tokenIn": st.sampled_from(["SOL", "JUP"]),
        "tokenOut": st.sampled_from(["USDC", "mSOL"]),
        "amount": st.integers(1, 10**9),
        "amountIn": st.integers(1, 10**9),
        "userId": st.just("ann"),
    },
    optional={"slippage": st.sampled_from([0, 0.01, 1]), "x": LEAVES},
)


@given(st.sampled_from([EXECUTE, LEGACY]), ORDERS)
def test_a_right_document_becomes_the_order_it_says(form, document):
    terms = order_of(exact.read_object(json.dumps(document).encode()), form).terms
    assert terms.amount == document[form.amount]
    assert (terms.token_in, terms.token_out) == (document["tokenIn"], document["tokenOut"])


@given(st.sampled_from([EXECUTE, LEGACY]), ORDERS, NAMES, LEAVES)
def test_a_document_with_one_odd_member_is_an_order_or_refused_for_it(form, order, name, odd):
    document = exact.read_object(json.dumps({**order, name: odd}).encode())
    answer = answered(document, form)
    if isinstance(answer, Refusal):
        assert answer.field in {name, "tokenOut"}
    else:
        assert answer.amount == document[form.amount]


def answered(document, form):
    try:
        return order_of(document, form).terms
    except Refusal as refusal:
        return refusal


DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)


@given(st.one_of(DECIMALS, DECIMALS.map(lambda value: value.scaleb(-60))))
def test_no_digit_is_lost_on_the_way_out_and_in(value):
    text = exact.write({"value": value})
    assert b"e" not in text.replace(b"value", b"").lower()
    assert exact.read_object(text)["value"] == value


@given(ANY_TEXT)
def test_any_text_can_be_written(text):
    assert exact.read_object(exact.write({text: [text, None, True]})) == {text: [text, None, True]}


def test_what_has_no_place_in_json_is_refused():
    with pytest.raises(TypeError, match="float"):
        exact.write([1.5])


def test_raw_json_stands_as_it_is():
    raw = exact.Raw('{"a": 1.10}')
    assert exact.write({"data": raw}) == b'{"data":{"a": 1.10}}'
    assert exact.read_object(raw.encode())["a"] == Decimal("1.10")
