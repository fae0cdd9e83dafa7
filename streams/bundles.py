"""What one fetch brought goes to the agent as one message, not record by record.

Faust spends more on handing over a message than the agent on folding a record: four tasks, two
locks, a decoder, a place in a queue, sensors and an acknowledgement each. Its fetching, its flow
control and its rebalances stay as they are: this only cuts its stream into larger pieces, by its
own extension points, the scheduler of a consumer and the transport of an app.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, TypeAlias, cast

import faust
from aiokafka import ConsumerRecord
from faust.transport.drivers import aiokafka
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP, ConsumerT
from faust.types.tuples import ConsumerMessage

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
