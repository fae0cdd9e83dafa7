"""Which venue an order goes to, and the least it may give there."""

from collections.abc import Sequence
from decimal import Decimal

from orders.errors import Code, Reason
from orders.events import FailedQuote
from orders.values import MONEY, Quote, Terms

_ZERO, _ONE = Decimal(0), Decimal(1)


def best_quote(quotes: Sequence[Quote]) -> Quote | None:
    """Return the quote with the highest amount out after fees, equal ones by venue name.

    A quote of nothing is no quote.
    """
    best: Quote | None = None
    for quote in quotes:
        if quote.amount_out > _ZERO and (
            best is None or (quote.amount_out, best.venue) > (best.amount_out, quote.venue)
        ):
            best = quote
    return best


def min_amount_out(quote: Quote, terms: Terms) -> Decimal:
    """Return quoted amount out x (1 - slippage), every digit kept, in units of token out.

    A limit order never takes less than its target price gives, whatever the slippage.
    """
    slipped = MONEY.multiply(quote.amount_out, MONEY.subtract(_ONE, terms.slippage))
    return max(slipped, terms.least_out)


def falls_short(quote: Quote, terms: Terms) -> Reason | None:
    """Return why the quote is no use for a limit order: it gives less than the target price."""
    if quote.amount_out >= terms.least_out:
        return None
    offered = f"{quote.venue} offers {quote.amount_out:f} {terms.token_out}"
    message = f"{offered}, the target price asks for {terms.least_out:f}"
    return Reason(code=Code.PRICE_NOT_REACHED, message=message)


def why_no_quote(failed: Sequence[FailedQuote]) -> Reason:
    """Return the reason an attempt without a usable quote failed.

    A venue that may quote next time keeps the order alive; only when every one refuses for good
    is the reason fatal.
    """
    reasons = [answer.reason for answer in failed]
    for reason in reasons:
        if reason.retryable:
            return reason
    nothing = Reason(code=Code.NO_LIQUIDITY, message="no venue offers anything for this amount")
    return reasons[0] if reasons else nothing
