"""The errors of each route as they are sent, for the documentation."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from api import errors, placing_errors
from api.errors import Kind, Refusal
from api.placement import Form
from api.placing import outcome_unknown, void
from api.repeats import MAYBE_PLACED, NOT_PLACED, unread
from api.shapes import ORDER_ID
from orders.commands import PlaceOrder, Stamp
from orders.decider import decide
from orders.events import OrderPlaced
from orders.retry import RetryPolicy
from orders.state import UNPLACED
from orders.values import Terms

PLACED_AT = datetime(2025, 1, 1, 12, tzinfo=UTC)
SOL, USDC = "SOL", "USDC"
_TERMS = Terms(
    token_in=SOL,
    token_out=USDC,
    amount=Decimal(10),
    slippage=Decimal("0.01"),
)

_OF_AMOUNT = (
    placing_errors.MISSING_AMOUNT,
    placing_errors.INVALID_AMOUNT_TYPE,
    placing_errors.INVALID_AMOUNT,
)
_OF_CONDITIONS = (
    placing_errors.UNKNOWN_MEMBER,
    placing_errors.MISSING_TARGET_PRICE,
    placing_errors.INVALID_TARGET_PRICE,
    placing_errors.UNKNOWN_TOKEN,
    placing_errors.INVALID_POOL_PROVIDER,
    placing_errors.INVALID_MIN_LIQUIDITY,
    placing_errors.MISPLACED_CONDITION,
)
_ANY_PLACEMENT = (
    placing_errors.MISSING_TOKEN_IN,
    placing_errors.MISSING_TOKEN_OUT,
    placing_errors.INVALID_SLIPPAGE_TYPE,
    placing_errors.INVALID_SLIPPAGE_RANGE,
    placing_errors.INVALID_TOKEN_IN,
    placing_errors.INVALID_TOKEN_OUT,
    placing_errors.SAME_TOKEN_SWAP,
    errors.INVALID_USER_ID,
    placing_errors.INVALID_CLIENT_ORDER_ID,
    placing_errors.INVALID_TAGS,
    placing_errors.INVALID_ORDER_TYPE,
    placing_errors.INVALID_EXPIRES_AT,
    placing_errors.INVALID_TIME_IN_FORCE,
    errors.INVALID_JSON,
    placing_errors.INVALID_FAULTS,
    placing_errors.FAULTS_DISABLED,
    errors.BODY_TIMEOUT,
    errors.BODY_TOO_LARGE,
    errors.ENGINE_BUSY,
)


def of_body() -> tuple[Kind, ...]:
    """Return how the reading of a body can fail."""
    return (errors.INVALID_JSON, errors.BODY_TIMEOUT, errors.BODY_TOO_LARGE)


ANYWHERE = (
    errors.BAD_REQUEST,
    errors.ROUTE_NOT_FOUND,
    errors.METHOD_NOT_ALLOWED,
    errors.HEAD_TIMEOUT,
    errors.HEAD_TOO_LARGE,
)
"""What no route answers: the request is no HTTP, or there is no such route."""


def of_form(form: Form) -> tuple[Kind | Refusal, ...]:
    """Return what can be wrong with an order in this form."""
    return (
        *_ANY_PLACEMENT,
        errors.MISSING_USER_ID if form.user_required else placing_errors.USER_REQUIRED,
        *(_OF_CONDITIONS if form.any_type else ()),
        *(Refusal(kind, field=form.amount) for kind in _OF_AMOUNT),
    )


def of_placement(form: Form) -> tuple[Kind | Refusal, ...]:
    """Return how a placement in this form can fail."""
    event = _placed()
    return (
        *of_form(form),
        Refusal(placing_errors.IDEMPOTENCY_CONFLICT, field=form.amount, orderId=ORDER_ID),
        outcome_unknown(event),
        void(event),
        unread(errors.PROJECTION_LAGGING, MAYBE_PLACED, ORDER_ID),
        unread(errors.PROJECTION_UNAVAILABLE, NOT_PLACED, ORDER_ID),
    )


def of_one_order() -> tuple[Kind | Refusal, ...]:
    """Return how the reading of an order can fail."""
    return (
        errors.ORDER_NOT_FOUND,
        Refusal(errors.PROJECTION_LAGGING, orderId=ORDER_ID, behind=12),
        errors.PROJECTION_UNAVAILABLE,
        Refusal(errors.LOG_UNAVAILABLE, orderId=ORDER_ID),
        errors.ENGINE_BUSY,
    )


def _placed() -> OrderPlaced:
    command = PlaceOrder(
        order_id=ORDER_ID,
        user_id=None,
        client_order_id=None,
        tags=(),
        terms=_TERMS,
        not_after=PLACED_AT + timedelta(seconds=10),
        correlation_id=None,
        stamp=Stamp(ORDER_ID, PLACED_AT, "api"),
    )
    event = decide(command, UNPLACED, RetryPolicy())
    if not isinstance(event, OrderPlaced):
        raise TypeError("an order that is not there can always be placed")
    return event
