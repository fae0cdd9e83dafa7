"""Answers of the routes, written from their models."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from starlette.responses import Response

from api import exact


def json_answer(
    content: BaseModel | Sequence[BaseModel],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer that carries these models, numbers with every digit."""
    if isinstance(content, BaseModel):
        text = exact.write(content.model_dump(by_alias=True))
    else:
        text = exact.write([item.model_dump(by_alias=True) for item in content])
    return Response(text, status, headers, media_type="application/json")
