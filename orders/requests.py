"""What is asked of an order, as its state keeps it."""

from msgspec import Struct

from orders.values import Terms


class Cancel(Struct, frozen=True, tag_field="kind", tag=str.lower):
    """Somebody wants the order to end: the wish is kept until it is answered."""

    wish_id: str


class Amend(Struct, frozen=True, tag_field="kind", tag=str.lower):
    """Somebody wants other terms, who saw the order at a version."""

    wish_id: str
    seen_version: int
    terms: Terms


class Crowded(Struct, frozen=True, tag_field="kind", tag=str.lower):
    """Somebody wanted other terms while as many such wishes waited as may: it will be refused."""

    wish_id: str


Wish = Cancel | Amend | Crowded


def is_amendment(old: Terms, new: Terms) -> bool:
    """Return whether nothing differs but what may: amount, slippage, target price and expiry."""
    return _fixed(old) == _fixed(new)


def _fixed(terms: Terms) -> tuple[object, ...]:
    of_all = (terms.order_type, terms.token_in, terms.token_out, terms.time_in_force, terms.faults)
    return (*of_all, terms.pool_provider, terms.min_liquidity)
