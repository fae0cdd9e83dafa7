"""What happens to an order beside its attempts, in sentences: it rests, fires, is amended, ends."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from pydantic.alias_generators import to_camel

from api.messages import Beside
from api.tellings import Data, reason_data, seconds, told
from orders.events import (
    AnyWish,
    OrderAmended,
    OrderAmendRejected,
    OrderAmendRequested,
    OrderCancelled,
    OrderCancelRequested,
    OrderExpired,
    OrderRested,
    OrderTriggered,
)
from orders.pairs import price_along
from orders.values import Terms


@dataclass(slots=True)
class Standing:
    """What later sentences are held against: the terms as they are, the price it fired on."""

    terms: Terms | None = None
    fired_at: Decimal | None = None


def told_beside(event: Beside, standing: Standing) -> tuple[str, Data]:
    """Return the sentence and the figures of an event; the standing is moved on."""
    match event:
        case OrderRested():
            return _rested(event, standing)
        case OrderTriggered():
            standing.fired_at = event.tick.price if event.tick else None
            return _triggered(event, standing.terms)
        case OrderAmended():
            changes = _changes(standing.terms, event.terms)
            standing.terms, standing.fired_at = event.terms, None
            return f"Amended: {_listed(changes)}.", changes
        case OrderCancelled():
            return f"Cancelled after {event.attempts} attempt(s).", {"attempts": event.attempts}
        case OrderExpired():
            text = f"Its time was over after {event.attempts} attempt(s)."
            return text, {"attempts": event.attempts}
        case _:
            return _wished(event, standing)


def waits_for(terms: Terms) -> str:
    """Return what an order waits for and how long it may, as the end of a sentence."""
    text = ""
    if terms.target_price is not None:
        text = f", once {_target(terms, terms.target_price)} after fee and impact"
    if terms.order_type == "sniper":
        text = f", as soon as there is {_pool(terms)}"
    if terms.time_in_force == "IOC":
        text += ", in one attempt"
    return text + (f", until {terms.expires_at:%Y-%m-%d %H:%M:%S} UTC" if terms.expires_at else "")


def _target(terms: Terms, price: Decimal) -> str:
    return f"1 {terms.token_in} gives {price:f} {terms.token_out}"


def _pool(terms: Terms) -> str:
    text = f"a pool of {terms.token_out}"
    if terms.pool_provider:
        text += f" at {terms.pool_provider}"
    return text if terms.min_liquidity is None else f"{text} with {terms.min_liquidity:f} USD in it"


def _rested(event: OrderRested, standing: Standing) -> tuple[str, Data]:
    figures: Data = {"rests": event.rests}
    if event.reason is None:
        return _first_rest(standing.terms), figures
    figures["reason"] = reason_data(event.reason)
    text = f"Back at rest ({told(event.reason)})"
    if event.delay is not None:
        wait = figures["delaySeconds"] = seconds(event.delay)
        text += f"; it may fire again on a better price, or after {wait:f} s"
    return f"{text}.", figures


def _first_rest(terms: Terms | None) -> str:
    match terms:
        case Terms(target_price=Decimal() as price):
            return f"Waits until {_target(terms, price)}."
        case Terms():
            return f"Waits until there is {_pool(terms)}."
        case _:
            return "Waits for the market."


def _triggered(event: OrderTriggered, terms: Terms | None) -> tuple[str, Data]:
    if (tick := event.tick) is not None:
        text = f"{tick.pair} came to {tick.price:f}"
        if terms is not None and terms.target_price is not None:
            price = price_along(tick.pair, tick.price, terms.token_in)
            wanted = f"wanted is {terms.target_price:f} after fee and impact"
            text += f" ({_target(terms, price)}, {wanted})"
        text += ": its first attempt may start."
        return text, {"pair": tick.pair, "price": tick.price, "seenAt": tick.at}
    if (pool := event.liquidity) is not None:
        there = f"{pool.pool} has {pool.usd:f} USD in a pool of {pool.token}"
        figures: Data = {"pool": pool.pool, "token": pool.token, "liquidity": pool.usd}
        figures |= {"price": pool.price, "seenAt": pool.at}
        return f"{there}: its first attempt may start.", figures
    return "Its first attempt may start.", {}


def _wished(event: AnyWish, standing: Standing) -> tuple[str, Data]:
    match event:
        case OrderCancelRequested():
            return f"{_who(event.user_id)} asked to cancel it.", {"userId": event.user_id}
        case OrderAmendRequested():
            changes = _changes(standing.terms, event.terms)
            text = f"{_who(event.user_id)}, who saw version {event.seen_version}, asked for other"
            figures: Data = {"userId": event.user_id, "seenVersion": event.seen_version}
            return f"{text} terms: {_listed(changes)}.", {**figures, **changes}
        case OrderAmendRejected():
            text = f"The other terms were refused ({told(event.reason)})."
            return text, {"reason": reason_data(event.reason)}
        case _:
            assert_never(event)


def _who(user_id: str | None) -> str:
    return user_id or "Somebody"


def _changes(old: Terms | None, new: Terms) -> Data:
    """Return what differs, by the names of the API."""
    names = Terms.__struct_fields__
    return {
        to_camel(name): getattr(new, name)
        for name in names
        if old is None or getattr(old, name) != getattr(new, name)
    }


def _listed(changes: Data) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in changes.items()) or "no change"


def _shown(value: object) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case None:
            return "none any more"
        case _:
            return str(value)
