"""The names of the topics and the partition of a key."""

from dataclasses import dataclass, field
from datetime import timedelta
from zlib import crc32

from orders.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Topics:
    """The engine's topics; a prefix keeps several engines on one cluster apart."""

    prefix: str = ""
    policy: RetryPolicy = field(default_factory=RetryPolicy)

    @property
    def events(self) -> str:
        """Return the log: the only truth."""
        return f"{self.prefix}orders.events"

    @property
    def dead_letter(self) -> str:
        """Return where records that were not admitted go."""
        return f"{self.prefix}orders.dead-letter"

    @property
    def retries(self) -> dict[timedelta, str]:
        """Return one topic for each delay of the ladder, shortest first."""
        return {delay: self.retry(delay) for delay in sorted(set(self.policy.delays))}

    def rung(self, delay: timedelta) -> str:
        """Return the topic of the shortest rung that waits so long, else of the longest."""
        rungs = self.retries
        return next((name for rung, name in rungs.items() if rung >= delay), [*rungs.values()][-1])

    @property
    def prices(self) -> str:
        """Return the ticks of the market, keyed by pair."""
        return f"{self.prefix}market.prices"

    @property
    def pools(self) -> str:
        """Return the liquidity that pools of tokens have got, keyed by token."""
        return f"{self.prefix}market.pools"

    @property
    def moves(self) -> str:
        """Return where people put the simulated market, keyed by token."""
        return f"{self.prefix}market.moves"

    def retry(self, delay: timedelta) -> str:
        """Return the topic of the rung with this delay (whole seconds)."""
        return f"{self.prefix}orders.retry.{int(delay.total_seconds())}s"


def partition_of(order_id: str, partitions: int) -> int:
    """Return the partition of an order's records: CRC-32 of the key modulo the partitions.

    librdkafka calls it the consistent partitioner, so other clients can find the same partition.
    """
    return crc32(order_id.encode()) % partitions
