"""What the business asks of the world. Adapters live in `venues/`."""

from dataclasses import dataclass
from typing import Protocol

from orders.errors import Reason
from orders.values import Execution, Fill, Quote, Terms, VenueName


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue's final answer: this execution id traded nothing and never will."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer came. The execution may have landed: only `resolve` can tell."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Void:
    """The execution id never landed and from now on never will."""


class Quoter(Protocol):
    """A DEX that is only asked. The call is bounded by a time-out; no foreign exception passes."""

    @property
    def name(self) -> VenueName:
        """Return the venue's name as events carry it."""
        ...

    async def quote(self, terms: Terms, attempt: int) -> Quote | Reason:
        """Return what the venue would give now, or why it would not."""
        ...


class Venue(Quoter, Protocol):
    """A DEX. Every call is bounded by a time-out of its own; no foreign exception passes it."""

    async def execute(self, execution: Execution) -> Fill | Refused | Unknown:
        """Send the swap; the same execution id sent again gets the first answer again."""
        ...

    async def resolve(self, execution_id: str) -> Fill | Refused | Void | Unknown:
        """Return what became of an execution id, making it void for ever if it has not landed."""
        ...
