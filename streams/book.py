"""Limit orders at rest, by the price at which they fire. Pure: no clock and no Kafka in here.

A price is that of an order's own direction, token out per token in; of each pair there are two.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, Context, Decimal
from typing import TypeAlias

from sortedcontainers import SortedList

from orders.pairs import price_along, symbol_of, tokens_of
from orders.state import New, Resting
from orders.values import PRICE, Terms, Tick

Side: TypeAlias = tuple[str, str]
Share: TypeAlias = Callable[[Terms], Decimal]
"""What part of the market's price the cheapest venue gives for an order, after fee and impact."""

_Place: TypeAlias = tuple[int, str]

_LAST = "~"
"""Sorts behind every order id."""

_DIGITS = Context(prec=80, rounding=ROUND_CEILING)
_FINEST = Decimal("1e-40")
_MOST = Decimal("1e100")
"""Higher prices are as good as this one: a market may be put at the least of numbers."""

_NEVER = 10**1000
"""Beyond every price."""

logger = logging.getLogger(__name__)


def _whole(price: Decimal) -> int:
    """The price in a unit finer than any price: a whole number takes half the room of a Decimal."""
    return int(_DIGITS.divide(min(price, _MOST), _FINEST).to_integral_value(context=_DIGITS))


def side_of(terms: Terms) -> Side:
    """Return the direction of an order's pair: the symbols of token in and token out."""
    return symbol_of(terms.token_in), symbol_of(terms.token_out)


def sides_of(tick: Tick) -> Iterator[tuple[Side, Decimal]]:
    """Yield both directions of a tick's pair with their prices."""
    base, quote = tokens_of(tick.pair)
    yield (base, quote), price_along(tick.pair, tick.price, base)
    yield (quote, base), price_along(tick.pair, tick.price, quote)


class Book:
    """Orders sorted by price: a tick costs the logarithm of their number, and those that fire.

    What fee and impact leave of a price may change while an order is here: it is as of when the
    order was added last.
    """

    def __init__(self, share: Share) -> None:
        self._share = share
        self._sides: defaultdict[Side, SortedList[_Place]] = defaultdict(SortedList)
        self._places: dict[str, _Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, order_id: object) -> bool:
        return order_id in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def of_token(self, name: str) -> Iterator[str]:
        """Yield the orders that sell or buy a token."""
        for side, places in self._sides.items():
            if symbol_of(name) in side:
                yield from (order_id for _, order_id in places)

    def reaches(self, order: New | Resting, price: Decimal) -> bool:
        """Return whether a venue gives a limit order its target price at this price."""
        return _whole(price) >= self._target(order)

    def add(self, order: Resting, above: Decimal | None = None) -> None:
        """Let the order fire at its price; if `above` is given, only on a better one than that."""
        target = self._target(order)
        self._put(order, max(target, _whole(above) + 1) if above else target)

    def add_at(self, order: Resting, price: Decimal) -> None:
        """Let the order fire at this price, which is better than its own."""
        self._put(order, _whole(price))

    def remove(self, order: Resting) -> None:
        """Let the order fire no more, whether it is here or not."""
        if place := self._places.pop(order.placement.order_id, None):
            self._sides[side_of(order.placement.terms)].remove(place)

    def fires(self, order: Resting, price: Decimal) -> bool:
        """Return whether the order, if it is here, fires at this price."""
        place = self._places.get(order.placement.order_id)
        return place is not None and place <= (_whole(price), _LAST)

    def reached(self, side: Side, price: Decimal) -> list[str]:
        """Return the orders that fire at this price, and keep them no longer."""
        if not (places := self._sides.get(side)):
            return []
        count = places.bisect_right((_whole(price), _LAST))
        fired = [order_id for _, order_id in places[:count]]
        del places[:count]
        for order_id in fired:
            del self._places[order_id]
        return fired

    def _target(self, order: New | Resting) -> int:
        """The price of the market at which a venue gives the order its target price.

        No venue's part being known, that is the target price itself. One that cannot be reckoned is
        told once and reached by no price, until it is reckoned anew.
        """
        terms, place = order.placement.terms, self._places.get(order.placement.order_id)
        try:
            part = self._share(terms) or Decimal(1)
            return _whole(PRICE.divide(terms.target_price or Decimal(0), part))
        except (ArithmeticError, ValueError):
            if place is None or place[0] != _NEVER:
                about = {"order_id": order.placement.order_id}
                logger.exception("an order's price cannot be reckoned", extra=about)
            return _NEVER

    def _put(self, order: Resting, price: int) -> None:
        self.remove(order)
        place = price, order.placement.order_id
        self._places[order.placement.order_id] = place
        self._sides[side_of(order.placement.terms)].add(place)
