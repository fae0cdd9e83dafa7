"""The registry: every venue the engine knows, opened together on one market and one chain."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from random import Random

from orders.ports import Quoter, Venue
from orders.values import Liquidity, VenueName
from venues.chain import Chain, NoChain, open_chain
from venues.changes import Changes
from venues.dex import Dex
from venues.exchange import Clock, Exchange
from venues.market import Market
from venues.pools import Pools, listed_pools
from venues.settings import VenueSettings
from venues.shares import Share, cheapest_share
from venues.trouble import Trouble

VENUES = ("RAYDIUM", "METEORA")


@asynccontextmanager
async def open_venues(
    settings: VenueSettings, clock: Clock, changes: Changes | None = None
) -> AsyncIterator[Mapping[VenueName, Venue]]:
    """Open Raydium and Meteora; the clock returns the present moment (UTC).

    `changes` is what people do to the market; somebody has to let it hear that.
    A chain that cannot be reached does not stop the opening: executions wait for it, each within
    its own time-out.
    """
    async with open_chain(settings.chain_url, settings.block_interval_ms / 1_000) as chain:
        yield simulated_venues(settings, clock, chain, changes)


def simulated_venues(
    settings: VenueSettings, clock: Clock, chain: Chain, changes: Changes | None = None
) -> Mapping[VenueName, Venue]:
    """Return the venues of the simulation by name, settling on this chain."""

    def venue(name: VenueName, pools: Pools) -> Venue:
        trouble = Trouble(settings, Random(f"{settings.seed} {name}"))
        exchange = Exchange(name, pools, chain, trouble, settings, clock)
        return Dex(exchange, settings.quote_timeout, settings.execute_timeout)

    return {name: venue(name, pools) for name, pools in _pools(settings, changes).items()}


def simulated_quoters(
    settings: VenueSettings, clock: Clock, changes: Changes | None = None
) -> Mapping[VenueName, Quoter]:
    """Return the same venues for a process that only asks them, and needs no chain for it.

    Prices are a function of seed, time and changes: at one moment every process is quoted the same.
    """
    return simulated_venues(settings, clock, NoChain(), changes)


def simulated_share(settings: VenueSettings, clock: Clock, changes: Changes | None = None) -> Share:
    """Return what tells how much of the market's price the cheapest of these venues gives."""
    return cheapest_share(_pools(settings, changes).values(), clock)


def simulated_pools(
    settings: VenueSettings, clock: Clock, changes: Changes | None = None
) -> Callable[[str], list[Liquidity]]:
    """Return what tells the pools of a known token that were there before anybody added to them."""
    return listed_pools(VENUES, simulated_market(settings, changes), clock)


def simulated_market(settings: VenueSettings, changes: Changes | None = None) -> Market:
    """Return the market that the venues price from, and the publisher tells."""
    return Market(settings.seed, settings.market_volatility, changes)


def _pools(settings: VenueSettings, changes: Changes | None) -> dict[VenueName, Pools]:
    market = simulated_market(settings, changes)
    fees = dict(zip(VENUES, (settings.raydium_fee, settings.meteora_fee), strict=True))
    return {name: Pools(name, fee, market) for name, fee in fees.items()}
