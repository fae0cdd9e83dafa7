"""WebSockets whose handshake cannot be read, and whose clients flood them, over real sockets."""

import asyncio
import struct

import pytest

from tests.support.api import in_memory, serving
from tests.support.raw import answer_of, connection, flood

HOST = b"host: x\r\n"
UPGRADE = (
    b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
TEXT, MORE, CLOSE, PING = 0x01, 0x00, 0x88, 0x89


@pytest.fixture
async def url():
    async with serving(in_memory()[0]) as url:
        yield url


def frame(first, payload):
    return bytes([first, 0x80 | len(payload), 0, 0, 0, 0]) + payload


async def open_socket(reader, writer):
    writer.write(b"GET /ws HTTP/1.1\r\n" + HOST + UPGRADE + b"\r\n")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    assert b" 101 " in head


@pytest.mark.parametrize(
    "head",
    [
        b"GET /ws?" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + UPGRADE,
        b"GET /ws HTTP/1.1\r\n" + HOST + UPGRADE + b"x: y\r\n" * 200,
        b"POST /ws HTTP/1.1\r\n" + HOST + UPGRADE,
        b"POST /ws HTTP/1.1\r\n" + HOST + UPGRADE + b"content-length: 1\r\n",
        b"GET /ws HTTP/1.1\r\n" + HOST + UPGRADE.replace(b"13", b"12"),
    ],
    ids=["a long address", "many headers", "another method", "a body", "another version"],
)
async def test_a_handshake_that_cannot_be_read_is_refused_and_ended(url, head):
    async with connection(url) as (reader, writer):
        writer.write(head + b"\r\n")
        status, headers, body = await answer_of(reader)
        assert (status, body["error"], body["instance"]) == (400, "BAD_REQUEST", "/ws")
        assert headers["x-request-id"] == body["requestId"]
        assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_whoever_pings_and_reads_nothing_is_cut(url):
    pings = frame(PING, b"x" * 125) * 500
    async with connection(url) as (reader, writer):
        await open_socket(reader, writer)
        assert await flood(writer, pings, 200_000_000) < 200_000_000


async def test_a_message_in_very_many_pieces_is_refused(url):
    async with connection(url) as (reader, writer):
        await open_socket(reader, writer)
        writer.write(frame(TEXT, b"{") + frame(MORE, b"") * 1000)
        told = await asyncio.wait_for(reader.read(), 20)
        assert told.endswith(bytes([CLOSE, 2]) + struct.pack(">H", 1009))


async def test_a_message_in_some_pieces_is_heard(url):
    async with connection(url) as (reader, writer):
        await open_socket(reader, writer)
        pieces = [frame(MORE, one.to_bytes()) for one in b'{"op":"ping","id":7']
        writer.write(frame(TEXT, b"") + b"".join(pieces) + frame(0x80, b"}"))
        told = await asyncio.wait_for(reader.readuntil(b'"id":7}'), 20)
        assert b'"pong"' in told
