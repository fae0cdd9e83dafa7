"""The routes that list orders, of both families of clients."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api import cursor, errors, list_errors, schemas
from api.answers import json_answer
from api.callers import caller_of
from api.errors import Refusal
from api.openapi import failures
from api.parts import PartsOf
from api.placement import is_user_id
from api.ports import OrderRow
from api.selection import Place, Wanted
from orders.state import Status

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
LEGACY_LIMIT = 50

_OF_READS = (
    errors.INVALID_LOG_POSITION,
    errors.ENGINE_BUSY,
    errors.PROJECTION_LAGGING,
    errors.PROJECTION_UNAVAILABLE,
)
_READ_ERRORS = failures(*_OF_READS)
_LIST_ERRORS = failures(
    list_errors.INVALID_LIMIT,
    list_errors.INVALID_CURSOR,
    list_errors.INVALID_STATUS,
    errors.INVALID_USER_ID,
    *_OF_READS,
)

router = APIRouter(tags=["orders"])


@router.get("/api/orders", response_model=schemas.OrderPage, responses=_LIST_ERRORS)
async def orders(
    request: Request,
    parts: PartsOf,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    after: Annotated[str | None, Query(alias="cursor", description="Of the last page.")] = None,
    status: Annotated[Status | None, Query()] = None,
    user_id: Annotated[str | None, Query(alias="userId", max_length=128)] = None,
) -> Response:
    """List orders, newest first. Pages neither repeat nor skip an order while new ones arrive."""
    if user_id is not None and not is_user_id(user_id):
        raise Refusal(errors.INVALID_USER_ID)
    user_id = caller_of(request).whose(user_id)
    place = _place_of(after)
    await parts.positions.passed(request)
    page = await parts.read_model.page(Wanted(status, user_id), limit + 1, place)
    shown = page.orders[:limit]
    view = schemas.OrderPage(
        total=page.total,
        orders=[schemas.order_view(row) for row in shown],
        next_cursor=_cursor_after(shown[-1]) if len(page.orders) > limit else None,
        timestamp=parts.clock(),
    )
    return json_answer(view)


@router.get(
    "/orders",
    response_model=list[schemas.LegacyOrder],
    responses=_READ_ERRORS,
)
async def newest_orders(request: Request, parts: PartsOf) -> Response:
    """List the newest 50 orders."""
    await parts.positions.passed(request)
    mine = Wanted(user_id=caller_of(request).whose(None))
    page = await parts.read_model.page(mine, LEGACY_LIMIT, None)
    return json_answer([schemas.legacy_order(row) for row in page.orders])


def _place_of(text: str | None) -> Place | None:
    if text is None:
        return None
    place = cursor.decode(text)
    if place is None:
        raise Refusal(list_errors.INVALID_CURSOR)
    return place


def _cursor_after(row: OrderRow) -> str:
    return cursor.encode(Place(row.created_at, row.order_id))
