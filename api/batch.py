"""The route that places many orders at once."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from api import errors, exact, placing_errors, placing_schemas, positions
from api.answers import json_answer
from api.body import json_object
from api.callers import Caller, caller_of
from api.errors import Refusal
from api.examples import of_body
from api.members import require_known
from api.openapi import failures, takes
from api.ordering import accepted, looked_at, only_validated, place, wish_of
from api.parts import Parts, parts_of
from api.placement import ANY_TYPE, FAULTS_HEADER
from api.placements import FAULTS
from api.scopes import Scope

BATCH_PATH = "/api/orders/batch"
MAX_BATCH = 100

router = APIRouter(tags=["orders"])
"""Its route takes the bare request."""


@router.post(
    BATCH_PATH,
    status_code=207,
    response_model=placing_schemas.BatchAnswer,
    responses=failures(placing_errors.INVALID_BATCH, placing_errors.UNKNOWN_MEMBER, *of_body()),
    openapi_extra=takes(placing_schemas.BatchRequest, FAULTS),
)
async def batch(request: Request) -> Response:
    """Place up to 100 orders at once; each is answered as by `/api/orders`, in its turn."""
    parts, headers = parts_of(request), request.headers
    document = await json_object(request)
    require_known(document, {"orders"}, placing_errors.UNKNOWN_MEMBER)
    orders = document.get("orders")
    if not isinstance(orders, list) or not 0 < len(orders) <= MAX_BATCH:
        raise Refusal(placing_errors.INVALID_BATCH)
    faults = Headers({FAULTS_HEADER: headers[FAULTS_HEADER]} if FAULTS_HEADER in headers else {})
    request_id, caller = request.state.request_id, caller_of(request)
    # It was let in as one.
    cost = len(orders) - 1
    standing = await parts.access.pay(request.scope, caller, Scope.WRITE, cost, paid=1)
    each = (_item(one, faults, parts, request_id, caller) for one in orders)
    results = await asyncio.gather(*each)
    written = [place for one in results for place in positions.decode(one.log_position or "")]
    told = {positions.HEADER: positions.encode(*written)} if written else {}
    told |= standing.headers if standing else {}
    return json_answer(placing_schemas.BatchAnswer(results=results), 207, told)


async def _item(
    document: object, headers: Headers, parts: Parts, request_id: str, caller: Caller
) -> placing_schemas.BatchResult:
    try:
        return await _answered(_object(document), headers, parts, request_id, caller)
    except Refusal as refusal:
        body = exact.Raw(exact.write(refusal.body).decode())
        return placing_schemas.BatchResult(status=refusal.kind.status, error=body)


async def _answered(
    document: Mapping[str, object],
    headers: Headers,
    parts: Parts,
    request_id: str,
    caller: Caller,
) -> placing_schemas.BatchResult:
    only = only_validated(document)
    wish = wish_of(document, ANY_TYPE, headers, parts, caller)
    if only:
        return placing_schemas.BatchResult(status=200, valid=await looked_at(wish, parts))
    placed = await place(wish, parts, request_id)
    status = 200 if placed.replayed else 202
    position = positions.encode(placed.position)
    order = accepted(placed.order_id)
    return placing_schemas.BatchResult(
        status=status, order=order, replayed=placed.replayed, log_position=position
    )


def _object(document: object) -> dict[str, object]:
    if not isinstance(document, dict):
        raise Refusal(errors.INVALID_JSON, "Each of orders must be a JSON object.")
    return document
