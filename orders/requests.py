"""What is asked of an order, as its state keeps it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from orders.values import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Somebody wants the order to end: the wish is kept until it is answered."""

    kind: Literal["cancel"] = "cancel"
    wish_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend:
    """Somebody wants other terms, who saw the order at a version."""

    kind: Literal["amend"] = "amend"
    wish_id: str
    seen_version: int
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowded:
    """Somebody wanted other terms while as many such wishes waited as may: it will be refused."""

    kind: Literal["crowded"] = "crowded"
    wish_id: str


Wish = Annotated[Cancel | Amend | Crowded, Field(discriminator="kind")]


def is_amendment(old: Terms, new: Terms) -> bool:
    """Return whether nothing differs but what may: amount, slippage, target price and expiry."""
    return _fixed(old) == _fixed(new)


def _fixed(terms: Terms) -> tuple[object, ...]:
    of_all = (terms.order_type, terms.token_in, terms.token_out, terms.time_in_force, terms.faults)
    return (*of_all, terms.pool_provider, terms.min_liquidity)
