"""What goes wrong at a simulated venue, and how long it takes: by the settings' rates, and by the
faults an order's own terms ask for where the settings allow that."""

from collections.abc import Awaitable
from datetime import timedelta
from random import Random
from typing import Literal, TypeAlias

from orders.values import Execution, Fault, Terms
from runtime.naps import Naps
from venues.settings import VenueSettings

QuoteFault: TypeAlias = Fault | Literal["throttled"]
ExecutionFault: TypeAlias = Fault | Literal["late-answer"]

LATE = (0.5, 1.5)
"""Between which parts of its time-out a late execution lands, besides its latency."""

_STEP = timedelta(milliseconds=5)
"""Calls that end so close to each other end together; of longer calls those within a tenth of them,
at most 80 ms."""


class Trouble:
    """The delays and faults of one venue, drawn from a seeded stream of its own."""

    def __init__(self, settings: VenueSettings, chance: Random) -> None:
        self._settings = settings
        self._chance = chance
        self._naps = Naps(_STEP)

    def of_quote(self, terms: Terms, attempt: int) -> QuoteFault | None:
        """Return the fault this quote is to show, if any."""
        if asked := self._asked(terms, attempt):
            return asked
        if self._strikes(self._settings.quote_error_rate):
            return self._chance.choice(("quote-glitch", "throttled"))
        return None

    def of_execution(self, execution: Execution) -> ExecutionFault | None:
        """Return the fault this execution is to show, if any."""
        if asked := self._asked(execution.terms, execution.attempt):
            return asked
        if self._strikes(self._settings.execute_error_rate):
            return "glitch"
        if self._strikes(self._settings.late_answer_rate):
            return "late-answer"
        return "lost-answer" if self._strikes(self._settings.lost_answer_rate) else None

    def take(self, latency_ms: int) -> Awaitable[None]:
        """Return what is over after as long as a call takes, spread evenly by the jitter."""
        spread = self._settings.latency_jitter * self._chance.uniform(-1, 1)
        return self._naps.sleep(latency_ms * (1 + spread) / 1_000)

    def be_late(self) -> Awaitable[None]:
        """Return what is over at about the time-out of an execution."""
        return self._naps.sleep(self._settings.execute_timeout * self._chance.uniform(*LATE))

    def _asked(self, terms: Terms, attempt: int) -> Fault | None:
        return terms.fault(attempt) if self._settings.fault_injection else None

    def _strikes(self, rate: float) -> bool:
        return rate > 0 and self._chance.random() < rate
