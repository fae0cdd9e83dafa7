"""The clients in `examples/`, as people run them."""

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from local.ports import listen
from tests.support.doors import complete_one

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

EXAMPLES = Path(__file__).parents[2] / "examples"


@contextmanager
def running(script, *arguments):
    """Run an example until the block ends; yield the lines that it prints, in words."""
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield (line.split() for line in process.stdout)
        process.kill()


def until(lines, order_id, kind):
    """Return the places of the lines up to the one that tells this of the order."""
    seen = []
    for place, about, told in lines:
        seen.append(place)
        if (about, told) == (order_id, kind):
            return seen
    pytest.fail(f"it ended without {kind} of {order_id}")


@contextmanager
def breaking(url, after):
    """Yield the address of a way to the engine that breaks its first connections after so much."""
    address, opened = urlsplit(url), []
    listening = listen("127.0.0.1", 0)

    def serve():
        with suppress(OSError):
            while True:
                client = listening.accept()[0]
                threading.Thread(target=carry, args=(client, next(after, None))).start()

    def carry(client, left):
        engine = socket.create_connection((address.hostname, address.port))
        opened.extend((client, engine))
        with client, engine, suppress(OSError):
            engine.sendall(client.recv(65_536))
            while piece := engine.recv(1_000):
                client.sendall(piece[:left])
                left = None if left is None else left - len(piece[:left])
                if left == 0:
                    break

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        for one in (listening, *opened):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        listening.close()


def all_up_to(engine, last):
    """Return the places of everything in the feed up to one, read at once."""
    epoch, seq = last.split(":")
    told = httpx.get(
        f"{engine.url}/api/events",
        params={"toSeq": seq},
        headers={"Accept": "application/x-ndjson"},
        timeout=15,
    )
    return [f"{epoch}:{json.loads(line)['seq']}" for line in told.text.splitlines()]


def test_following_over_the_websocket_tells_every_event(shared_engine):
    order_id = complete_one(shared_engine)
    url = f"{shared_engine.url.replace('http', 'ws', 1)}/ws"
    with running("follow.py", url, "1") as lines:
        seen = [int(place) for place in until(lines, order_id, "OrderExecuted")]
    assert seen == sorted(set(seen))


def test_following_by_server_sent_events_goes_on_where_the_connection_broke(shared_engine):
    order_id = complete_one(shared_engine)
    broken = iter((1_500, 2_500))
    with (
        breaking(shared_engine.url, broken) as way,
        running("stream.py", f"{way}/api/events") as lines,
    ):
        seen = until(lines, order_id, "OrderExecuted")
    assert seen == all_up_to(shared_engine, seen[-1])
    assert next(broken, None) is None


def test_it_goes_on_from_the_place_it_is_given(shared_engine):
    first = complete_one(shared_engine)
    url = f"{shared_engine.url}/api/events"
    with running("stream.py", url) as lines:
        *_, last = until(lines, first, "OrderExecuted")
    second = complete_one(shared_engine)
    with running("stream.py", url, last) as lines:
        following = until(lines, second, "OrderExecuted")
    epoch, seq = last.split(":")
    assert following[0] == f"{epoch}:{int(seq) + 1}"
