"""The partitions this worker has: recovered when they come, dropped when they leave."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta

from aiokafka.errors import KafkaError

from orders.admission import Record
from orders.state import Open
from orders.topics import Topics, partition_of
from runtime.garbage import give_back
from streams.faults import stop_on_error
from streams.partition import Partition
from streams.recovery import ProjectionAway, read_snapshot
from streams.settings import StreamSettings
from streams.tail import catch_up

logger = logging.getLogger(__name__)

_PAUSE = timedelta(milliseconds=200)
_PAUSE_MAX = timedelta(seconds=2)


class Assignments:
    """Holds a `Partition` for each partition of the log assigned to this worker.

    Recoveries run beside each other; one that waits for PostgreSQL does not hold up the others.
    All of them wait until it is known what people have done to the market.
    """

    def __init__(
        self,
        settings: StreamSettings,
        new_partition: Callable[[], Partition],
        crash: Callable[[BaseException], Awaitable[None]],
        market_known: asyncio.Event,
    ) -> None:
        self._settings = settings
        self._new_partition = new_partition
        self._crash = crash
        self._market_known = market_known
        self._partitions: dict[int, Partition] = {}
        self._recoveries: dict[int, asyncio.Task[None]] = {}
        self.settled = asyncio.Event()
        """Set once the first partitions assigned, if any, have all been recovered."""

    @property
    def partitions(self) -> Mapping[int, Partition]:
        """Return the partitions this worker has, by number; the mapping changes with them."""
        return self._partitions

    async def assign(self, numbers: Iterable[int]) -> None:
        """Take over new partitions, go on with those that stayed, drop those that left.

        Also those that stayed read the log from where they stood: Faust drops what it had buffered.
        """
        assigned = set(numbers)
        await self._stop_recoveries()
        for number in self._partitions.keys() - assigned:
            await self._partitions.pop(number).leave()
        for number in assigned:
            known = self._partitions.get(number)
            if known is None:
                known = self._partitions[number] = self._new_partition()
            known.live = False
            self._recover(number)
        self._settle()

    def read(self, record: Record) -> None:
        """Hand a record to its partition; before the assignment is known, recovery will read it."""
        partition = self._partitions.get(record.partition)
        if partition is not None and not partition.read(record):
            logger.info("hole in the stream", extra={"partition": record.partition})
            self._recover(record.partition)

    def put_overdue_on_delay(self) -> None:
        """Look after orders that the delay topics lost."""
        for partition in self._partitions.values():
            partition.put_overdue_on_delay()

    async def end_what_is_over(self, every: timedelta) -> None:
        """End the orders whose time is over, and the pauses of those that fell short, so often.

        One partition after the other: all at once would hold up the tick that comes meanwhile.
        """
        while True:
            in_turn = list(self._partitions.values())
            for partition in in_turn:
                partition.end_what_is_over()
                await asyncio.sleep(every.total_seconds() / len(in_turn))
            if not in_turn:
                await asyncio.sleep(every.total_seconds())

    def home(self, order_id: str) -> Partition | None:
        """Return the order's partition, None while this worker does not have it."""
        return self._partitions.get(partition_of(order_id, self._settings.partitions))

    def present(self, order: Open) -> Open:
        """Return the order with all that was asked of it since; as it is when it has moved on."""
        order_id = order.placement.order_id
        home = self.home(order_id)
        found = home.open_orders.get(order_id) if home else None
        return found if found is not None and found.version == order.version else order

    async def close(self) -> None:
        """Stop everything under way; what is not in the log yet comes back by recovery."""
        await self.assign(())

    def _recover(self, number: int) -> None:
        task = asyncio.create_task(self._recovered(number, self._partitions[number]))
        self._recoveries[number] = task

    async def _stop_recoveries(self) -> None:
        for task in self._recoveries.values():
            task.cancel()
        await asyncio.gather(*self._recoveries.values(), return_exceptions=True)
        self._recoveries.clear()

    async def _recovered(self, number: int, partition: Partition) -> None:
        async with stop_on_error(self._crash):
            pause = _PAUSE
            while not partition.live:
                try:
                    await self._step(number, partition)
                except (ProjectionAway, KafkaError, OSError) as error:
                    logger.warning("recovery waits", extra={"partition": number, "why": str(error)})
                    await asyncio.sleep(pause.total_seconds())
                    pause = min(pause * 2, _PAUSE_MAX)
            live = {"partition": number, "open": len(partition.open_orders)}
            logger.info("partition live", extra=live)
            self._settle()

    def _settle(self) -> None:
        if all(partition.live for partition in self._partitions.values()):
            give_back()
            self.settled.set()

    async def _step(self, number: int, partition: Partition) -> None:
        settings = self._settings
        # At which price an order fires depends on the pools there are.
        await self._market_known.wait()
        if not partition.restored:
            partition.restore(await read_snapshot(settings.database_url, number))
        topic = Topics(settings.topic_prefix).events
        await catch_up(settings.kafka, topic, number, partition)
