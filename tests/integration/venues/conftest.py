"""Venues at once, on a market that stands still, with this test's own ledger."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from orders.ports import Venue
from venues import open_venues
from venues.settings import VenueSettings

Opened = Callable[..., AbstractAsyncContextManager[dict[str, Venue]]]


@pytest.fixture
def opened(chain_url) -> Opened:
    """Return what opens the venues of one process; settings may be changed."""

    def open_with(**changes: Any):
        settings = {
            "chain_url": chain_url,
            "quote_latency_ms": 0,
            "execute_latency_ms": 0,
            "block_interval_ms": 0,
            "market_volatility": 0,
            "fault_injection": True,
        }
        return open_venues(VenueSettings(**(settings | changes)), lambda: datetime.now(UTC))

    return open_with


@pytest.fixture
async def ledger(chain_url):
    """Return what runs a statement on the ledger and returns its rows, in a session of its own."""
    async with await psycopg.AsyncConnection.connect(chain_url, autocommit=True) as connection:

        async def rows(statement: str):
            cursor = await connection.execute(statement)
            return await cursor.fetchall() if cursor.description else []

        yield rows
