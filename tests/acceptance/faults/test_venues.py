"""What venues do wrong, and what becomes of the order: status, attempts, reasons, ledger."""

from collections import Counter
from contextlib import closing

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.support.crowd import CLEAN, Crowd
from tests.support.truth import assert_word_kept

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

OF_EACH = 4
SLIPPAGE = "SLIPPAGE_EXCEEDED"

STORIES = {
    "": ("completed", 1, []),
    "lost-answer": ("completed", 1, []),
    "glitch": ("completed", 2, ["NETWORK"]),
    "hang": ("completed", 2, ["TIMEOUT"]),
    "garbage": ("completed", 2, ["INVALID_ANSWER"]),
    "price-moved": ("completed", 2, [SLIPPAGE]),
    "price-moved,lost-answer": ("completed", 2, [SLIPPAGE]),
    "no-liquidity": ("failed", 1, ["NO_LIQUIDITY"]),
    "glitch,no-liquidity": ("failed", 2, ["NETWORK", "NO_LIQUIDITY"]),
    "glitch,glitch,glitch": ("completed", 4, ["NETWORK"] * 3),
    "glitch,glitch,glitch,glitch": ("failed", 4, ["NETWORK"] * 4),
    "quote-glitch,quote-glitch,quote-glitch": ("completed", 4, ["NETWORK"] * 3),
    "quote-glitch,quote-glitch,quote-glitch,quote-glitch": ("failed", 4, ["NETWORK"] * 4),
    "price-moved,price-moved,price-moved,price-moved": ("failed", 4, [SLIPPAGE] * 4),
}
"""The faults of attempt after attempt: how the order ends, after how many, and why each failed."""


def test_every_fault_ends_as_it_should(arena):
    with closing(Crowd(arena.url)) as crowd:
        asked = {faults: [crowd.place_one(faults) for _ in range(OF_EACH)] for faults in STORIES}
        stories = assert_word_kept(arena, crowd)
    for faults, order_ids in asked.items():
        status, attempts, codes = STORIES[faults]
        for order_id in order_ids:
            story = stories[order_id]
            assert (story.status, story.attempts) == (status, attempts), faults
            assert failures(story) == codes, faults
    assert_every_execution_is_known(arena, stories)


def test_venues_that_flap_answer_late_or_never_lose_and_double_nothing(
    make_engine, on_session_servers
):
    engine = make_engine(
        **on_session_servers,
        ENGINE_QUOTE_LATENCY_MS="20",
        ENGINE_EXECUTE_LATENCY_MS="200",
        ENGINE_EXECUTE_TIMEOUT_MS="600",
        ENGINE_QUOTE_ERROR_RATE="0.3",
        ENGINE_EXECUTE_ERROR_RATE="0.2",
        ENGINE_LOST_ANSWER_RATE="0.1",
        ENGINE_LATE_ANSWER_RATE="0.3",
    )
    engine.start()
    with closing(Crowd(engine.url, CLEAN)) as crowd:
        crowd.place(100)
        stories = assert_word_kept(engine, crowd)
    ends = Counter(story.status for story in stories.values())
    assert ends["completed"] > 80
    outcomes = assert_every_execution_is_known(engine, stories)
    assert outcomes["void"] > 10


def failures(story) -> list[str]:
    return [event["reason"]["code"] for event in story.events if "reason" in event]


def assert_every_execution_is_known(engine, stories) -> Counter:
    """Fail unless each id that may have been sent is settled, refused or void; count them."""
    with psycopg.connect(engine.chain_url, row_factory=dict_row) as connection:
        rows = connection.execute("select execution_id, status from chain_ledger").fetchall()
    held = {row["execution_id"]: row["status"] for row in rows}
    sent = [
        event["execution_id"]
        for story in stories.values()
        for event in story.events
        if event["type"] == "OrderRouted"
    ]
    return Counter(held[execution_id] for execution_id in sent)
