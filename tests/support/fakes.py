"""Stand-ins that keep the promises of the ports, in memory and at once."""

import asyncio
from collections import deque
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from orders.errors import Code, Reason
from orders.ports import Refused, Unknown, Venue, Void
from orders.tokens import find
from orders.values import MONEY, Execution, Fault, Fill, Quote, Terms, VenueName, price_of
from venues import simulated_venues
from venues.chain import Chain
from venues.entries import Entry
from venues.exchange import Clock
from venues.settings import VenueSettings

QUOTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
FAILED_QUOTES: dict[Fault | None, Code] = {
    "quote-glitch": Code.NETWORK,
    "no-liquidity": Code.NO_LIQUIDITY,
    "garbage": Code.INVALID_ANSWER,
}
LOST: dict[Fault | None, Code] = {"glitch": Code.NETWORK, "hang": Code.TIMEOUT}
UNHEARD: dict[Fault | None, Code] = {
    "lost-answer": Code.NETWORK,
    "garbage": Code.INVALID_ANSWER,
}


class FakeVenue:
    """A venue that gives one price for every pair, without a fee, and settles at once.

    What is scripted comes first, one for each call; then an order's own faults are shown as the
    simulation shows them. Every call is recorded. While held, executions wait before they land.
    """

    def __init__(self, name: VenueName = "RAYDIUM", price: Decimal = Decimal(150)) -> None:
        self._name = name
        self.price = price
        self.quoted: list[Terms] = []
        self.executed: list[Execution] = []
        self.resolved: list[str] = []
        self.ledger: dict[str, Fill | Refused | Void] = {}
        self._quotes: deque[Quote | Reason | Fault] = deque()
        self._executions: deque[Fault | None] = deque()
        self._resolutions: deque[Unknown] = deque()
        self._open = asyncio.Event()
        self._open.set()

    @property
    def name(self) -> VenueName:
        return self._name

    def will_quote(self, *answers: Quote | Reason | Fault) -> None:
        """Script the next quotes."""
        self._quotes.extend(answers)

    def will_execute(self, *faults: Fault | None) -> None:
        """Script what goes wrong with the next executions, None for nothing."""
        self._executions.extend(faults)

    def will_not_resolve(self, *answers: Unknown) -> None:
        """Script the next resolutions that get no answer."""
        self._resolutions.extend(answers)

    def hold(self) -> None:
        """Let executions wait from now on."""
        self._open.clear()

    def release(self) -> None:
        """Let the waiting executions go on."""
        self._open.set()

    async def quote(self, terms: Terms, attempt: int) -> Quote | Reason:
        self.quoted.append(terms)
        answer = self._quotes.popleft() if self._quotes else terms.fault(attempt)
        if isinstance(answer, Quote | Reason):
            return answer
        if code := FAILED_QUOTES.get(answer) or _impossible(terms):
            return Reason(code=code, message=f"{self.name} gives no quote")
        return Quote(
            venue=self.name,
            amount_out=MONEY.multiply(terms.amount, self.price),
            price=self.price,
            fee=Decimal(0),
            price_impact=Decimal(0),
            quoted_at=QUOTED_AT,
        )

    async def execute(self, execution: Execution) -> Fill | Refused | Unknown:
        self.executed.append(execution)
        scripted = bool(self._executions)
        asked = execution.terms.fault(execution.attempt)
        fault = self._executions.popleft() if scripted else asked
        await self._open.wait()
        if code := LOST.get(fault):
            return _unknown(code)
        landing = self._landing(execution, fault)
        outcome = self.ledger.setdefault(execution.execution_id, landing)
        if code := UNHEARD.get(fault):
            return _unknown(code)
        if isinstance(outcome, Void):
            return Refused(Reason(code=Code.TIMEOUT, message="given up before it landed"))
        return outcome

    async def resolve(self, execution_id: str) -> Fill | Refused | Void | Unknown:
        self.resolved.append(execution_id)
        if self._resolutions:
            return self._resolutions.popleft()
        return self.ledger.setdefault(execution_id, Void())

    def _landing(self, execution: Execution, fault: Fault | None) -> Fill | Refused:
        terms = execution.terms
        amount_out = MONEY.multiply(terms.amount, self.price)
        if fault == "price-moved" or amount_out < execution.min_amount_out:
            return Refused(Reason(code=Code.SLIPPAGE_EXCEEDED, message="the price moved"))
        return Fill(
            tx_hash=sha256(execution.execution_id.encode()).hexdigest(),
            executed_price=price_of(amount_out, terms.amount),
            amount_in=terms.amount,
            amount_out=amount_out,
            fee=Decimal(0),
            slot=len(self.ledger) + 1,
        )


class MemoryChain:
    """A chain without a ledger on disk: the first entry with an id stays."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    async def land(self, entry: Entry) -> Entry:
        sealed = entry.sealed(len(self.entries) + 1)
        return self.entries.setdefault(entry.execution_id, sealed)


def some_venue(
    name: VenueName = "RAYDIUM",
    chain: Chain | None = None,
    clock: Clock = lambda: QUOTED_AT,
    **changes: Any,
) -> Venue:
    """Return a simulated venue: at once, showing faults, unless settings are changed."""
    at_once = {"quote_latency_ms": 0, "execute_latency_ms": 0, "fault_injection": True}
    settings = VenueSettings(**(at_once | changes))
    return simulated_venues(settings, clock, chain or MemoryChain())[name]


def _impossible(terms: Terms) -> Code | None:
    if find(terms.token_in) is None or find(terms.token_out) is None:
        return Code.UNKNOWN_TOKEN
    pair = {terms.token_in, terms.token_out}
    return Code.NO_LIQUIDITY if pair == {"BONK", "PYTH"} else None


def _unknown(code: Code) -> Unknown:
    return Unknown(Reason(code=code, message="no answer came"))
