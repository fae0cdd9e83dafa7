"""How often one may ask: orders and reads a second, by user, else by address."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerSecond
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.util import WindowStats

from api.callers import Caller
from api.errors import RATE_LIMITED, Refusal
from api.scopes import Scope
from api.store import Store

LIMIT, REMAINING, RESET = "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"
HEADERS = (LIMIT, REMAINING, RESET)
IPV6_SITE = 64
"""So many bits of an address are a site's; the rest its clients choose as they like."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a limit, and in how many seconds there is more."""

    limit: int
    remaining: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that tell a client."""
        values = (self.limit, self.remaining, self.reset_s)
        return {name: str(value) for name, value in zip(HEADERS, values, strict=True)}


class TooMany(Refusal):
    """A request beyond the limit."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        super().__init__(RATE_LIMITED, retry_after=timedelta(seconds=standing.reset_s))

    @property
    def headers(self) -> dict[str, str]:
        """Return `Retry-After` and what there is of the limit."""
        return {**super().headers, **self.standing.headers}


class Rates:
    """Counts what each one spends in a sliding second; what was refused costs nothing."""

    def __init__(self, store: Store, orders: int, reads: int, namespace: str) -> None:
        self._store = store
        self._window = SlidingWindowCounterRateLimiter(store.storage)
        self._orders = _limit(orders, f"{namespace}orders")
        self._reads = _limit(reads, f"{namespace}reads")

    def limited(self, scope: Scope) -> bool:
        """Return whether what a scope allows is limited at all."""
        return self._limit(scope) is not None

    async def spend(self, scope: Scope, who: str, cost: int = 1, paid: int = 0) -> Standing | None:
        """Return how one stands after this, if that is limited and known. Raises `TooMany`.

        What costs more than the limit, with what was `paid` for it before, costs all of it: else
        it could never be had.
        """
        limit = self._limit(scope)
        left = 0 if limit is None else min(cost, limit.amount - paid)
        if limit is None or left <= 0:
            return None
        spent = await self._store.answer(lambda: self._spent(limit, who, left))
        if spent is None:
            return None
        allowed, stats = spent
        # The library counts by this clock, too.
        reset_s = max(1, math.ceil(stats.reset_time - time.time()))
        standing = Standing(limit.amount, max(0, stats.remaining), reset_s)
        if not allowed:
            raise TooMany(standing)
        return standing

    def _limit(self, scope: Scope) -> RateLimitItemPerSecond | None:
        return self._orders if scope is Scope.WRITE else self._reads

    async def _spent(
        self, limit: RateLimitItemPerSecond, who: str, cost: int
    ) -> tuple[bool, WindowStats]:
        allowed = await self._window.hit(limit, who, cost=cost)
        return allowed, await self._window.get_window_stats(limit, who)


def payer(caller: Caller, client: Iterable[object] | None) -> str:
    """Return who pays for a request: its user, else where it comes from.

    User ids may be anything, so they stand in the store as a digest.
    """
    if caller.user_id is not None:
        return f"user-{blake2b(caller.user_id.encode(), digest_size=16).hexdigest()}"
    host = str(next(iter(client))) if client else "nowhere"
    return f"address-{_site(host)}"


def _site(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return blake2b(host.encode(), digest_size=16).hexdigest()
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        # A client of IPv4, as a socket for both tells it.
        return str(address.ipv4_mapped)
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> (128 - IPV6_SITE) << (128 - IPV6_SITE)))
    return str(address)


def _limit(amount: int, namespace: str) -> RateLimitItemPerSecond | None:
    return RateLimitItemPerSecond(amount, 1, namespace) if amount else None
