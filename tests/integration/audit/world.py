"""A small engine's worth of truth, seeded directly: a log, tables made by the real store, a ledger.

The topic takes the times it is given as the broker's own, so that a test can tell of minutes.
"""

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer.testing import CliRunner

from cli.main import app
from orders.admission import admit
from orders.topics import Topics, partition_of
from orders.wire import encode
from projections.batch import Reading
from tests.integration.projections.conftest import opened_store
from tests.support import builders
from tests.support.log import read_log
from tests.support.servers import TEST_PARTITIONS
from venues.ledger import CREATE

SETTLED = {
    "status": "settled",
    "venue": "RAYDIUM",
    "slot": 7,
    "signature": "5" * 88,
    "executed_price": Decimal("149.9"),
    "amount_in": Decimal(10),
    "amount_out": Decimal(1499),
    "fee": Decimal("0.025"),
}
LAND = "insert into chain_ledger select * from json_populate_record(null::chain_ledger, %s)"
PLANTED = (
    "create temporary table planted as select * from orders limit 1",
    # What the database makes of the others.
    "alter table planted drop column open, drop column stage",
    "update planted set order_id = '{id}'",
    "insert into orders select * from planted",
)

VOID = {"status": "void", "venue": "RAYDIUM", "slot": 6}


def _two_minutes_ago() -> datetime:
    begin = datetime.now(UTC) - timedelta(minutes=2)
    return begin.replace(microsecond=0)


@dataclass
class World:
    """The log, the tables and the ledger of one test; times are seconds since two minutes ago."""

    kafka: str
    topic_prefix: str
    database_url: str
    chain_url: str
    begin: datetime = field(default_factory=_two_minutes_ago)

    @property
    def topic(self) -> str:
        return Topics(self.topic_prefix).events

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that lead a command here."""
        return {
            "ENGINE_KAFKA": self.kafka,
            "ENGINE_DATABASE_URL": self.database_url,
            "ENGINE_CHAIN_URL": self.chain_url,
            "ENGINE_TOPIC_PREFIX": self.topic_prefix,
        }

    async def run(self, *arguments):
        """Run a command of the engine."""
        words = [*map(str, arguments)]
        return await asyncio.to_thread(CliRunner().invoke, app, words, env=self.environment)

    def at(self, seconds: float) -> datetime:
        return self.begin + timedelta(seconds=seconds)

    async def tell(self, *events) -> None:
        """Append (seconds, event), each then."""
        await self.append(*[(*self.record(one), at) for at, one in events])

    def record(self, event):
        """Return partition, key and value of an event."""
        home = partition_of(event.order_id, TEST_PARTITIONS)
        return home, event.order_id.encode(), encode(event)

    def id_in(self, partition) -> str:
        """Return a fresh order id of this partition."""
        while partition_of(order_id := str(uuid.uuid4()), TEST_PARTITIONS) != partition:
            pass
        return order_id

    async def append(self, *records) -> None:
        """Append (partition, key, value, seconds) as they are."""
        async with AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all") as producer:
            for partition, key, value, at in records:
                moment = int(self.at(at).timestamp() * 1000)
                await producer.send_and_wait(self.topic, value, key, partition, moment)

    async def project(self) -> None:
        """Bring the tables to the log's end, by the projector's own store."""
        records = await read_log(self.kafka, self.topic, TEST_PARTITIONS)
        async with opened_store(self.database_url) as store:
            following = store.position.next_offsets
            fresh = [one for one in records if one.offset >= following[one.partition]]
            await store.apply([Reading(one, admit(one, TEST_PARTITIONS)) for one in fresh])

    def alter(self, *statements, order_id="", rows=1) -> None:
        """Change the tables behind the projector's back; {id} stands for the order's id."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute("set search_path to projection_1, public")
            for statement in statements:
                changed = connection.execute(statement.replace("{id}", order_id)).rowcount
                assert changed in {rows, -1}, statement

    def alter_ledger(self, statement, order_id="") -> None:
        """Change the ledger as no chain does; {id} stands for the order's id."""
        with psycopg.connect(self.chain_url) as connection:
            connection.execute(statement.replace("{id}", order_id))

    def land(self, execution_id, **entry) -> None:
        """Write one row of the ledger."""
        row = {"execution_id": execution_id, "at": datetime.now(UTC), **entry}
        with psycopg.connect(self.chain_url) as connection:
            connection.execute(CREATE)
            connection.execute(LAND, [json.dumps(row, default=str)])

    async def live(self, count=1) -> list[str]:
        """Let so many orders be placed, routed and executed, and return their ids."""
        ids = [str(uuid.uuid4()) for _ in range(count)]
        for order_id in ids:
            await self.tell((0, self.placed(order_id)), (1, routed(order_id)))
            self.land(f"{order_id}:1", **SETTLED)
            await self.tell((2, builders.executed(3, order_id=order_id)))
        return ids

    async def live_twice(self, due=4.0) -> str:
        """Let an order be tried again after so many seconds and then executed; return its id."""
        order_id = str(uuid.uuid4())
        self.land(f"{order_id}:1", **VOID)
        self.land(f"{order_id}:2", **SETTLED)
        second = builders.routed(5, 2, order_id=order_id, execution_id=f"{order_id}:2")
        await self.tell(
            (0, self.placed(order_id)),
            (1, routed(order_id)),
            (2, builders.retry_scheduled(3, order_id=order_id)),
            (due, builders.retry_due(4, 2, order_id=order_id)),
            (due + 1, second),
            (due + 2, builders.executed(6, 2, order_id=order_id)),
        )
        return order_id

    def placed(self, order_id, **changes):
        changes = {"occurred_at": self.at(0), "not_after": self.at(10), **changes}
        return builders.placed(order_id=order_id, **changes)

    async def verified(self, *options, as_json=True) -> "Verified":
        """Run `engine verify` and return its answer."""
        result = await self.run("verify", *["--json"] * as_json, *options)
        told = json.loads(result.stdout) if as_json and result.exit_code < 2 else {}
        return Verified(result.exit_code, told, result.output)


