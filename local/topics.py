"""Creates the engine's topics; running it again changes nothing."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaError,
    TopicAlreadyExistsError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from local.errors import EngineError, Misconfigured
from orders.topics import Topics

RETRIES_KEPT = timedelta(days=7)
DEAD_LETTERS_KEPT = timedelta(days=30)
PRICES_KEPT = timedelta(days=1)
PRICES_SEGMENT = timedelta(hours=1)
"""Only whole segments are deleted: Kafka's own ones of a week would keep a gigabyte a day."""
RECORD_MAX_BYTES = 1024 * 1024 + 12
REQUEST_TIMEOUT_MS = 30_000
POLL_SECONDS = 0.05
FIRST_GROUP = "engine"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the topics are spread over the brokers."""

    partitions: int = 8
    replication: int = 1

    @property
    def min_insync_replicas(self) -> int:
        """Return how many brokers must have a record: all but one, so that one may be away."""
        return max(1, self.replication - 1)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a topic keeps of its records: for how long, or only the last with each key."""

    time: timedelta | None = None
    last_only: bool = False
    partitions: int | None = None
    """How many partitions it has whatever the layout says; those of the market have one."""
    segment: timedelta | None = None

    def partitions_in(self, layout: Layout) -> int:
        """Return how many partitions the topic has in this layout."""
        return self.partitions or layout.partitions


async def create_topics(address: str, topics: Topics, layout: Layout) -> list[str]:
    """Create the missing topics at host:port, wait until they can be used, return their names.

    Raises Misconfigured when a topic has another number of partitions: adding some later would move
    keys and break the sequence of an order. Raises EngineError when Kafka does not do it.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=REQUEST_TIMEOUT_MS)
    client = AIOKafkaClient(bootstrap_servers=address, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_MS / 1000):
            await client.bootstrap()
            await admin.start()
            created = await _create_missing(admin, client, _wanted(topics), layout)
            await _wait_for_coordinator(admin)
            return created
    except (KafkaError, OSError) as error:  # a time-out is an OSError too
        reason = str(error) or type(error).__name__
        raise EngineError(f"Kafka at {address} cannot create the topics: {reason}") from error
    finally:
        await admin.close()
        await client.close()


async def _create_missing(
    admin: AIOKafkaAdminClient,
    client: AIOKafkaClient,
    wanted: Mapping[str, Keeping],
    layout: Layout,
) -> list[str]:
    there = await _partition_counts(client, wanted)
    _require(there, wanted, layout)
    missing = [name for name in wanted if name not in there]
    if missing:
        new = [_new(name, wanted[name], layout) for name in missing]
        _check((await admin.create_topics(new)).topic_errors)
        # The controller has them; a broker hears of them, and of their leaders, a moment later.
        while True:
            there = await _partition_counts(client, wanted)
            if len(there) == len(wanted):
                break
            await asyncio.sleep(POLL_SECONDS)
        _require(there, wanted, layout)
    return missing


def _wanted(topics: Topics) -> dict[str, Keeping]:
    return {
        topics.events: Keeping(),
        **dict.fromkeys(topics.retries.values(), Keeping(RETRIES_KEPT)),
        topics.dead_letter: Keeping(DEAD_LETTERS_KEPT),
        topics.prices: Keeping(PRICES_KEPT, partitions=1, segment=PRICES_SEGMENT),
        topics.pools: Keeping(partitions=1),
        topics.moves: Keeping(last_only=True, partitions=1),
    }


async def _wait_for_coordinator(admin: AIOKafkaAdminClient) -> None:
    # The first question makes a new cluster create the topic that consumer groups live in.
    while True:
        try:
            await admin.find_coordinator(FIRST_GROUP)
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(POLL_SECONDS)
        else:
            return


async def _partition_counts(client: AIOKafkaClient, names: Iterable[str]) -> dict[str, int]:
    # The admin client can only list all of the cluster, or let the broker create what it asks for.
    asked = MetadataRequest(sorted(names), allow_auto_topic_creation=False)
    answer = (await client.send(client.get_random_node(), asked)).to_object()
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in answer["topics"]
        # The broker that describes may not have heard yet of a topic that another one listed.
        if topic["partitions"] and all(one["leader"] >= 0 for one in topic["partitions"])
    }


def _require(there: Mapping[str, int], wanted: Mapping[str, Keeping], layout: Layout) -> None:
    for name, count in there.items():
        expected = wanted[name].partitions_in(layout)
        if count != expected and wanted[name].partitions:
            raise Misconfigured(
                f"Topic {name} has {count} partitions, not {expected}: "
                "delete it, or use another ENGINE_TOPIC_PREFIX"
            )
        if count != expected:
            raise Misconfigured(
                f"Topic {name} has {count} partitions, not {expected}: "
                f"set ENGINE_PARTITIONS={count}, or use another ENGINE_TOPIC_PREFIX"
            )


def _new(name: str, kept: Keeping, layout: Layout) -> NewTopic:
    retention = -1 if kept.time is None else _milliseconds(kept.time)
    segment = {"segment.ms": str(_milliseconds(kept.segment))} if kept.segment else {}
    return NewTopic(
        name,
        num_partitions=kept.partitions_in(layout),
        replication_factor=layout.replication,
        topic_configs={
            "cleanup.policy": "compact" if kept.last_only else "delete",
            "retention.ms": str(retention),
            **segment,
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(RECORD_MAX_BYTES),
            # Whatever a client compresses is kept as it was before: our readers know not every
            # codec, and a megabyte can hold a gigabyte.
            "compression.type": "uncompressed",
            "min.insync.replicas": str(layout.min_insync_replicas),
        },
    )


def _milliseconds(time: timedelta) -> int:
    return int(time.total_seconds() * 1000)


def _check(errors: Iterable[tuple[str, int, *tuple[object, ...]]]) -> None:
    for name, code, *_ in errors:
        error = for_code(code)
        # Someone else may have created it in the same moment, with the same configuration.
        if code and error is not TopicAlreadyExistsError:
            raise error(name)
