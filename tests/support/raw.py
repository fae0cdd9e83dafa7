"""HTTP as bytes on a socket, for clients that no library would write."""

import asyncio
import json
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


@asynccontextmanager
async def connection(url):
    """Yield the two ends of a connection to the server of that address."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer_of(reader):
    """Return the status, the headers and the body of one answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    first, *lines = head.decode().strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = await asyncio.wait_for(reader.readexactly(int(headers["content-length"])), 20)
    return int(first.split()[1]), headers, json.loads(body)


async def flood(writer, piece, size):
    """Send up to so much, for as long as it is taken, and return how much was."""
    sent = 0
    try:
        while sent < size:
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), 20)
            sent += len(piece)
    except ConnectionError:
        pass
    return sent
