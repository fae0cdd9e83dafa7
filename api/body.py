"""Reads the body of a request: bounded in size and in time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from api import exact
from api.errors import BODY_TIMEOUT, BODY_TOO_LARGE, INVALID_JSON, Refusal
from api.given import header

MAX_BYTES = 64 * 1024
TIMEOUT_S = 10.0
WHOLE = "body_is_whole"
"""Stands in the state of a request whose body the server has when the route begins: it need not be
waited for, nor a time-out made."""


async def json_object(request: Request) -> dict[str, object]:
    """Return the JSON object in the body; raise `Refusal`. No more than 64 KiB is ever held."""
    length = header(request.scope["headers"], b"content-length") or ""
    if length.isdecimal() and int(length[:20]) > MAX_BYTES:
        raise Refusal(BODY_TOO_LARGE)
    if request.scope["state"].get(WHOLE):
        body = await _read(request)
    else:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                body = await _read(request)
        except TimeoutError:
            raise Refusal(BODY_TIMEOUT) from None
    try:
        return exact.read_object(body)
    except exact.NotAnObject as error:
        raise Refusal(INVALID_JSON, f"The body must be a JSON object, but {error}.") from error


async def _read(request: Request) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MAX_BYTES:
            raise Refusal(BODY_TOO_LARGE)
        more = message.get("more_body", False)
    return bytes(body)
