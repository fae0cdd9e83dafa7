"""What the workers append: events to the log, waiting orders to the delay topics."""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import timedelta

from orders.events import AnyOrderEvent
from orders.state import Waiting
from orders.topics import Topics, partition_of
from orders.wire import encode, encode_order
from runtime.appender import Appender, NotAcknowledged
from streams.own import OwnEvents

logger = logging.getLogger(__name__)

_PAUSE = timedelta(milliseconds=100)
_PAUSE_MAX = timedelta(seconds=2)


class Log:
    """Appends until Kafka acknowledges: what is written twice is superseded, never acted on twice.

    The wait ends with the task that waits: when its partition leaves or the worker stops.
    """

    def __init__(
        self, appender: Appender, topics: Topics, partitions: int, own: OwnEvents | None = None
    ) -> None:
        self._appender = appender
        self._topics, self._events = topics, topics.events
        self._partitions = partitions
        self._own = own
        self._away = False

    def append(self, event: AnyOrderEvent) -> Awaitable[None]:
        """Append an event to the log, once what is returned is waited for."""
        value = encode(event)
        if self._own:
            self._own.encoded(event, value)
        return self._insist(self._events, event.order_id, value)

    def delay(self, order: Waiting) -> Awaitable[None]:
        """Put a waiting order on the topic of its delay, once what is returned is waited for."""
        topic = self._topics.rung(order.delay)
        return self._insist(topic, order.placement.order_id, encode_order(order))

    async def _insist(self, topic: str, order_id: str, value: bytes) -> None:
        partition, pause = partition_of(order_id, self._partitions), _PAUSE
        while True:
            try:
                await self._appender.append(topic, partition, order_id.encode(), value)
            except NotAcknowledged as error:
                self._tell(str(error))
            else:
                self._tell(None)
                return
            await asyncio.sleep(pause.total_seconds())
            pause = min(pause * 2, _PAUSE_MAX)

    def _tell(self, why: str | None) -> None:
        # Once an outage: thousands of orders may be waiting to be appended.
        if why and not self._away:
            logger.warning("the log does not acknowledge", extra={"why": why})
        elif self._away and not why:
            logger.info("the log acknowledges again")
        self._away = why is not None
