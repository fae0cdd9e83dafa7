"""An engine whose log others write to as well: what it makes of their records, from outside."""

import asyncio
import json
import uuid
from collections.abc import Iterable, Iterator

import psycopg
import pytest
from psycopg.rows import dict_row
from typer.testing import CliRunner, Result

from cli.main import app
from local.child import State
from local.measures import ACTIVE_SCHEMA
from orders.events import AnyOrderEvent, OrderPlaced
from orders.topics import Topics, partition_of
from orders.wire import encode
from tests.support.audited import assert_engine_holds
from tests.support.engine import PARTITIONS, Engine
from tests.support.log import append, placement
from tests.support.odd_clients import append_as_batch, append_raw
from tests.support.servers import TEST_PARTITIONS, new_database, own_prefix, wait_until

_EVENTS = "select *, data::text as data from order_events where order_id = %s order by seq"
_AT = 'select * from order_events where partition = %s and "offset" = %s'
_NEXT = "select next_offset from projection_offsets where partition = %s"


class Poisoned(Engine):
    """An engine, its log, its tables and its commands."""

    @property
    def topics(self) -> Topics:
        """Return the names of its topics."""
        return Topics(self.topic_prefix)

    def append(self, *events: AnyOrderEvent) -> None:
        """Append events as they should be, all at once."""
        asyncio.run(append(self.kafka, self.topics.events, TEST_PARTITIONS, *events))

    def append_raw(
        self, partition: int, key: bytes | None, value: bytes | None, **options: object
    ) -> int:
        """Append a record as it is and return its offset."""
        place = (self.kafka, self.topics.events, partition)
        if key is None and value is None:
            return asyncio.run(append_as_batch(*place, key, value))
        return asyncio.run(append_raw(*place, key, value, **options))

    def complete_one(self, partition: int) -> None:
        """Place an order on this partition and return when it is completed."""
        order = order_on(partition)
        self.append(order)
        self.wait_for(order.order_id, "completed")

    def wait_for(self, order_id: str, status: str, patience: float = 40) -> dict:
        """Return the order's row when it has this status."""
        wait_until(
            lambda: (row := self.row(order_id)) and row["status"] == status,
            patience,
            f"order {order_id} is {status}",
        )
        return self.row(order_id) or {}

    def wait_until_quarantined(self, order_id: str) -> dict:
        """Return the order's row when it is quarantined."""
        wait_until(
            lambda: (row := self.row(order_id)) and row["quarantined"],
            what=f"order {order_id} is quarantined",
        )
        return self.row(order_id) or {}

    def wait_until_read(self, partition: int, offset: int) -> None:
        """Return when the tables are past this place."""
        wait_until(
            lambda: self.rows(_NEXT, partition)[0]["next_offset"] > offset,
            what=f"{partition}:{offset} is read",
        )

    def row(self, order_id: str) -> dict | None:
        """Return the order's row."""
        rows = self.rows("select * from orders where order_id = %s", order_id)
        return rows[0] if rows else None

    def events(self, order_id: str) -> list[dict]:
        """Return the order's events in the tables."""
        return self.rows(_EVENTS, order_id)

    def is_admitted(self, partition: int, offset: int) -> bool:
        """Return whether the tables hold the record at this place."""
        return bool(self.rows(_AT, partition, offset))

    def rows(self, query: str, *values: object) -> list[dict]:
        """Return rows of the active tables."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            connection.execute(ACTIVE_SCHEMA)
            return connection.execute(query, values).fetchall()

    def letter(self, partition: int, offset: int) -> dict:
        """Return the dead letter of this record, when it is listed."""
        found: list[dict] = []

        def listed() -> bool:
            letters = self.told("dead-letters", "list", "--limit", "1000")
            found[:] = [one for one in letters if (one["partition"], one["offset"]) == wanted]
            return bool(found)

        wanted = (partition, offset)
        wait_until(listed, what=f"the dead letter {partition}:{offset}")
        assert len(found) == 1
        return found[0]

    def told(self, *command: str) -> list[dict]:
        """Return what a command tells in JSON, one value a line."""
        answer = self.command(*command, "--json")
        assert answer.exit_code == 0, answer.output
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def command(self, *command: str) -> Result:
        """Run an engine command on this engine."""
        arguments = [*command, "--data-dir", str(self.data_dir)]
        return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})

    def restarts(self) -> dict[str, int]:
        """Return how often each of its processes was started again."""
        return {name: process.restarts for name, process in self.processes.items()}


@pytest.fixture(scope="session")
def _poisoned(kafka, postgres, template_database, tmp_path_factory) -> Iterator[Poisoned]:
    with new_database(postgres, template_database) as tables, new_database(postgres) as chain:
        one = Poisoned(
            tmp_path_factory.mktemp("poisoned") / "engine",
            environment={
                "ENGINE_KAFKA": kafka,
                "ENGINE_DATABASE_URL": tables,
                "ENGINE_CHAIN_URL": chain,
                "ENGINE_TOPIC_PREFIX": own_prefix(),
                "ENGINE_PARTITIONS": PARTITIONS,
                "ENGINE_FAULT_INJECTION": "true",
                "ENGINE_QUOTE_LATENCY_MS": "20",
                "ENGINE_EXECUTE_LATENCY_MS": "300",
            },
        )
        one.start()
        yield one
        asyncio.run(assert_engine_holds(one))
        one.stop()


@pytest.fixture
def poisoned(_poisoned) -> Iterator[Poisoned]:
    """Return the engine that odd records are tried on; none of its processes may end by one."""
    before = _poisoned.restarts()
    yield _poisoned
    assert _poisoned.restarts() == before
    assert {process.state for process in _poisoned.processes.values()} == {State.READY}


def order_on(partition: int, **terms: object) -> OrderPlaced:
    """Return the placement of a new order whose home is this partition."""
    ids: Iterable[str] = iter(lambda: str(uuid.uuid4()), "")
    order_id = next(one for one in ids if partition_of(one, TEST_PARTITIONS) == partition)
    placed = placement(order_id, **terms)
    assert isinstance(placed, OrderPlaced)
    return placed


def bytes_of(event: AnyOrderEvent) -> tuple[bytes, bytes]:
    """Return key and value of an event's record."""
    return event.order_id.encode(), encode(event)
