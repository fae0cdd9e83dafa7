"""What one client sees of a server's time: whole answers, and nothing else."""

import asyncio
from contextlib import suppress

import pytest

from bench.caller import calling

ANSWERS = {
    "/whole": [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"],
    "/pieces": [b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 4\r\n\r\nto", b"ld"],
    "/refused": [b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"],
    "/broken": [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal"],
}
PAUSE_S = 0.02


@pytest.fixture
async def url():
    async def answer(reader, writer):
        with suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split()[1].decode()
                for number, piece in enumerate(ANSWERS[path]):
                    await asyncio.sleep(PAUSE_S if number else 0)
                    writer.write(piece)
                if path in {"/refused", "/broken"}:
                    break
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def called(url, *paths):
    with calling(url) as caller:
        return [caller.get(path) for path in paths]


async def test_an_answer_counts_when_it_is_whole(url):
    [pieces] = await asyncio.to_thread(called, url, "/pieces")
    assert pieces >= 2 * PAUSE_S


async def test_one_connection_serves_for_all(url):
    took = await asyncio.to_thread(called, url, "/whole", "/whole", "/pieces")
    assert len(took) == 3


async def test_only_a_200_is_an_answer(url):
    with pytest.raises(RuntimeError, match="/refused: 404"):
        await asyncio.to_thread(called, url, "/whole", "/refused")


async def test_a_server_that_closes_too_soon_is_not_waited_for(url):
    with pytest.raises(ConnectionResetError, match="before its answer was whole"):
        await asyncio.to_thread(called, url, "/broken")
