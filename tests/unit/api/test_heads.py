"""Clients that send no HTTP, too much of it or half of it, over real sockets."""

import asyncio
import logging
import time

import pytest
import websockets

from api import heads
from tests.support.api import in_memory, serving
from tests.support.raw import answer_of, connection, flood

HOST = b"host: x\r\n"


@pytest.fixture
async def url():
    async with serving(in_memory()[0]) as url:
        yield url


async def test_what_is_no_http_gets_an_error_like_any_other_and_no_line_in_the_log(url, caplog):
    caplog.set_level(logging.WARNING, "uvicorn.error")
    caplog.set_level(logging.ERROR, "uvicorn.error.clients")
    async with connection(url) as (reader, writer):
        writer.write(b"this is no request\r\n\r\n")
        status, headers, body = await answer_of(reader)
        assert (status, body["error"], body["code"]) == (400, "BAD_REQUEST", "BAD_REQUEST")
        assert (headers["content-type"], headers["connection"]) == (
            "application/problem+json",
            "close",
        )
        assert body["message"]
        assert (body["instance"], body["requestId"]) == ("/", headers["x-request-id"])
        assert await asyncio.wait_for(reader.read(), 20) == b""
    assert not caplog.records


async def test_a_head_that_came_at_once_and_is_too_large_is_refused(url):
    async with connection(url) as (reader, writer):
        lines = b"".join(b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(70))
        writer.write(b"GET /health?a=1 HTTP/1.1\r\n" + HOST + lines + b"\r\n")
        status, _, body = await answer_of(reader)
        assert (status, body["error"]) == (431, "HEAD_TOO_LARGE")
        assert (body["instance"], len(body["requestId"])) == ("/health", 36)


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /health HTTP/1.1\r\n" + HOST + b"x-a: ",
        b"GET /",
        b"POST /orders HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n0\r\nx-a: ",
    ],
)
async def test_a_head_or_a_trailer_without_end_is_cut(url, begin):
    async with connection(url) as (_, writer):
        writer.write(begin)
        assert await flood(writer, b"y" * 65536, 50_000_000) < 50_000_000


async def test_many_headers_after_a_body_are_cut(url):
    async with connection(url) as (_, writer):
        writer.write(
            b"POST /orders HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n0\r\n"
        )
        assert await flood(writer, b"x-a: yyyyyyyyyyy\r\n" * 1000, 50_000_000) < 50_000_000


async def test_a_head_of_allowed_size_in_pieces_is_answered_and_the_next_one_too(url):
    async with connection(url) as (reader, writer):
        for _ in range(3):
            for piece in (
                b"GET /health HT",
                b"TP/1.1\r\n",
                HOST,
                b"x-a: " + b"y" * 60000 + b"\r\n",
            ):
                writer.write(piece)
                await writer.drain()
            writer.write(b"\r\n")
            assert (await answer_of(reader))[0] == 200


async def test_many_requests_sent_at_once_are_each_answered(url):
    async with connection(url) as (reader, writer):
        request = b"GET /health HTTP/1.1\r\n" + HOST + b"x-a: " + b"y" * 1000 + b"\r\n\r\n"
        writer.write(request * 100)
        for _ in range(100):
            assert (await answer_of(reader))[0] == 200


@pytest.mark.parametrize("begin", [b"GET", b"GET /health HTTP/1.1\r\nhost: x\r\nx-a: y"])
async def test_half_a_head_is_told_and_cut_in_time(url, begin, monkeypatch):
    monkeypatch.setattr(heads, "TIMEOUT_S", 0.2)
    async with connection(url) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
            assert (await answer_of(reader))[0] == 200
        writer.write(begin)
        status, _, body = await answer_of(reader)
        assert (status, body["error"]) == (408, "HEAD_TIMEOUT")
        assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_empty_lines_hold_no_connection_open(url, monkeypatch):
    monkeypatch.setattr(heads, "TIMEOUT_S", 0.2)
    async with connection(url) as (reader, writer):
        writer.write(b"\r\n")
        assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_a_websocket_outlives_the_time_for_a_head(url, monkeypatch):
    monkeypatch.setattr(heads, "TIMEOUT_S", 0.05)
    begun = time.monotonic()
    async with websockets.connect(f"{url.replace('http', 'ws')}/ws?userId=alice") as socket:
        while time.monotonic() - begun < 0.3:
            await asyncio.wait_for(await socket.ping(), 20)
