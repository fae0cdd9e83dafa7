"""A record of a newer engine: every reader stops with a sentence, and the doors stay open."""

import json
import time

import httpx
import pytest

from local.child import State
from orders.events import SCHEMA_VERSION
from orders.wire import encode
from tests.support.poisoned import Poisoned, order_on
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

HERE = 2
READERS = ("projector-1", "projector-2", "worker-1", "worker-2")
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "userId": "u"}
SENTENCE = (
    f"the log holds schema version 99, this engine knows {SCHEMA_VERSION}: upgrade the engine"
)


@pytest.fixture
def engine(tmp_path, on_session_servers):
    one = Poisoned(
        tmp_path / "engine",
        *("--workers", "2", "--projectors", "2"),
        environment={
            **on_session_servers,
            "ENGINE_PARTITIONS": str(TEST_PARTITIONS),
            "ENGINE_QUOTE_LATENCY_MS": "20",
            "ENGINE_EXECUTE_LATENCY_MS": "50",
        },
    )
    one.start()
    yield one
    one.stop()


def meet_a_newer_record(engine):
    newer = order_on(HERE)
    value = json.dumps({**json.loads(encode(newer)), "schema_version": 99}).encode()
    engine.append_raw(HERE, newer.order_id.encode(), value)
    wait_until(lambda: set(states(engine, READERS)) == {State.STOPPED}, 60, "all readers stop")


def states(engine, names):
    return [engine.processes[name].state for name in names]


def post(engine, **headers):
    url = f"{engine.url}/api/orders/execute"
    return httpx.post(url, json=ORDER, headers=headers, timeout=15)


def get(engine, path):
    return httpx.get(f"{engine.url}{path}", timeout=15)


def test_readers_stop_for_good_and_the_api_goes_on(engine):
    known = post(engine).json()["orderId"]
    engine.wait_for(known, "completed")
    meet_a_newer_record(engine)

    # What was known is told; what is placed stands in the log and waits for the newer engine.
    assert get(engine, f"/api/orders/{known}").json()["status"] == "completed"
    assert get(engine, "/api/orders").json()["total"] >= 1
    placed = post(engine)
    assert placed.status_code == 202
    unread = get(engine, f"/api/orders/{placed.json()['orderId']}")
    assert (unread.status_code, unread.json()["error"]) == (503, "PROJECTION_LAGGING")
    named = post(engine, **{"Idempotency-Key": "mine"})
    assert named.status_code == 503

    # Nothing spins: nobody is started again, and nobody says another word.
    said = engine.output.read_text()
    for name in READERS:
        assert f"{name} will not run as things are" in said
        assert SENTENCE in (engine.data_dir / "logs" / f"{name}.log").read_text()
    deadline = time.monotonic() + 5
    wait_until(lambda: time.monotonic() > deadline)
    assert set(states(engine, READERS)) == {State.STOPPED}
    assert set(engine.restarts().values()) == {0}
    assert states(engine, ["api-1", "delays"]) == [State.READY] * 2
    assert "stopped" in engine.command("status").output
    assert_it_does_not_start_again(engine)


def assert_it_does_not_start_again(engine):
    engine.stop()
    engine.start(wait=False)
    assert engine.wait() == 2
    told = engine.tail().splitlines()[-1]
    assert "cannot start: " in told
    assert f"{SENTENCE} and start it again".lower() in told.lower()
