"""What one fetch brought goes to the agent as one message, not record by record.

Faust spends more on handing over a message than the agent on folding a record: four tasks, two
locks, a decoder, a place in a queue, sensors and an acknowledgement each. Its fetching, its flow
control and its rebalances stay as they are: this only cuts its stream into larger pieces, and has
them fetched in the agent's loop, by its own extension points, the scheduler of a consumer and the
transport of an app.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, ParamSpec, TypeAlias, TypeVar, cast

import faust
from aiokafka import ConsumerRecord
from faust.transport.drivers import aiokafka
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP, ConsumerT
from faust.types.tuples import ConsumerMessage
from mode.utils.futures import maybe_async

P = ParamSpec("P")
T = TypeVar("T")

Bundle: TypeAlias = Sequence[ConsumerRecord]
"""Records of some partitions, those of each as they follow each other, at least one."""

MOST_BUFFERED = 16
"""Bundles that wait for the agent before fetching does: what waits beyond that waits in Kafka."""


class WholeFetches(DefaultSchedulingStrategy):
    """Schedules what a fetch brought as one bundle."""

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Bundle]]:
        """Yield all records at once, under the name of the partition of the last."""
        if bundle := [*chain.from_iterable(records.values())]:
            yield TP(bundle[-1].topic, bundle[-1].partition), bundle


class _NotRead(dict[TP, int | None]):
    """What Faust would drop as read before: nothing, each of our partitions knows that itself."""

    def __getitem__(self, tp: TP) -> None:
        return None


class _Consumer(aiokafka.Consumer):
    """Delivers bundles; its committed offsets are only a hint where to go on reading."""

    def on_init(self) -> None:
        """Keep no account of what was read."""
        self._read_offset = _NotRead()

    def _to_message(self, tp: TP, bundle: Bundle) -> ConsumerMessage:
        message = super()._to_message(tp, bundle[-1])
        message.key, message.headers = None, []
        message.value = bundle  # type: ignore[assignment]  # what no serializer of ours looks at
        # Faust notes one partition when the bundle is done; the others count from now on.
        for partition, offset in {record.partition: record.offset for record in bundle}.items():
            if partition != tp.partition:
                self._acked[TP(tp.topic, partition)].append(offset)
        return message

    def _new_consumer_thread(self) -> aiokafka.AIOKafkaConsumerThread:
        return _Client(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)

    def on_buffer_full(self, tp: TP) -> None:
        """Fetch on: it waits by itself while there is no room at all.

        Faust would leave the partition out until the buffer has drained, and sleep for a second
        when it has left out all.
        """

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Note nothing: a message stands for all the offsets up to its own."""

    def _new_offset(self, tp: TP) -> int | None:
        # One agent takes the bundles in turn: what is before the last is done, or soon will be.
        if not (acked := self._acked[tp]):
            return None
        last = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return int(last) + 1


class _Client(aiokafka.AIOKafkaConsumerThread):
    """Faust's client of Kafka, in the loop of the agent and not in a thread with one of its own.

    What a fetch brings would cross from thread to thread twice, and wait for Python's lock each
    time. Heartbeats wait for the agent now: nothing may hold the loop up for a session's length.
    """

    wait_for_shutdown = False

    async def start(self) -> None:
        """Start as any service does."""
        self._thread_started.set()
        await self._default_start()

    async def on_stop(self) -> None:
        """Do what is done when the thread stops."""
        await self.on_thread_stop()

    async def _stop_children(self) -> None:
        await self._default_stop_children()

    async def _stop_futures(self) -> None:
        await self._default_stop_futures()

    async def _stop_exit_stacks(self) -> None:
        await self._default_stop_exit_stacks()

    async def call_thread(
        self, fun: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a method of the client here."""
        answer: T = await maybe_async(fun(*args, **kwargs))
        return answer


class _Transport(aiokafka.Transport):
    Consumer: ClassVar[type[ConsumerT]] = _Consumer


def bundle_of(event: faust.EventT[Any]) -> Bundle:
    """Return the bundle that an event of such an app is."""
    return cast("Bundle", event.message.value)


def read_in_bundles(app: faust.App) -> None:
    """Let the app's agents get bundles, as `bundle_of` finds them in an event."""
    app.conf.ConsumerScheduler = WholeFetches  # type: ignore[assignment]  # typed as a name of one
    app.conf.stream_buffer_maxsize = MOST_BUFFERED
    app.transport = _Transport(app.conf.broker_consumer, app)
