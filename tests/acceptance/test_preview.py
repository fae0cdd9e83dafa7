"""A preview and the placement after it meet one market."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from tests.acceptance.conftest import ORDER
from tests.support.contracts import swap
from tests.support.fakes import MemoryChain
from venues import simulated_venues
from venues.settings import VenueSettings

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

WALK = Decimal("0.005")
"""Far more than the market moves in the seconds between: 25 of its standard deviations a second."""


async def quoted_at(moment: str, venue: str):
    """Return the amount out that a market of the engine's seed gives for the order then."""
    settings = VenueSettings(quote_latency_ms=0)
    clock = datetime.fromisoformat(moment)
    venues = simulated_venues(settings, lambda: clock, MemoryChain())
    return (await venues[venue].quote(swap(), 1)).amount_out


async def test_what_was_previewed_is_what_the_order_meets(client):
    answer = await client.http.post("/api/orders/preview", json=ORDER)
    told = json.loads(answer.text, parse_float=Decimal)
    order_id = await client.place()
    await client.ended(order_id)
    events = json.loads(
        (await client.http.get(f"/api/orders/{order_id}/events")).text, parse_float=Decimal
    )
    [routed] = [one["data"] for one in events if one["type"] == "OrderRouted"]
    previewed = {one["venue"]: one for one in told["quotes"]}
    for met in routed["quotes"]:
        seen, amount = previewed[met["venue"]], Decimal(met["amount_out"])
        assert seen["amountOut"] == await quoted_at(seen["quotedAt"], met["venue"])
        assert amount == await quoted_at(met["quoted_at"], met["venue"])
        assert abs(seen["amountOut"] / amount - 1) < WALK
