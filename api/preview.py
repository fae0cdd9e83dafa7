"""The route that looks at an order before it is placed."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import errors, placing_errors, placing_schemas
from api.answers import json_answer
from api.body import json_object
from api.callers import caller_of
from api.examples import of_form
from api.forecast_views import Preview, preview_view
from api.openapi import failures, takes
from api.ordering import looked_at, only_validated, wish_of
from api.parts import parts_of
from api.placement import ANY_TYPE
from api.placements import CLIENT_ORDER_ID, FAULTS

PREVIEW_PATH = "/api/orders/preview"

router = APIRouter(tags=["orders"])
"""Its route takes the bare request."""


@router.post(
    PREVIEW_PATH,
    response_model=Preview,
    responses=failures(
        placing_errors.INVALID_VALIDATE_ONLY, errors.LOG_UNAVAILABLE, *of_form(ANY_TYPE)
    ),
    openapi_extra=takes(placing_schemas.OrderRequest, CLIENT_ORDER_ID, FAULTS),
)
async def preview(request: Request) -> Response:
    """Ask every venue what an order would get now, and where it would go. Places nothing.

    Takes what `/api/orders` takes. That no venue would take the order is an answer too: 200 with
    no `winner`, and in `error` what an attempt would end with. A limit order whose price is not
    reached now would wait, which a warning tells.
    """
    parts = parts_of(request)
    document = await json_object(request)
    only_validated(document)
    wish = wish_of(document, ANY_TYPE, request.headers, parts, caller_of(request))
    await looked_at(wish, parts)
    seen = await parts.previews.of(wish.terms)
    return json_answer(preview_view(seen, parts.clock()))
