"""A forecast as clients are told it."""

from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import Field

from api.forecast import Asked, Forecast, Lead, WarningCode
from api.shapes import TIME, Number, Shape
from orders.errors import Reason
from orders.routing import min_amount_out
from orders.values import Quote, Terms

_MILLISECOND = timedelta(milliseconds=1)


class ReasonView(Shape):
    """Why there is no quote."""

    code: str = Field(examples=["NO_LIQUIDITY"])
    message: str
    retryable: bool = Field(description="Whether another attempt may do better.")


class QuoteView(Shape):
    """What one venue answered: a quote, or `error`."""

    venue: str = Field(examples=["METEORA"])
    amount_out: Number | None = Field(description="After fee and impact.", examples=[1501.2])
    price: Number | None = Field(description="tokenOut per tokenIn.", examples=[150.12])
    fee: Number | None = Field(description="Units of tokenIn that it keeps.", examples=[0.03])
    price_impact: Number | None = Field(description="A fraction.", examples=[0.0004])
    min_amount_out: Number | None = Field(
        description="The least an order would accept there: amountOut x (1 - slippage), "
        "of a limit order never less than its target price gives.",
        examples=[1486.188],
    )
    quoted_at: datetime | None = Field(examples=[TIME])
    latency_ms: int = Field(description="How long the answer took.", examples=[203])
    error: ReasonView | None = None


class LeadView(Shape):
    """The next best quote, and how far it is behind."""

    venue: str = Field(examples=["RAYDIUM"])
    amount_out: Number = Field(description="How much more the winner gives.", examples=[0.52])
    fraction: Number = Field(description="The same, as a fraction of its quote.", examples=[0.0003])


class WinnerView(Shape):
    """The venue that an order would go to."""

    venue: str = Field(examples=["METEORA"])
    amount_out: Number = Field(examples=[1501.2])
    min_amount_out: Number = Field(examples=[1486.188])
    ahead_of: LeadView | None = Field(description="Null when there is no other quote.")


class WarningView(Shape):
    """Something to look at before the order is placed."""

    code: WarningCode
    message: str


class Preview(Shape):
    """What an order would meet now. Nothing was placed, and no price is held."""

    order_type: str = Field(examples=["market"])
    token_in: str = Field(examples=["SOL"])
    token_out: str = Field(examples=["USDC"])
    amount: Number = Field(examples=[10])
    slippage: Number = Field(examples=[0.01])
    target_price: Number | None = Field(description="Of a limit order.", examples=[151.2])
    quotes: list[QuoteView] = Field(description="Of every venue, best first.")
    winner: WinnerView | None = Field(description="Null when no venue would take the order.")
    error: ReasonView | None = Field(
        description="Without a winner: what an attempt would end with. Retryable ones are tried "
        "again, the others end the order."
    )
    why: str = Field(description="Why this venue, or why none, in a sentence.")
    warnings: list[WarningView]
    timestamp: datetime = Field(examples=[TIME])


def preview_view(seen: Forecast, now: datetime) -> Preview:
    """Return a forecast for a client."""
    terms = seen.terms
    return Preview(
        order_type=terms.order_type,
        token_in=terms.token_in,
        token_out=terms.token_out,
        amount=terms.amount,
        slippage=terms.slippage,
        target_price=terms.target_price,
        quotes=[_answered(one, terms) for one in seen.asked],
        winner=_winner(seen.winner, seen.lead, terms) if seen.winner else None,
        error=_reason(seen.failure) if seen.failure else None,
        why=seen.why,
        warnings=[WarningView(code=one.code, message=one.message) for one in seen.warnings],
        timestamp=now,
    )


def _answered(asked: Asked, terms: Terms) -> QuoteView:
    answer, latency_ms = asked.answer, round(asked.took / _MILLISECOND)
    if isinstance(answer, Quote):
        return QuoteView(
            venue=answer.venue,
            amount_out=answer.amount_out,
            price=answer.price,
            fee=answer.fee,
            price_impact=answer.price_impact,
            min_amount_out=min_amount_out(answer, terms),
            quoted_at=answer.quoted_at,
            latency_ms=latency_ms,
        )
    return QuoteView(
        venue=answer.venue,
        amount_out=None,
        price=None,
        fee=None,
        price_impact=None,
        min_amount_out=None,
        quoted_at=None,
        latency_ms=latency_ms,
        error=_reason(answer.reason),
    )


def _winner(winner: Quote, lead: Lead | None, terms: Terms) -> WinnerView:
    least: Decimal = min_amount_out(winner, terms)
    ahead_of = None
    if lead is not None:
        ahead_of = LeadView(venue=lead.venue, amount_out=lead.amount_out, fraction=lead.fraction)
    return WinnerView(
        venue=winner.venue, amount_out=winner.amount_out, min_amount_out=least, ahead_of=ahead_of
    )


def _reason(reason: Reason) -> ReasonView:
    return ReasonView(code=reason.code.value, message=reason.message, retryable=reason.retryable)
