"""Stream workers, delays and projectors as real processes on a real log and chain."""

import os

import pytest

from orders.admission import admit
from orders.fold import evolve
from orders.state import UNPLACED, Closed
from tests.support.log import append, read_events, read_log
from tests.support.servers import TEST_PARTITIONS


@pytest.fixture
def environment(kafka, database_url, chain_url, topic_prefix, topics):
    return {
        **os.environ,
        "ENGINE_KAFKA": kafka,
        "ENGINE_DATABASE_URL": database_url,
        "ENGINE_CHAIN_URL": chain_url,
        "ENGINE_TOPIC_PREFIX": topic_prefix,
        "ENGINE_PARTITIONS": str(TEST_PARTITIONS),
        "ENGINE_QUOTE_LATENCY_MS": "20",
        "ENGINE_EXECUTE_LATENCY_MS": "50",
        "ENGINE_FAULT_INJECTION": "true",
        "ENGINE_SESSION_TIMEOUT_MS": "6000",
    }


@pytest.fixture
def run(environment, start_module):
    """Start `python -m streams <role>`, or the projector; it is ended after the test."""

    def start(role, **settings):
        module = ["projections"] if role == "projector" else ["streams", role]
        variables = {**environment, "ENGINE_PROCESS": role, **settings}
        return start_module(*module, environment=variables)

    return start


@pytest.fixture
def log(kafka, topics):
    class Log:
        async def append(self, *events):
            await append(kafka, topics.events, TEST_PARTITIONS, *events)

        async def events(self):
            return await read_events(kafka, topics.events, TEST_PARTITIONS)

        async def orders(self):
            orders = {}
            for record in await read_log(kafka, topics.events, TEST_PARTITIONS):
                event = admit(record, TEST_PARTITIONS)
                orders[event.order_id] = evolve(orders.get(event.order_id, UNPLACED), event)
            return orders

        async def all_ended(self):
            orders = await self.orders()
            done = all(isinstance(order, Closed) for order in orders.values())
            return orders if orders and done else None

    return Log()
