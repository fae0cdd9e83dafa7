"""The far side of the wire: a simulated DEX that answers as a remote one does.

Answers are plain mappings and may be malformed, calls may hang, and what fails raises: `Rejected`
is the venue saying no, an OSError is the way there failing. Reading them is the adapter's work.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from msgspec.structs import asdict

from orders.errors import Code, Reason
from orders.values import MONEY, Execution, Terms, VenueName, price_of
from venues.chain import Chain
from venues.entries import Arrival, Entry
from venues.pools import Pools, Swap
from venues.settings import VenueSettings
from venues.trouble import Trouble

Answer: TypeAlias = Mapping[str, object]
Clock: TypeAlias = Callable[[], datetime]

GARBAGE: Answer = {"amount_out": "NaN", "status": "ok"}
LOWER_PRICE = Decimal("0.99")


class Rejected(Exception):
    """The venue will not quote, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Exchange:
    """One simulated DEX on the shared market, settling on the shared chain."""

    name: VenueName
    pools: Pools
    chain: Chain
    trouble: Trouble
    settings: VenueSettings
    clock: Clock

    async def quote(self, terms: Terms, attempt: int) -> Answer:
        """Return what the swap would give at the moment the quote is made."""
        if latency_ms := self.settings.quote_latency_ms:
            await self.trouble.take(latency_ms)
        match self.trouble.of_quote(terms, attempt):
            case "quote-glitch":
                raise ConnectionResetError(f"{self.name} could not be reached for a quote")
            case "throttled":
                message = f"{self.name} has too many requests"
                raise Rejected(Reason(code=Code.THROTTLED, message=message))
            case "no-liquidity":
                message = f"{self.name} has no liquidity for this swap"
                raise Rejected(Reason(code=Code.NO_LIQUIDITY, message=message))
            case "garbage":
                return GARBAGE
            case _:
                await self.pools.known.wait()
                return self._quoted(terms)

    async def execute(self, execution: Execution) -> Answer:
        """Send the swap to the chain and return what the chain holds for its id.

        It settles at the price when it reaches the chain. The chain refuses the id for ever when
        that gives nothing or less than the minimum.
        """
        if latency_ms := self.settings.execute_latency_ms:
            await self.trouble.take(latency_ms)
        fault = self.trouble.of_execution(execution)
        if fault == "glitch":
            raise ConnectionResetError(f"{self.name} could not be reached with the swap")
        if fault == "hang":
            await asyncio.Event().wait()
        if fault == "late-answer":
            # The swap is on its way, whether its sender still waits for it or not.
            entry = await asyncio.shield(self._landed_late(execution))
        else:
            await self.pools.known.wait()
            entry = await self.chain.land(self._arrived(execution, moved=fault == "price-moved"))
        if fault == "lost-answer":
            raise ConnectionResetError(f"{self.name}'s answer to the swap was lost")
        return GARBAGE if fault == "garbage" else asdict(entry)

    async def outcome(self, execution_id: str) -> Answer:
        """Return what the chain holds for an id, giving up for ever an id that has not landed."""
        entry = await self.chain.land(Entry(execution_id, "void", self.name, self.clock()))
        return asdict(entry)

    async def _landed_late(self, execution: Execution) -> Entry:
        await self.trouble.be_late()
        await self.pools.known.wait()
        return await self.chain.land(self._arrived(execution))

    def _arrived(self, execution: Execution, *, moved: bool = False) -> Entry:
        at = self.clock()
        swap = self.pools.swap(execution.terms, at)
        if moved and isinstance(swap, Swap):
            swap = swap.giving_at_most(MONEY.multiply(execution.min_amount_out, LOWER_PRICE))
        return Arrival(execution, self.name, at).meet(swap)

    def _quoted(self, terms: Terms) -> Answer:
        at = self.clock()
        swap = self.pools.swap(terms, at)
        if isinstance(swap, Reason):
            raise Rejected(swap)
        return {
            "amount_out": swap.amount_out,
            "price": price_of(swap.amount_out, terms.amount),
            "fee": swap.fee,
            "price_impact": swap.price_impact,
            "quoted_at": at,
        }
