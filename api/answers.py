"""Answers of the routes, written from their models."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from starlette.responses import Response

from api import exact


class _Json(Response):
    """An answer in JSON, whose headers need no look: they give neither its length nor its type."""

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Write the headers, and what every answer has."""
        given = headers or {}
        self.raw_headers = [
            *((name.lower().encode(), value.encode("latin-1")) for name, value in given.items()),
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
        ]


def json_answer(
    content: BaseModel | Sequence[BaseModel],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer that carries these models, numbers with every digit."""
    if isinstance(content, BaseModel):
        return json_text(text_of(content), status, headers)
    text = exact.write([item.model_dump(by_alias=True) for item in content])
    return json_text(text, status, headers)


def json_text(
    text: bytes | str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer that carries this JSON."""
    return _Json(text, status, headers)


def text_of(model: BaseModel) -> str:
    """Return a model as JSON."""
    return exact.write(model.model_dump(by_alias=True)).decode()


def blank(model: BaseModel, *names: str) -> str:
    """Return the JSON of a model in which `{name}` stands for what differs, to be filled by `%`.

    So what thousands a second are answered is written from the model once. What is filled in must
    be no more than letters, digits and the like.
    """
    text = text_of(model).replace("%", "%%")
    for name in names:
        text = text.replace(f"{{{name}}}", f"%({name})s")
    return text
