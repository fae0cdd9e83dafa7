"""The orders of a partition that look at the market: which fire, on what, and which are asked for.

A limit order that never fell short fires on the tick itself. One that did does so on a tick that is
much better than the one it fell short on; on any other it fires again when the venues, asked first,
reach its price: so orders just out of reach write nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

from orders.pairs import canonical, price_along
from orders.retry import sure_price
from orders.state import New, Open, Resting
from orders.values import Liquidity, Tick
from streams.backoff import Pauses
from streams.book import Book, Share, side_of, sides_of
from streams.market import MarketView
from streams.rounds import Rounds
from streams.snipers import Snipers, fits

Seen: TypeAlias = Tick | Liquidity
Gather: TypeAlias = Callable[[New | Resting, Liquidity], None]
Priced: TypeAlias = tuple[Decimal, Tick]
"""A tick, and its price in an order's own direction."""


class Turns(Protocol):
    """Whatever takes one order after the other."""

    def put(self, order_id: str, *, ahead: bool = False) -> None:
        """Let the order have its turn, `ahead` of all that are not."""
        ...


class RestingOrders:
    """Knows what each order that may fire now has seen: `seen`, until the order moves on."""

    def __init__(self, market: MarketView, share: Share, firing: Turns, asking: Turns) -> None:
        self._market = market
        self._book = Book(share)
        self._snipers = Snipers()
        self._pauses = Pauses()
        self._asked: dict[str, Priced] = {}
        self._in_vain: dict[str, Decimal] = {}
        self._rounds = Rounds()
        self._firing = firing
        self._asking = asking
        self._gather: Gather = self.fire
        self._gathered: set[str] = set()
        self._looks_back = False
        self.seen: dict[str, Seen] = {}

    def gather(self, gather: Gather) -> None:
        """Hand over the snipers whose pool was known already, instead of firing them."""
        self._gather = gather

    def moved(self, before: Open | None, order: Open) -> None:
        """Follow an order to its next state."""
        if before is not None:
            self.forget(before)
        if isinstance(order, Resting):
            self._rest(order)

    def forget(self, order: Open) -> None:
        """Forget an order that moves on or ends."""
        self.seen.pop(order.placement.order_id, None)
        self._gathered.discard(order.placement.order_id)
        if isinstance(order, Resting):
            self._leave(order)

    def go_live(self) -> None:
        """Begin: while prices are silent, the first that comes shows what was missed before it."""
        self._looks_back = self._market.silent

    def look(self, order: New | Resting) -> None:
        """Fire, or ask for, an order that finds the market as it wants it, or would have of late.

        A price counts that came after the order came to rest, or the present one.
        """
        terms, order_id = order.placement.terms, order.placement.order_id
        if order_id in self.seen:
            return
        if terms.is_sniper:
            pools = self._market.pools(terms.token_out)
            if pool := next((one for one in pools if fits(terms, one)), None):
                self._gathered.add(order_id)
                self._gather(order, pool)
        elif isinstance(order, New):
            now = self._market.now(side_of(terms))
            if now and self._book.reaches(order, now[0]):
                self.fire(order, now[1])
        elif order_id in self._book and not self._look_now(order):
            best = self._market.best_since(side_of(terms), order.since or order.updated_at)
            if best and self._book.fires(order, best[0]):
                self._reached(order, best)

    def hear(self, tick: Tick, orders: Mapping[str, Open]) -> None:
        """Fire the orders that reach their price by this tick."""
        for side, price in sides_of(tick):
            for order_id in self._book.reached(side, price):
                if isinstance(order := orders.get(order_id), Resting):
                    self._reached(order, (price, tick))
        if self._looks_back:
            self._looks_back = False
            for order in list(orders.values()):
                if isinstance(order, Resting):
                    self.look(order)

    def found(self, pool: Liquidity) -> list[Resting]:
        """Return the snipers that fire on a pool; they wait for no other.

        A deeper pool has less impact: limit orders of its token may reach their price sooner.
        """
        self._rounds.sooner(self._book.of_token(pool.token))
        return self._snipers.reached(pool)

    def fire(self, order: New | Resting, seen: Seen) -> None:
        """Let an order fire on what was seen."""
        if isinstance(order, Resting):
            self._leave(order)
        self._gathered.discard(order.placement.order_id)
        self.seen[order.placement.order_id] = seen
        self._firing.put(order.placement.order_id, ahead=order.placement.terms.is_sniper)

    def is_gathered(self, order: Open) -> bool:
        """Return whether a new sniper is about to fire with others: it does not rest before."""
        return isinstance(order, New) and order.placement.order_id in self._gathered

    def is_asked_for(self, order_id: str) -> bool:
        """Return whether the venues are to say if they reach an order's price."""
        return order_id in self._asked

    def answered(self, order: Resting, now: datetime, *, reached: bool) -> None:
        """Fire an order whose price the venues reach, on the tick that did; else leave it alone."""
        if not (asked := self._asked.pop(order.placement.order_id, None)):
            return
        last = self._market.now(side_of(order.placement.terms))
        if reached and last:
            self.fire(order, asked[1])
            return
        in_vain = max(asked[0], last[0]) if last else asked[0]
        self._in_vain[order.placement.order_id] = max(in_vain, self._fell_short_at(order))
        self._pauses.again(order.placement.order_id, now)
        self._book.add(order, above=in_vain)

    def end_pauses(self, now: datetime, orders: Mapping[str, Open]) -> None:
        """Let those orders be asked for at their price again whose pause is over."""
        for order_id in self._pauses.over(now):
            order = orders.get(order_id)
            if isinstance(order, Resting) and order_id in self._book:
                self._book.add(order)
                self._look_now(order)

    def price_anew(self, orders: Mapping[str, Open]) -> None:
        """Figure out, of some orders in their turn, at which price they fire: the next tick tells.

        Those that pause or are asked for fire only on a better one, and are added again afterwards.
        """
        for order_id in self._rounds.next(self._book):
            order = orders.get(order_id)
            is_held = order_id in self._pauses or order_id in self._asked
            if order_id in self._book and not is_held and isinstance(order, Resting):
                self._book.add(order)

    def _look_now(self, order: Resting) -> bool:
        now = self._market.now(side_of(order.placement.terms))
        reached = now is not None and self._book.fires(order, now[0])
        if now and reached:
            self._reached(order, now)
        return reached

    def _reached(self, order: Resting, priced: Priced) -> None:
        order_id, sure = order.placement.order_id, self._sure(order)
        if priced[0] >= sure:
            self.fire(order, priced[1])
            return
        # Thousands may be asked for before it: a price that is sure waits for no answer.
        self._book.add_at(order, sure)
        self._asked[order_id] = priced
        self._pauses.hold(order_id)
        self._asking.put(order_id)

    def _sure(self, order: Resting) -> Decimal:
        """The price from which on the order fires unasked."""
        if order.delay is None:
            return Decimal(0)
        return sure_price(self._fell_short_at(order), order.delay)

    def _fell_short_at(self, order: Resting) -> Decimal:
        """The best price that was not enough: it fired at it, or was asked for in vain since."""
        known = _fired_at(order) or order.placement.terms.target_price or Decimal(0)
        return max(known, self._in_vain.get(order.placement.order_id, known))

    def _rest(self, order: Resting) -> None:
        if order.placement.terms.is_sniper:
            self._snipers.add(order)
        elif order.delay is None:
            self._book.add(order)
        else:
            self._pauses.begin(order)
            self._book.add(order, above=_fired_at(order))

    def _leave(self, order: Resting) -> None:
        if order.placement.terms.is_sniper:
            self._snipers.remove(order)
        else:
            self._book.remove(order)
            self._pauses.forget(order.placement.order_id)
            self._asked.pop(order.placement.order_id, None)
            self._in_vain.pop(order.placement.order_id, None)


def _fired_at(order: Resting) -> Decimal | None:
    terms = order.placement.terms
    if order.fired_at is None:
        return None
    return price_along(canonical(terms.token_in, terms.token_out), order.fired_at, terms.token_in)
