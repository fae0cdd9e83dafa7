"""The simulated market: what a token is worth at a moment, as a pure function of seed and time.

Every process computes the same prices without talking to another. The walk is the sum of octaves of
seeded value noise over ticks of 250 ms: octave k has a random value at every 2^k ticks, weighs
2^(k/2) and is linear in between. Up to a quarter of an hour the sum spreads like a Brownian motion;
beyond, it stays around the reference price. Any moment costs the same small number of hashes.

Where somebody puts a token, its walk goes on from there: it stays as many times above the bare walk
as it was put above it at that moment.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations
from math import exp

from orders.pairs import canonical, tokens_of
from orders.values import PRICE
from venues.changes import Changes

TICKS_A_SECOND = 4
OCTAVES = 17
SPREAD_A_SECOND = 2.3
"""Standard deviation of the bare sum's change over one second, measured."""

VENUE_OFFSET = 0.0015
"""How far a pool may stand from the market; two of them differ by less than both fees together."""

VENUE_OFFSET_TICKS = 64

TOLD = Context(prec=10, rounding=ROUND_HALF_EVEN)
"""A pair's price is told with so many digits: what somebody said comes back as it was said."""

DOLLAR = "USDC"
"""What is priced in it moves alone."""


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

    def __init__(self, seed: int, volatility: float, changes: Changes | None = None) -> None:
        self.changes = changes or Changes()
        self._seed = seed
        self._volatility = volatility
        self._walk = lru_cache(maxsize=1_024)(self._walk_of)
        self._factor = lru_cache(maxsize=256)(self._factor_at)

    def tick(self, at: datetime) -> int:
        """Return the number of the 250 ms step since 1970 that holds this moment.

        A market without volatility stands still: each of its moments is in tick 0.
        """
        return int(at.timestamp() * TICKS_A_SECOND) if self._volatility else 0

    def usd(self, symbol: str, tick: int) -> Decimal:
        """Return what a token is worth in US dollars in this tick."""
        walk, factor = self._walk(symbol, tick), self._factor(symbol, self.changes.revision)
        return walk if factor == 1 else PRICE.multiply(walk, factor)

    def price(self, pair: str, tick: int) -> Decimal:
        """Return what the pair, named as in `orders.pairs`, is worth in this tick."""
        base, quote = (self.usd(symbol, tick) for symbol in tokens_of(pair))
        return Decimal(f"{TOLD.divide(base, quote).normalize(TOLD):f}")

    @property
    def pairs(self) -> list[str]:
        """Return all pairs: each two known tokens, and each known one with each that was added."""
        new = [(symbol, known) for symbol in self.changes.added for known in LISTINGS]
        return [canonical(*both) for both in (*combinations(LISTINGS, 2), *new)]

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

    def _factor_at(self, symbol: str, _revision: int) -> Decimal:
        """How many times its walk a token is worth since somebody put it, or its leader, there."""
        leader = anchor_of(symbol)
        moved = Decimal(1) if leader == DOLLAR else self._factor_at(leader, _revision)
        move = self.changes.move_of(symbol)
        if move is None or move.against != leader or symbol == DOLLAR:
            return moved
        tick = self.tick(move.at)
        there = PRICE.multiply(move.price, self._walk(leader, tick))
        return PRICE.multiply(PRICE.divide(there, self._walk(symbol, tick)), moved)

    def _walk_of(self, symbol: str, tick: int) -> Decimal:
        added = None if symbol in LISTINGS else self.changes.usd(symbol)
        if added is not None:
            return added
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


def anchor_of(symbol: str) -> str:
    """Return the token against which this one is moved: the one it follows, else USDC."""
    listing = LISTINGS.get(symbol)
    return (listing and listing.follows) or DOLLAR
