"""How far the log goes, asked of Kafka itself."""

import asyncio
import contextlib
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from api.ports import LogAway, Misconfigured

TIMEOUT_S = 1.5
STOP_TIMEOUT_S = 1.0


class EndOffsets:
    """A consumer that reads nothing; made anew after anything went wrong with it."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self.seen = False
        self._bootstrap = bootstrap
        self._topic = topic
        self._all = [TopicPartition(topic, number) for number in range(partitions)]
        self._consumer: AIOKafkaConsumer | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    async def ask(self) -> Mapping[int, int]:
        """Return the end offset of each partition; raise `LogAway`, or `Misconfigured`."""
        consumer = self._consumer or AIOKafkaConsumer(bootstrap_servers=self._bootstrap)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if self._consumer is None:
                    await consumer.start()
                    self._consumer = consumer
                offsets = await consumer.end_offsets(self._all)
        except (KafkaError, TimeoutError, AssertionError) as error:
            self._require_partitions(consumer)
            self._retire(consumer)
            raise LogAway(f"the log did not say how far it goes: {error!r}") from error
        except BaseException:
            self._retire(consumer)
            raise
        self._require_partitions(consumer)
        self.seen = True
        return {place.partition: offset for place, offset in offsets.items()}

    async def close(self) -> None:
        """Stop what was started; bounded, for Kafka may be away."""
        if self._consumer is not None:
            self._retire(self._consumer)
        await asyncio.gather(*self._retiring)

    def _require_partitions(self, consumer: AIOKafkaConsumer) -> None:
        found = len(consumer.partitions_for_topic(self._topic) or self._all)
        if found != len(self._all):
            self._retire(consumer)
            raise Misconfigured(
                f"The topic {self._topic} has {found} partitions, not {len(self._all)}: "
                f"set ENGINE_PARTITIONS={found}."
            )

    def _retire(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = None
        task = asyncio.create_task(_stop(consumer))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    with contextlib.suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await consumer.stop()
