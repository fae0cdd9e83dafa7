"""How many times an answer is sent: a call to the system each."""

import asyncio

from api.one_piece import OnePiece

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Connection(asyncio.Transport):
    def __init__(self):
        super().__init__()
        self.sent = []

    def write(self, data):
        self.sent.append(data)

    def close(self):
        self.sent.append("end")

    def is_closing(self):
        return "end" in self.sent


async def one_piece():
    connection = Connection()
    return connection.sent, OnePiece(connection, asyncio.get_running_loop())


async def test_a_head_and_its_body_are_sent_at_once():
    sent, answers = await one_piece()
    answers.write(HEAD)
    answers.write(b"body")
    await asyncio.sleep(0)
    assert sent == [HEAD + b"body"]


async def test_a_head_whose_body_comes_later_is_not_kept_for_it():
    sent, answers = await one_piece()
    answers.write(HEAD)
    assert sent == []
    await asyncio.sleep(0)
    assert sent == [HEAD]


async def test_a_body_in_parts_is_not_gathered_here():
    sent, answers = await one_piece()
    for part in (HEAD, b"one", b"two", b"three"):
        answers.write(part)
    assert sent == [HEAD + b"one", b"two", b"three"]


async def test_what_is_kept_is_sent_before_the_end():
    sent, answers = await one_piece()
    answers.write(HEAD)
    answers.close()
    assert sent == [HEAD, "end"]
    assert answers.is_closing()
    await asyncio.sleep(0)
    assert sent == [HEAD, "end"]
