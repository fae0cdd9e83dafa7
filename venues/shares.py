"""What part of the market's price the cheapest venue gives: what its fee and the impact leave."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from orders.values import PRICE, Terms
from venues.exchange import Clock
from venues.pools import Pools, Swap

Share = Callable[[Terms], Decimal]


def cheapest_share(pools: Iterable[Pools], clock: Clock) -> Share:
    """Return what tells the largest part of the market's price that one of these venues gives.

    It is that of the present moment (UTC), for an order of this size; 1 where none has a pool.
    """
    venues = tuple(pools)

    def share(terms: Terms) -> Decimal:
        at = clock()
        swaps = [venue.swap(terms, at) for venue in venues]
        parts = (_part(swap, terms.amount) for swap in swaps if isinstance(swap, Swap))
        return max(parts, default=Decimal(0)) or Decimal(1)

    return share


def _part(swap: Swap, amount: Decimal) -> Decimal:
    after_fee = PRICE.subtract(1, PRICE.divide(swap.fee, amount))
    return PRICE.multiply(after_fee, PRICE.subtract(1, swap.price_impact))
