"""The simulated market: what a token is worth at a moment, as a pure function of seed and time.

Every process computes the same prices without talking to another. The walk is the sum of octaves of
seeded value noise over ticks of 250 ms: octave k has a random value at every 2^k ticks, weighs
2^(k/2) and is linear in between. Up to a quarter of an hour the sum spreads like a Brownian motion;
beyond, it stays around the reference price. Any moment costs the same small number of hashes.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from math import exp

TICKS_A_SECOND = 4
OCTAVES = 17
SPREAD_A_SECOND = 2.3
"""Standard deviation of the bare sum's change over one second, measured."""

VENUE_OFFSET = 0.0015
"""How far a pool may stand from the market; two of them differ by less than both fees together."""

VENUE_OFFSET_TICKS = 64


@dataclass(frozen=True, slots=True)
class Listing:
    """A token in the simulation: its reference price, and the US dollars on its side of a pool."""

    usd: Decimal
    depth_usd: int
    liveliness: float = 1.0
    follows: str | None = None


LISTINGS = {
    "SOL": Listing(Decimal(150), 40_000_000),
    "USDC": Listing(Decimal(1), 40_000_000, liveliness=0.02),
    "USDT": Listing(Decimal(1), 20_000_000, liveliness=0.02),
    "JUP": Listing(Decimal("0.85"), 6_000_000, liveliness=1.3),
    "RAY": Listing(Decimal("2.40"), 5_000_000, liveliness=1.3),
    "BONK": Listing(Decimal("0.000022"), 3_000_000, liveliness=1.8),
    "mSOL": Listing(Decimal(192), 10_000_000, liveliness=0.02, follows="SOL"),
    "PYTH": Listing(Decimal("0.32"), 2_000_000, liveliness=1.3),
}


class Market:
    """Prices in US dollars, the same for everyone who has the seed."""

    def __init__(self, seed: int, volatility: float) -> None:
        self._seed = seed
        self._volatility = volatility
        self.usd = lru_cache(maxsize=1_024)(self._usd)

    def tick(self, at: datetime) -> int:
        """Return the number of the 250 ms step since 1970 that holds this moment.

        A market without volatility stands still: each of its moments is in tick 0.
        """
        return int(at.timestamp() * TICKS_A_SECOND) if self._volatility else 0

    def offset(self, venue: str, pair: tuple[str, str], tick: int) -> Decimal:
        """Return a venue's price of the pair over the market's, to 9 digits after the point."""
        step, within = divmod(tick, VENUE_OFFSET_TICKS)
        here = self.noise(venue, *pair, step)
        there = self.noise(venue, *pair, step + 1)
        share = within / VENUE_OFFSET_TICKS
        return Decimal(f"{1 + VENUE_OFFSET * (here + (there - here) * share):.9f}")

    def noise(self, *key: str | int) -> float:
        """Return the seed's number for this key, evenly spread from -1 to 1."""
        digest = blake2b(repr((self._seed, *key)).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**63 - 1

    def _usd(self, symbol: str, tick: int) -> Decimal:
        price = float(LISTINGS[symbol].usd) * exp(self._drift(symbol, tick))
        # Twelve significant digits: the last bits of exp() differ between machines.
        return Decimal(f"{price:.12g}")

    def _drift(self, symbol: str, tick: int) -> float:
        listing = LISTINGS[symbol]
        octaves = (self._octave(symbol, octave, tick) for octave in range(OCTAVES))
        own = sum(octaves) * self._volatility * listing.liveliness / SPREAD_A_SECOND
        return own + (self._drift(listing.follows, tick) if listing.follows else 0)

    def _octave(self, symbol: str, octave: int, tick: int) -> float:
        period = 1 << octave
        step, within = divmod(tick, period)
        height = self.noise(symbol, octave, step)
        if within:
            height += (self.noise(symbol, octave, step + 1) - height) * within / period
        return height * 2 ** (octave / 2)
