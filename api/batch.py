"""The route that places many orders at once."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from api import errors, exact, placing_errors, placing_schemas, positions
from api.answers import blank, json_text, text_of
from api.body import json_object
from api.callers import Caller, caller_of
from api.errors import Refusal
from api.examples import of_body
from api.listed import needs_no_look
from api.members import require_known
from api.openapi import failures, takes
from api.ordering import accepted, looked_at, only_validated, place, wish_of
from api.parts import Parts, parts_of
from api.placement import ANY_TYPE, FAULTS_HEADER, Wish
from api.placements import FAULTS
from api.placing import Written
from api.positions import Position
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
    caller = caller_of(request)
    # It was let in as one.
    cost = len(orders) - 1
    standing = await parts.access.pay(request.scope, caller, Scope.WRITE, cost, paid=1)
    results = await _Batch(parts, caller, faults, request.state.request_id).results(orders)
    written = [one.position for one in results if one.position]
    told = {positions.HEADER: positions.encode(*written)} if written else {}
    told |= standing.headers if standing else {}
    return json_text(f'{{"results":[{",".join(one.text for one in results)}]}}', 207, told)


class _Result(NamedTuple):
    """What came of an order, as JSON, and where it stands in the log."""

    text: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the orders of one request have in common."""

    parts: Parts
    caller: Caller
    headers: Headers
    request_id: str

    async def results(self, documents: Sequence[object]) -> list[_Result]:
        """Place the orders and return what came of each, in their sequence."""
        results: dict[int, _Result] = {}
        together: dict[int, Wish] = {}
        alone: dict[int, Coroutine[None, None, _Result]] = {}
        for number, document in enumerate(documents):
            try:
                order = _object(document)
                only = only_validated(order)
                wish = wish_of(order, ANY_TYPE, self.headers, self.parts, self.caller)
            except Refusal as refusal:
                results[number] = _refused(refusal)
                continue
            if only:
                alone[number] = _told(self._looked_at(wish))
            elif wish.order_id is not None or not needs_no_look(wish.terms):
                alone[number] = _told(self._placed(wish))
            else:
                together[number] = wish
        all_placed, each = await asyncio.gather(
            self._all_placed(together), asyncio.gather(*alone.values())
        )
        results |= all_placed | dict(zip(alone, each, strict=True))
        return [results[number] for number in range(len(documents))]

    async def _all_placed(self, wishes: Mapping[int, Wish]) -> dict[int, _Result]:
        # They wait for nothing but the log: it is asked once for all of them.
        outcomes = await self.parts.placing.place_all([*wishes.values()], self.request_id)
        return dict(zip(wishes, map(_result_of, outcomes), strict=True))

    async def _placed(self, wish: Wish) -> _Result:
        placed = await place(wish, self.parts, self.request_id)
        text = _REPLAYED if placed.replayed else _PLACED
        return _filled(text, placed.order_id, placed.position)

    async def _looked_at(self, wish: Wish) -> _Result:
        valid = await looked_at(wish, self.parts)
        return _Result(text_of(placing_schemas.BatchResult(status=200, valid=valid)))


async def _told(work: Coroutine[None, None, _Result]) -> _Result:
    try:
        return await work
    except Refusal as refusal:
        return _refused(refusal)


def _result_of(outcome: Written | Refusal) -> _Result:
    if isinstance(outcome, Refusal):
        return _refused(outcome)
    return _filled(_PLACED, outcome.event.order_id, outcome.position)


def _refused(refusal: Refusal) -> _Result:
    body = exact.Raw(exact.write(refusal.body).decode())
    return _Result(text_of(placing_schemas.BatchResult(status=refusal.kind.status, error=body)))


def _filled(text: str, order_id: str, position: Position) -> _Result:
    return _Result(text % {"id": order_id, "at": positions.encode(position)}, position)


def _object(document: object) -> dict[str, object]:
    if not isinstance(document, dict):
        raise Refusal(errors.INVALID_JSON, "Each of orders must be a JSON object.")
    return document


def _blank(status: int, *, replayed: bool = False) -> str:
    result = placing_schemas.BatchResult(
        status=status, order=accepted("{id}"), replayed=replayed, log_position="{at}"
    )
    return blank(result, "id", "at")


_PLACED, _REPLAYED = _blank(202), _blank(200, replayed=True)
