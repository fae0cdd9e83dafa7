"""Why an order went as it did: its events told in sentences, with the figures behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from api.explain_rest import Standing, told_beside, waits_for
from api.history import events_of
from api.rows import EventRow
from api.tellings import Data, percent, reason_data, seconds, told
from orders.events import (
    AnyOrderEvent,
    OrderExecuted,
    OrderFailed,
    OrderPlaced,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
)
from orders.routing import best_quote
from orders.values import MONEY, PRICE, Quote, Terms


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the story: where it stands, what happened, and the figures."""

    seq: int
    version: int | None
    type: str
    at: datetime
    text: str
    data: Data


def explained(rows: Iterable[EventRow]) -> list[Step]:
    """Return the story of one order, from its events, oldest first."""
    teller = _Teller()
    return [
        Step(row.seq, event.version, event.type, row.appended_at, *teller.tell(row, event))
        for row, event in events_of(rows)
    ]


class _Teller:
    """Tells event after event; it remembers what later ones are held against."""

    def __init__(self) -> None:
        self._standing = Standing()
        self._placed_at: datetime | None = None
        self._routed: OrderRouted | None = None
        self._scheduled_at: datetime | None = None

    def tell(self, row: EventRow, event: AnyOrderEvent) -> tuple[str, Data]:
        """Return the sentence and the figures of the next event."""
        match event:
            case OrderPlaced():
                self._standing.terms, self._placed_at = event.terms, row.appended_at
                return _placed(event)
            case OrderRouted():
                self._routed = event
                return _routed(event, self._token_out)
            case OrderExecuted():
                took = seconds(row.appended_at - (self._placed_at or row.appended_at))
                return _executed(event, self._routed, self._standing.terms, took)
            case OrderRetryScheduled():
                self._scheduled_at = row.appended_at
                return _retry_scheduled(event)
            case OrderRetryDue():
                waited = seconds(row.appended_at - (self._scheduled_at or row.appended_at))
                text = f"Attempt {event.attempt} may start"
                return f"{text}, {waited:f} s after the last one failed.", {"waitedSeconds": waited}
            case OrderFailed():
                text = f"{told(event.reason)}: the order failed after {event.attempts} attempt(s)."
                return text, {"attempts": event.attempts, "reason": reason_data(event.reason)}
            case _:
                return told_beside(event, self._standing)

    @property
    def _token_out(self) -> str:
        return self._standing.terms.token_out if self._standing.terms else ""


def _placed(event: OrderPlaced) -> tuple[str, Data]:
    terms = event.terms
    text = (
        f"Placed: swap {terms.amount:f} {terms.token_in} for {terms.token_out}, "
        f"at most {percent(terms.slippage)} below the quote{waits_for(terms)}."
    )
    figures: Data = {
        "tokenIn": terms.token_in,
        "tokenOut": terms.token_out,
        "amount": terms.amount,
        "slippage": terms.slippage,
        "notAfter": event.not_after,
    }
    return text, figures | _wanted(terms)


def _wanted(terms: Terms) -> Data:
    """Return what only some orders have."""
    wanted: Data = {
        "targetPrice": terms.target_price,
        "expiresAt": terms.expires_at,
        "poolProvider": terms.pool_provider,
        "minLiquidity": terms.min_liquidity,
    }
    said = {name: value for name, value in wanted.items() if value is not None}
    return {"orderType": terms.order_type, "timeInForce": terms.time_in_force, **said}


def _routed(event: OrderRouted, token: str) -> tuple[str, Data]:
    offered = sorted(event.quotes, key=lambda quote: (-quote.amount_out, quote.venue))
    best, worst = offered[0], offered[-1]
    chosen = next((quote for quote in offered if quote.venue == event.venue), best)
    best_choice = best_quote(event.quotes)
    figures: Data = {
        "attempt": event.attempt,
        "venue": event.venue,
        "minAmountOut": event.min_amount_out,
        "quotes": [_quote(quote, chosen, best) for quote in offered],
        "failedQuotes": [
            {"venue": failed.venue, "reason": reason_data(failed.reason)}
            for failed in event.failed_quotes
        ],
        "costAgainstBest": MONEY.subtract(best.amount_out, chosen.amount_out),
        "gainAgainstWorst": MONEY.subtract(chosen.amount_out, worst.amount_out),
        "recomputed": best_choice is not None and best_choice.venue == event.venue,
    }
    return _why(event, chosen, offered, token), figures


def _why(event: OrderRouted, chosen: Quote, offered: Sequence[Quote], token: str) -> str:
    text = f"Attempt {event.attempt}: {event.venue} offered {chosen.amount_out:f} {token}"
    others = [quote for quote in offered if quote is not chosen]
    if others:
        more = MONEY.subtract(chosen.amount_out, others[-1].amount_out)
        text += f", {more:f} more than {others[-1].venue}"
    else:
        text += ", the only quote"
    for failed in event.failed_quotes:
        text += f"; {failed.venue} gave none ({failed.reason.code})"
    return f"{text}. At least {event.min_amount_out:f} must come out."


def _quote(quote: Quote, chosen: Quote, best: Quote) -> Data:
    return {
        "venue": quote.venue,
        "amountOut": quote.amount_out,
        "price": quote.price,
        "fee": quote.fee,
        "priceImpact": quote.price_impact,
        "quotedAt": quote.quoted_at,
        "chosen": quote is chosen,
        "behindBest": MONEY.subtract(best.amount_out, quote.amount_out),
    }


def _executed(
    event: OrderExecuted, routed: OrderRouted | None, terms: Terms | None, took: Decimal
) -> tuple[str, Data]:
    fill = event.fill
    quoted = next(
        (q.amount_out for q in (routed.quotes if routed else ()) if q.venue == event.venue), None
    )
    slipped = _slippage(quoted, fill.amount_out) if quoted else None
    paid, got = (terms.token_in, terms.token_out) if terms else ("", "")
    text = f"{event.venue} gave {fill.amount_out:f} {got} for {fill.amount_in:f} {paid}"
    if slipped is not None:
        text += f", {percent(abs(slipped))} {'less' if slipped > 0 else 'more'} than it quoted"
    text += f"; its fee was {fill.fee:f} {paid}."
    return text, {
        "attempt": event.attempt,
        "venue": event.venue,
        "amountIn": fill.amount_in,
        "amountOut": fill.amount_out,
        "executedPrice": fill.executed_price,
        "quotedAmountOut": quoted,
        "slippage": slipped,
        "fee": fill.fee,
        "txHash": fill.tx_hash,
        "secondsSincePlaced": took,
    }


def _retry_scheduled(event: OrderRetryScheduled) -> tuple[str, Data]:
    delay = seconds(event.delay)
    text = f"Attempt {event.attempt} failed ({told(event.reason)}); the next waits {delay:f} s."
    figures = {"attempt": event.attempt, "reason": reason_data(event.reason), "delaySeconds": delay}
    return text, figures


def _slippage(quoted: Decimal, got: Decimal) -> Decimal:
    """The part of the quote that did not come out; below zero when more came."""
    return PRICE.divide(MONEY.subtract(quoted, got), quoted)
