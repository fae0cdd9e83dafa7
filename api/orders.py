"""The routes that read one order: as it is, as it was, its events, its story."""

from datetime import datetime

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from api import errors, event_schemas, schemas
from api.answers import json_answer
from api.callers import caller_of
from api.errors import Refusal
from api.examples import of_one_order
from api.explain import explained
from api.history import Until, order_at
from api.lookup import known_form
from api.moments import moment_of
from api.openapi import failures
from api.owners import require_own
from api.parts import parts_of
from api.resumed import place

_OF_ONE_ORDER = (errors.INVALID_LOG_POSITION, *of_one_order())
_ORDER_ERRORS = failures(*_OF_ONE_ORDER)

of_one = APIRouter(tags=["orders"])
"""Its routes take the bare request."""

ORDER_ID = {
    "name": "orderId",
    "in": "path",
    "required": True,
    "description": "As the placement answered it.",
    "schema": {"type": "string"},
}
_AS_OF = [
    {
        "name": "asOfSeq",
        "in": "query",
        "required": False,
        "description": "A place in the feed: what came later is left out.",
        "schema": {"type": "integer", "minimum": 1},
    },
    {
        "name": "asOf",
        "in": "query",
        "required": False,
        "description": "A time of the log, with its zone: what was appended later is left out.",
        "schema": {"type": "string", "format": "date-time"},
    },
]


@of_one.get(
    "/api/orders/{orderId}",
    response_model=schemas.OrderView,
    responses=failures(errors.INVALID_AS_OF, *_OF_ONE_ORDER),
    openapi_extra={"parameters": [ORDER_ID, *_AS_OF]},
)
async def order(request: Request) -> Response:
    """Return an order as it is now. Right after its placement too, from any API process.

    With `asOfSeq` or `asOf` as it was then, folded again from its events.
    """
    parts = parts_of(request)
    until = _until(request.query_params)
    await parts.positions.passed(request)
    order_id = request.path_params["orderId"]
    if until is None:
        row = await parts.lookup.find(order_id, parts.order_rows.of)
        caller_of(request).require_sees(row.user_id)
        return json_answer(schemas.order_view(row))
    await require_own(request, order_id)
    then = order_at(await parts.lookup.find(order_id, parts.read_model.events), until)
    if then is None:
        raise Refusal(errors.ORDER_NOT_FOUND, "The order was not placed yet by then.")
    return json_answer(schemas.order_view(then))


@of_one.get(
    "/api/orders/{orderId}/events",
    response_model=list[event_schemas.EventView],
    responses=_ORDER_ERRORS,
    openapi_extra={"parameters": [ORDER_ID]},
)
async def order_events(request: Request) -> Response:
    """Return every event of an order, oldest first, also those that lost a race."""
    parts = parts_of(request)
    await parts.positions.passed(request)
    order_id = request.path_params["orderId"]
    await require_own(request, order_id)
    rows = await parts.lookup.find(order_id, parts.read_model.events)
    return json_answer([event_schemas.event_view(row) for row in rows])


@of_one.get(
    "/api/orders/{orderId}/explain",
    response_model=event_schemas.Explanation,
    responses=_ORDER_ERRORS,
    openapi_extra={"parameters": [ORDER_ID]},
)
async def explain(request: Request) -> Response:
    """Tell why an order went as it did: each quote, each choice, each retry, and what it cost."""
    parts = parts_of(request)
    await parts.positions.passed(request)
    order_id = known_form(request.path_params["orderId"])
    await require_own(request, order_id)
    rows = await parts.lookup.find(order_id, parts.read_model.events)
    return json_answer(event_schemas.explanation(order_id, explained(rows)))


def _until(query: QueryParams) -> Until | None:
    match query.get("asOfSeq"), query.get("asOf"):
        case None, None:
            return None
        case str(seq), None:
            return Until(seq=place(seq, errors.INVALID_AS_OF))
        case None, str(at):
            return Until(appended_at=_moment(at))
        case _:
            raise Refusal(errors.INVALID_AS_OF)


def _moment(text: str) -> datetime:
    moment = moment_of(text)
    if moment is None:
        raise Refusal(errors.INVALID_AS_OF, field="asOf")
    return moment
