"""Figures and reasons as the stories of orders tell them."""

from datetime import timedelta
from decimal import Decimal

from api.messages import reason_text
from orders.errors import Reason
from orders.values import MONEY

Data = dict[str, object]
"""The figures behind a sentence."""


def reason_data(reason: Reason) -> Data:
    """Return a reason for programs."""
    return {"code": reason.code.value, "message": reason.message, "retryable": reason.retryable}


def told(reason: Reason) -> str:
    """Return a reason for people."""
    return reason_text(reason.code, reason.message) or ""


def percent(fraction: Decimal) -> str:
    """Return a fraction for people."""
    return f"{round(fraction * 100, 4).normalize():f} %"


def seconds(delay: timedelta) -> Decimal:
    """Return a delay in seconds, every digit kept."""
    return Decimal(delay // timedelta(microseconds=1)).scaleb(-6).normalize(MONEY)
