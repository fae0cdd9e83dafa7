"""Sniper orders at rest, by the token they wait for. Pure: no clock and no Kafka in here."""

from collections import defaultdict

from orders.pairs import symbol_of
from orders.state import Resting
from orders.values import Liquidity, Terms


def fits(terms: Terms, pool: Liquidity) -> bool:
    """Return whether a sniper order with these terms fires on the pool."""
    return (
        pool.usd > 0
        and symbol_of(pool.token) == symbol_of(terms.token_out)
        and terms.pool_provider in (None, pool.pool)
        and (terms.min_liquidity is None or pool.usd >= terms.min_liquidity)
    )


class Snipers:
    """The snipers of one partition."""

    def __init__(self) -> None:
        self._tokens: defaultdict[str, dict[str, Resting]] = defaultdict(dict)

    def add(self, order: Resting) -> None:
        """Let the order wait for its token."""
        self._of(order)[order.placement.order_id] = order

    def remove(self, order: Resting) -> None:
        """Let the order wait no longer, whether it is here or not."""
        waiting = self._of(order)
        waiting.pop(order.placement.order_id, None)
        if not waiting:
            del self._tokens[symbol_of(order.placement.terms.token_out)]

    def reached(self, pool: Liquidity) -> list[Resting]:
        """Return the orders that fire on a pool, and keep them no longer."""
        waiting = self._tokens.get(symbol_of(pool.token), {})
        fired = [order for order in waiting.values() if fits(order.placement.terms, pool)]
        for order in fired:
            self.remove(order)
        return fired

    def _of(self, order: Resting) -> dict[str, Resting]:
        return self._tokens[symbol_of(order.placement.terms.token_out)]
