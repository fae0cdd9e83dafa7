"""What happens on the market as every process hears it: ticks, pools, and where people put it.

No price is made here and nothing is decided: whoever listens does that.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import TypeAdapter, ValidationError

from orders.topics import Topics
from orders.values import Liquidity, Moment, Price, Tick, TokenName
from orders.written import Written
from runtime.headers import tolerate_any_names
from runtime.silence import Silence

_PAUSE = timedelta(milliseconds=500)
_PATIENCE = timedelta(milliseconds=500)
_REQUEST_TIMEOUT = timedelta(seconds=10)
_BATCH = 500
"""Listeners work through so many at once; then others get their turn."""

logger = logging.getLogger(__name__)


class Move(Written, frozen=True):
    """Where somebody put a token of the simulated market; its walk goes on from there.

    `against` is the token it is priced in, by symbol; `price` units of that for one.
    """

    token: TokenName
    against: TokenName
    price: Price
    at: Moment


TICK, LIQUIDITY, MOVE = TypeAdapter(Tick), TypeAdapter(Liquidity), TypeAdapter(Move)
"""What reads them, from wherever they come, and says what is wrong with them."""


class Listener(Protocol):
    """Whoever hears the market; no call waits."""

    def tick(self, tick: Tick) -> None:
        """Hear what a pair is worth."""
        ...

    def liquidity(self, liquidity: Liquidity) -> None:
        """Hear that a pool has liquidity, each time it gets some."""
        ...

    def moved(self, move: Move) -> None:
        """Hear that somebody put a token where it is now."""
        ...


class Listeners:
    """Several listeners that hear the same, in this order."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def tick(self, tick: Tick) -> None:
        """Tell all of them what a pair is worth."""
        for listener in self._listeners:
            listener.tick(tick)

    def liquidity(self, liquidity: Liquidity) -> None:
        """Tell all of them that a pool has liquidity."""
        for listener in self._listeners:
            listener.liquidity(liquidity)

    def moved(self, move: Move) -> None:
        """Tell all of them where somebody put a token."""
        for listener in self._listeners:
            listener.moved(move)


async def follow_market(
    kafka: str,
    topics: Topics,
    listener: Listener,
    since: timedelta | None,
    *,
    known: asyncio.Event | None = None,
    silence: Silence | None = None,
) -> None:
    """Tell the listener all pools and moves there are, then what comes, until cancelled.

    Prices are told from now on, or of so long before the newest of them; none is told before the
    pools and moves that there are now, after which `known` is set. Brokers may come and go: each
    record is told once, in the order of its topic. What cannot be read is left out.
    """
    tolerate_any_names()
    follower = _Follower(topics, listener, since, known or asyncio.Event(), silence)
    away = False
    while True:
        try:
            async with _consumer(kafka) as consumer:
                await follower.begin(consumer)
                if away:
                    logger.info("market is read again", extra={"action": "market_back"})
                away = False
                await follower.go_on(consumer)
        except (KafkaError, OSError) as error:
            if not away:
                extra = {"action": "market_away", "why": str(error) or type(error).__name__}
                logger.warning("market cannot be read", extra=extra)
            away = True
        await asyncio.sleep(_PAUSE.total_seconds())


class _Follower:
    """How far one process has read the topics of the market."""

    def __init__(
        self,
        topics: Topics,
        listener: Listener,
        since: timedelta | None,
        known: asyncio.Event,
        silence: Silence | None,
    ) -> None:
        self._prices = TopicPartition(topics.prices, 0)
        self._standing = (TopicPartition(topics.pools, 0), TopicPartition(topics.moves, 0))
        self._tellers: dict[str, Callable[[bytes], None]] = {
            topics.prices: lambda value: listener.tick(TICK.validate_json(value)),
            topics.pools: lambda value: listener.liquidity(LIQUIDITY.validate_json(value)),
            topics.moves: lambda value: listener.moved(MOVE.validate_json(value)),
        }
        self._since = since
        self._known = known
        self._silence = silence
        self._next: dict[TopicPartition, int] = {}
        self._past = 0
        self._begun = False

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        """Read the pools and moves there are, unless that was done."""
        if self._begun:
            return
        places = [self._prices, *self._standing]
        ends = await consumer.end_offsets(places)
        if self._prices not in self._next:
            self._past = ends[self._prices]
            first = await consumer.beginning_offsets(self._standing)
            self._next = {self._prices: await self._first_price(consumer), **first}
        self._assign(consumer, *self._standing)
        while any([await consumer.position(one) < ends[one] for one in self._standing]):
            await self._read(consumer)
        self._begun = True
        self._known.set()

    async def go_on(self, consumer: AIOKafkaConsumer) -> None:
        """Tell what comes, until cancelled."""
        self._assign(consumer, self._prices, *self._standing)
        while True:
            await self._read(consumer)

    async def _first_price(self, consumer: AIOKafkaConsumer) -> int:
        [first] = (await consumer.beginning_offsets([self._prices])).values()
        if self._since is None or first >= self._past:
            return self._past
        # Counted from the newest price, by the brokers' clock: the one here may be wrong.
        consumer.assign([self._prices])
        consumer.seek(self._prices, self._past - 1)
        newest = await consumer.getone(self._prices)
        begin = max(0, newest.timestamp - int(self._since.total_seconds() * 1000))
        [found] = (await consumer.offsets_for_times({self._prices: begin})).values()
        return found.offset if found else self._past

    def _assign(self, consumer: AIOKafkaConsumer, *places: TopicPartition) -> None:
        consumer.assign(places)
        for place in places:
            consumer.seek(place, self._next[place])

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        milliseconds = int(_PATIENCE.total_seconds() * 1000)
        found = await consumer.getmany(timeout_ms=milliseconds, max_records=_BATCH)
        for place in sorted(found, key=lambda place: place == self._prices):
            for record in found[place]:
                self._next[place] = record.offset + 1
                self._tell(record)

    def _tell(self, record: ConsumerRecord) -> None:
        if record.topic == self._prices.topic and record.offset >= self._past and self._silence:
            self._silence.heard()
        try:
            self._tellers[record.topic](record.value or b"")
        except ValidationError as error:
            place = f"{record.topic}:{record.offset}"
            logger.warning(
                "a record of the market cannot be read",
                extra={"action": "market_unreadable", "place": place, "why": str(error)},
            )


@asynccontextmanager
async def _consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        # Prices may be gone that were not read in time.
        auto_offset_reset="earliest",
        request_timeout_ms=int(_REQUEST_TIMEOUT.total_seconds() * 1000),
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
