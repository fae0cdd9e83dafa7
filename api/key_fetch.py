"""Fetches a key set over HTTP: bounded in size and in time, from that address and no other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import httpx

from api.keys import MAX_BYTES, BadKeys, JudgingKey, parse

FETCH_TIMEOUT_S = 5.0


def fetched(url: str) -> Callable[[], Awaitable[Sequence[JudgingKey]]]:
    """Return what fetches the keys of that address; it raises BadKeys."""

    async def look() -> Sequence[JudgingKey]:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                return parse(await _body(url))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise BadKeys(f"{type(error).__name__} when they were fetched") from error

    return look


async def _body(url: str) -> bytes:
    text = bytearray()
    async with (
        httpx.AsyncClient(timeout=FETCH_TIMEOUT_S) as http,
        http.stream("GET", url, headers={"accept": "application/json"}) as answer,
    ):
        if answer.status_code != 200:
            raise BadKeys(f"the answer to their fetch was {answer.status_code}")
        async for piece in answer.aiter_bytes():
            text += piece
            if len(text) > MAX_BYTES:
                break
    return bytes(text)
