"""What would become of an order now, judged from the quotes of all venues: pure.

The rule of routing is that of the workers, `orders.routing`; here it is only told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from api.amounts import DEFAULT_SLIPPAGE
from api.messages import reason_text
from api.tellings import percent
from orders.errors import Reason
from orders.events import FailedQuote
from orders.retry import RetryPolicy
from orders.routing import best_quote, falls_short, min_amount_out, why_no_quote
from orders.values import MONEY, PRICE, Quote, Terms

HIGH_IMPACT = Decimal("0.01")
WIDE_SLIPPAGE = DEFAULT_SLIPPAGE
NARROW_SLIPPAGE = Decimal("0.001")
OLD_QUOTE = timedelta(seconds=5)


WarningCode = Literal[
    "NO_ROUTE",
    "HIGH_PRICE_IMPACT",
    "ONE_QUOTE_ONLY",
    "OLD_QUOTE",
    "WIDE_SLIPPAGE",
    "NARROW_SLIPPAGE",
    "PRICE_NOT_REACHED",
    "WAITS_FOR_A_POOL",
]


@dataclass(frozen=True, slots=True)
class Lead:
    """By how much the winner gives more than the next venue; the fraction is one of the next's."""

    venue: str
    amount_out: Decimal
    fraction: Decimal


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to look at before the order is placed."""

    code: WarningCode
    message: str


class Asked(NamedTuple):
    """What one venue answered, and how long that took."""

    answer: Quote | FailedQuote
    took: timedelta


@dataclass(frozen=True, slots=True)
class Forecast:
    """Every venue's answer, best first, and what follows from them.

    There is either a winner or the reason with which an attempt would end now.
    """

    terms: Terms
    asked: Sequence[Asked]
    winner: Quote | None
    lead: Lead | None
    failure: Reason | None
    why: str
    warnings: Sequence[Warned]


def forecast(terms: Terms, asked: Sequence[Asked], now: datetime) -> Forecast:
    """Return what would become of an order with these terms, had a worker these answers now."""
    quotes = [one.answer for one in asked if isinstance(one.answer, Quote)]
    failed = [one.answer for one in asked if isinstance(one.answer, FailedQuote)]
    ranked = sorted(asked, key=lambda one: _rank(one.answer))
    winner = best_quote(quotes)
    if winner is None:
        reason = why_no_quote(failed)
        why = _no_route(reason, terms)
        warnings = [Warned("NO_ROUTE", why), *_of_terms(terms)]
        return Forecast(terms, ranked, None, None, reason, why, warnings)
    following = best_quote([quote for quote in quotes if quote is not winner])
    lead = _lead(winner, following) if following else None
    why = _why(winner, lead, terms, failed)
    warnings = [*_of_rest(winner, terms), *_of_winner(winner, lead, now), *_of_terms(terms)]
    return Forecast(terms, ranked, winner, lead, None, why, warnings)


def _rank(answer: Quote | FailedQuote) -> tuple[bool, Decimal, str]:
    if isinstance(answer, Quote):
        return False, -answer.amount_out, answer.venue
    return True, Decimal(0), answer.venue


def _lead(winner: Quote, following: Quote) -> Lead:
    more = MONEY.subtract(winner.amount_out, following.amount_out)
    return Lead(following.venue, more, PRICE.divide(more, following.amount_out))


def _why(winner: Quote, lead: Lead | None, terms: Terms, failed: Sequence[FailedQuote]) -> str:
    token = terms.token_out
    text = f"{winner.venue} offers {winner.amount_out:f} {token} after its fee"
    if lead is None:
        text += ", the only usable quote"
    elif lead.amount_out:
        text += f", {lead.amount_out:f} ({percent(lead.fraction)}) more than {lead.venue}"
    else:
        text += f", as much as {lead.venue}, and comes before it by name"
    for one in failed:
        text += f"; {one.venue} gave no quote ({one.reason.code})"
    return f"{text}. At least {min_amount_out(winner, terms):f} {token} must come out."


def _no_route(reason: Reason, terms: Terms) -> str:
    text = f"No venue would take it ({reason_text(reason.code, reason.message)})"
    if terms.order_type != "market":
        return f"{text}: an order would wait for {_WAITS[terms.order_type]}."
    if reason.retryable:
        retries = len(RetryPolicy().delays)
        return f"{text}: an order would be tried again, up to {retries} times, and then fail."
    return f"{text}: an order would fail at once."


_WAITS = {"limit": "its price", "sniper": "a pool"}


def _of_rest(winner: Quote, terms: Terms) -> list[Warned]:
    if terms.order_type == "sniper":
        told = "The order waits until liquidity is added to a pool of its token, or was before."
        return [Warned("WAITS_FOR_A_POOL", told)]
    short = falls_short(winner, terms)
    return [Warned("PRICE_NOT_REACHED", f"{short.message}: it waits.")] if short else []


def _of_winner(winner: Quote, lead: Lead | None, now: datetime) -> list[Warned]:
    warnings = []
    if winner.price_impact > HIGH_IMPACT:
        moves = f"The swap moves {winner.venue}'s price by {percent(winner.price_impact)}"
        warnings.append(Warned("HIGH_PRICE_IMPACT", f"{moves}: a smaller amount loses less."))
    if lead is None:
        only = f"Only {winner.venue} gave a usable quote: there is nothing to hold it against."
        warnings.append(Warned("ONE_QUOTE_ONLY", only))
    age = now - winner.quoted_at
    if age > OLD_QUOTE:
        told = f"{winner.venue}'s quote is {age.total_seconds():.0f} s old: the price has moved on."
        warnings.append(Warned("OLD_QUOTE", told))
    return warnings


def _refused(terms: Terms) -> str:
    """Return what becomes of an attempt that the chain refuses for its price."""
    if terms.time_in_force == "IOC":
        return "The order has then failed."
    if terms.order_type == "limit":
        return "The order then waits for its price again."
    return "The attempt is then made again."


def _of_terms(terms: Terms) -> list[Warned]:
    slippage = percent(terms.slippage)
    if terms.slippage > WIDE_SLIPPAGE:
        told = (
            f"The order accepts up to {slippage} less than is quoted: a smaller slippage is safer."
        )
        return [Warned("WIDE_SLIPPAGE", told)]
    if terms.slippage < NARROW_SLIPPAGE:
        told = f"The price may well move by more than {slippage} before the swap lands."
        return [Warned("NARROW_SLIPPAGE", f"{told} {_refused(terms)}")]
    return []
