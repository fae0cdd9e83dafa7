"""The pages that the `type` of an error leads to."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api import changing_errors, errors, list_errors, placing_errors, service_schemas
from api.answers import json_answer
from api.errors import PROBLEMS, Kind, Refusal
from api.openapi import failures

KINDS = {
    value.error: value
    for module in (errors, placing_errors, changing_errors, list_errors)
    for value in vars(module).values()
    if isinstance(value, Kind)
}

router = APIRouter(tags=["errors"])


@router.get(
    f"{PROBLEMS}/{{name}}",
    response_model=service_schemas.ErrorKind,
    responses=failures(errors.ROUTE_NOT_FOUND),
)
async def problem(name: Annotated[str, Path(examples=["ORDER_NOT_FOUND"])]) -> Response:
    """Describe one kind of error."""
    kind = KINDS.get(name)
    if kind is None:
        raise Refusal(errors.ROUTE_NOT_FOUND)
    view = service_schemas.ErrorKind(
        type=f"{PROBLEMS}/{kind.error}",
        title=kind.title,
        status=kind.status,
        code=kind.code or kind.error,
        detail=str(Refusal(kind)),
    )
    return json_answer(view)
