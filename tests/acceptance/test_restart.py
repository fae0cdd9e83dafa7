"""What is accepted is executed once, also when everything is stopped and started again."""

import pytest

from tests.support.audited import assert_engine_holds
from tests.support.doors import all_ended, some_in_flight

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


async def test_a_restart_of_everything_loses_and_doubles_nothing(make_engine, client_of):
    engine = make_engine()
    engine.start()
    client = client_of(engine)
    await client.place_many(100)
    await some_in_flight(client)
    engine.restart()
    client = client_of(engine)
    await all_ended(client, 100, 60)
    assert (await assert_engine_holds(engine)).figures.orders == 100
