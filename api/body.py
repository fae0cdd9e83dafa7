"""Reads the body of a request: bounded in size and in time."""

import asyncio

from starlette.requests import Request

from api import exact
from api.errors import BODY_TIMEOUT, BODY_TOO_LARGE, INVALID_JSON, Refusal

MAX_BYTES = 64 * 1024
TIMEOUT_S = 10.0


async def json_object(request: Request) -> dict[str, object]:
    """Return the JSON object in the body; raise `Refusal`. No more than 64 KiB is ever held."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BYTES:
        raise Refusal(BODY_TOO_LARGE)
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
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise Refusal(BODY_TOO_LARGE)
    return bytes(body)
