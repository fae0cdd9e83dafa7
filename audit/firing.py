"""Whether an order fired on what it waits for, and neither ended too soon nor went on too long.

Prices are those of the order's own direction, token out per token in.
"""

from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import NamedTuple

from orders.events import AnyOrderEvent, OrderExpired, OrderRouted, OrderTriggered
from orders.tokens import same
from orders.values import Liquidity, Terms, Tick

_EXACT = Context(prec=100, traps=[])
"""What somebody falsified may be beyond all numbers: that is no price, and no reason to stop."""

_LAST_DIGIT = Decimal("1e-15")
"""The engine keeps prices to 18 significant digits: such a part of one may be rounding."""

_BROKERS_TICK = timedelta(milliseconds=1)
"""The broker's times are cut to this."""


class Rest(NamedTuple):
    """How an order rests that fell short: since when, how long, and at which price it fired."""

    since: datetime
    delay: timedelta
    fired_at: Decimal


def price_along(terms: Terms, tick: Tick) -> Decimal | None:
    """Return a tick's price in the direction of an order, None for a tick of another pair."""
    match tick.pair.split("/"):
        case [base, quote] if _are(terms, base, quote):
            return tick.price
        case [base, quote] if _are(terms, quote, base):
            return _EXACT.divide(Decimal(1), tick.price)
        case _:
            return None


def flaw_of(
    event: AnyOrderEvent, terms: Terms, fired_at: Decimal | None, appended_at: datetime
) -> str | None:
    """Return what is wrong with the moment of an event, or None.

    `fired_at` is the price at which a limit order fired last, `appended_at` the broker's time.
    """
    ends = terms.expires_at
    match event:
        case OrderExpired() if ends and ends - appended_at > _BROKERS_TICK:
            return f"expired at {appended_at}, its time is over at {ends}"
        case OrderTriggered() | OrderRouted() if ends and event.occurred_at >= ends:
            return f"went on at {event.occurred_at}, its time was over at {ends}"
        case OrderTriggered(tick=Tick() as tick):
            return _short_of_target(terms, tick)
        case OrderTriggered(liquidity=Liquidity() as pool):
            return _another_pool(terms, pool)
        case OrderRouted() if fired_at is not None:
            return _short_of_fees(event, terms, fired_at)
        case _:
            return None


def too_soon(event: AnyOrderEvent, terms: Terms, rest: Rest | None) -> str | None:
    """Return what is wrong with an order that fires again: its price is no better, or None.

    One moment is held against the other by the clock of who fired it: it had read the first.
    """
    if rest is None or not isinstance(event, OrderTriggered) or event.tick is None:
        return None
    price, waited = price_along(terms, event.tick), event.occurred_at - rest.since
    if waited >= rest.delay or (price is not None and price > rest.fired_at):
        return None
    told = f"fired again at {price:.18g}" if price is not None else "fired again"
    return f"{told} {waited} after it fell short at {rest.fired_at:.18g}, not {rest.delay}"


def _short_of_target(terms: Terms, tick: Tick) -> str | None:
    price, told = price_along(terms, tick), f"fired on {tick.pair} at {tick.price}"
    if price is None:
        return f"{told}, it swaps {terms.token_in} for {terms.token_out}"
    return None if _reaches(price, terms) else f"{told}, its target is {terms.target_price}"


def _short_of_fees(event: OrderRouted, terms: Terms, fired_at: Decimal) -> str | None:
    # The impact was another one when it fired. The least fee is a fixed part of the amount, and
    # known where every venue has quoted.
    kept = [terms.amount - quote.fee for quote in event.quotes if quote.fee < terms.amount]
    if event.attempt > 1 or event.failed_quotes or not kept:
        return None
    net = _EXACT.divide(_EXACT.multiply(fired_at, max(kept)), terms.amount)
    told = f"fired at {fired_at:.18g}, after the least fee {net:.18g}"
    return None if _reaches(net, terms) else f"{told}, its target is {terms.target_price}"


def _another_pool(terms: Terms, pool: Liquidity) -> str | None:
    told = f"fired on {pool.usd} USD in {pool.pool}'s pool of {pool.token}"
    if not same(pool.token, terms.token_out):
        return f"{told}, it waits for {terms.token_out}"
    if terms.pool_provider not in {None, pool.pool}:
        return f"{told}, it waits for one of {terms.pool_provider}"
    least = terms.min_liquidity or Decimal(0)
    if pool.usd < least or not pool.usd:
        return f"{told}, it waits for {least}" if least else f"{told}, which is none"
    return None


def _reaches(price: Decimal, terms: Terms) -> bool:
    target = terms.target_price or Decimal(0)
    return price >= _EXACT.multiply(target, Decimal(1) - _LAST_DIGIT)


def _are(terms: Terms, token_in: str, token_out: str) -> bool:
    return same(token_in, terms.token_in) and same(token_out, terms.token_out)
