"""What is accepted is executed once, also when its worker is killed."""

import pytest

from local.child import State
from tests.support.audited import assert_engine_holds
from tests.support.doors import all_ended, some_in_flight
from tests.support.servers import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

ANN = {"userId": "ann of the killed worker"}


async def test_a_killed_worker_loses_and_doubles_nothing(shared_engine, client):
    before = (await assert_engine_holds(shared_engine)).figures.orders
    await client.place_many(200, **ANN)
    await some_in_flight(client, **ANN)
    shared_engine.kill("worker-1")
    orders = await all_ended(client, 200, 60, **ANN)
    assert all(order["status"] == "completed" for order in orders)
    assert (await assert_engine_holds(shared_engine)).figures.orders == before + 200
    wait_until(lambda: shared_engine.state_of("worker-1") is State.READY)
