"""What hypothesis draws of an order's world: codes, amounts, quotes."""

from hypothesis import strategies as st

from orders.errors import Code
from orders.values import MAX_AMOUNT
from tests.support.builders import METEORA, RAYDIUM, quote

CODES = st.sampled_from(list(Code))
AMOUNTS_OUT = st.decimals(0, MAX_AMOUNT, places=9, allow_nan=False)
QUOTES = st.builds(quote, AMOUNTS_OUT, st.sampled_from([RAYDIUM, METEORA]))