@dataclass(frozen=True)
class Verified:
    """What `engine verify` answered."""

    code: int
    told: dict
    output: str

    @property
    def broken(self) -> dict[str, str]:
        """Return the broken invariants' examples, by name."""
        found = self.told["invariants"]
        assert self.told["holds"] == all(one["holds"] for one in found)
        rested = self.told.get("atRest", True)
        assert (self.code == 0) == (self.told["holds"] and rested), self.output
        return {one["name"]: "\n".join(one["examples"]) for one in found if not one["holds"]}

    def checked(self, name) -> int:
        """Return how much was looked at for an invariant."""
        return next(one["checked"] for one in self.told["invariants"] if one["name"] == name)

    def blames(self, order_id, *names) -> bool:
        """Return whether these invariants and no others are broken, each naming the order."""
        broken = self.broken
        assert broken.keys() == set(names), broken
        assert self.code == 1
        return all(order_id in told for told in broken.values())

    def blames_all(self, *order_ids) -> bool:
        """Return whether I3 and no other is broken, by each of these orders."""
        return all(self.blames(order_id, "I3") for order_id in order_ids)


def routed(order_id, version=2, attempt=1, **changes):
    changes = {"execution_id": f"{order_id}:{attempt}", **changes}
    return builders.routed(version, attempt, order_id=order_id, **changes)


async def create_timed_topic(kafka, name) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    configuration = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
    await admin.create_topics([NewTopic(name, TEST_PARTITIONS, 1, topic_configs=configuration)])
    deadline = asyncio.get_running_loop().time() + 20
    while len((await admin.describe_topics([name]))[0]["partitions"]) != TEST_PARTITIONS:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)
    await admin.close()


async def answer_of(world, *options):
    await world.project()
    return await world.verified(*options)


async def tell_executed(world, order_id, least=1485, **changes):
    await world.tell(
        (0, world.placed(order_id)),
        (1, routed(order_id, min_amount_out=least)),
        (2, builders.executed(3, order_id=order_id, **changes)),
    )
