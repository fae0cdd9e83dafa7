"""A venue's pools: constant product, in base units, so that every swap is exact integer arithmetic.

A pool is a function of the market at a tick, like the prices: swaps do not drain it. What people
add to pools of known tokens makes those deeper; a pool of any other token is what they added.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from orders.errors import Code, Reason
from orders.tokens import Token
from orders.values import MONEY, PRICE, Liquidity, Terms, VenueName
from venues.market import LISTINGS, Market

WITHOUT_POOL: dict[VenueName, frozenset[tuple[str, str]]] = {
    "RAYDIUM": frozenset({("BONK", "PYTH")}),
    "METEORA": frozenset({("BONK", "PYTH"), ("BONK", "mSOL")}),
}
"""The pairs, in alphabetical order, that a venue has no pool for; it has one for every other."""

DEPTH_SPREAD = 0.3
"""How far, as a fraction, a venue's pools are deeper or shallower than the listing says."""


class Swap(Struct, frozen=True, gc=False):
    """What a pool gives for an amount; `fee` in units of token in, `price_impact` as a fraction."""

    amount_out: Decimal
    fee: Decimal
    price_impact: Decimal

    def giving_at_most(self, amount_out: Decimal) -> Self:
        """Return the swap after a price that moved against it."""
        return replace(self, amount_out=min(self.amount_out, amount_out))


@dataclass(frozen=True, slots=True)
class Pool:
    """One direction of a pool. Reserves are in base units; the fee is `fee[0] / fee[1]`."""

    reserve_in: int
    reserve_out: int
    fee: tuple[int, int]

    def swap(self, amount_in: int) -> tuple[int, int, Decimal]:
        """Return amount out, fee (base units) and price impact for an amount in base units.

        The fee is taken from the amount in and rounded up, the amount out is rounded down; the
        impact, what of the pool's price the swap moves away, is kept to 18 significant digits.
        """
        fee = -(-amount_in * self.fee[0] // self.fee[1])
        net = amount_in - fee
        after = self.reserve_in + net
        return self.reserve_out * net // after, fee, PRICE.divide(Decimal(net), Decimal(after))


class Pools:
    """The pools of one venue on a market."""

    def __init__(self, venue: VenueName, fee: Decimal, market: Market) -> None:
        self._venue = venue
        self._fee = fee.as_integer_ratio()
        self._market = market
        self._missing = WITHOUT_POOL.get(venue, frozenset())
        self._found = lru_cache(maxsize=1_024)(self._found_at)

    @property
    def known(self) -> asyncio.Event:
        """Return what is set once all is known that people have done to the market."""
        return self._market.changes.known

    def swap(self, terms: Terms, at: datetime) -> Swap | Reason:
        """Return what the swap of these terms gives at this moment, or why there is none."""
        revision = self._market.changes.revision
        found = self._found(terms.token_in, terms.token_out, self._market.tick(at), revision)
        if isinstance(found, Reason):
            return found
        token_in, token_out, pool = found
        exact = MONEY.scaleb(terms.amount, token_in.decimals)
        amount_in = int(exact)
        if amount_in != exact:
            digits = f"{token_in.symbol} has {token_in.decimals} digits after the point"
            return _reason(Code.INVALID_ORDER, f"{digits}, the amount has more")
        amount_out, fee, impact = pool.swap(amount_in)
        return Swap(
            amount_out=MONEY.scaleb(Decimal(amount_out), -token_out.decimals),
            fee=MONEY.scaleb(Decimal(fee), -token_in.decimals),
            price_impact=impact,
        )

    def _found_at(
        self, name_in: str, name_out: str, tick: int, _revision: int
    ) -> tuple[Token, Token, Pool] | Reason:
        known = self._market.changes.token
        token_in, token_out = known(self._venue, name_in), known(self._venue, name_out)
        if token_in is None or token_out is None:
            unknown = name_in if token_in is None else name_out
            return _reason(Code.UNKNOWN_TOKEN, f"{self._venue} does not know the token {unknown}")
        pool = self._pool_at(token_in, token_out, tick)
        if pool is None:
            pair = f"{token_in.symbol}/{token_out.symbol}"
            return _reason(Code.NO_LIQUIDITY, f"{self._venue} has no pool for {pair}")
        return token_in, token_out, pool

    def pool(self, token_in: Token, token_out: Token, at: datetime) -> Pool | None:
        """Return the pool for this direction at this moment, None where the venue has none."""
        return self._pool_at(token_in, token_out, self._market.tick(at))

    def _pool_at(self, token_in: Token, token_out: Token, tick: int) -> Pool | None:
        first, second = sorted((token_in, token_out), key=lambda token: token.symbol)
        pair = (first.symbol, second.symbol)
        added = [symbol for symbol in pair if symbol not in LISTINGS]
        if first == second or pair in self._missing or len(added) > 1:
            return None
        offset = Decimal(1) if added else self._market.offset(self._venue, pair, tick)
        depth = self._depth(pair, added)
        reserves = {
            first: self._reserve(first, depth, tick),
            second: self._reserve(second, MONEY.multiply(depth, offset), tick),
        }
        # What holds less than the least of a token is no pool: nothing can be swapped there.
        if not all(reserves.values()):
            return None
        return Pool(reserves[token_in], reserves[token_out], self._fee)

    def _depth(self, pair: tuple[str, str], added: list[str]) -> Decimal:
        """How many US dollars are on either side of the pool."""
        more = [self._market.changes.depth(self._venue, symbol) for symbol in added or pair]
        if added:
            return sum(more, Decimal(0))
        spread = Decimal(
            f"{1 + DEPTH_SPREAD * self._market.noise(self._venue, *pair, 'depth'):.9f}"
        )
        depth = Decimal(min(LISTINGS[symbol].depth_usd for symbol in pair))
        return MONEY.add(MONEY.multiply(depth, spread), sum(more, Decimal(0)))

    def _reserve(self, token: Token, usd: Decimal, tick: int) -> int:
        units = MONEY.divide(usd, self._market.usd(token.symbol, tick))
        return int(MONEY.scaleb(units, token.decimals))


def listed_pools(
    venues: Iterable[VenueName], market: Market, clock: Callable[[], datetime]
) -> Callable[[str], list[Liquidity]]:
    """Return what tells the pools a token has by its listing, one at each venue; others have none.

    In each are the listing's US dollars: what it holds against one other token may be less. What
    people added is not counted.
    """
    names = tuple(venues)

    def pools(symbol: str) -> list[Liquidity]:
        if (listing := LISTINGS.get(symbol)) is None:
            return []
        at, usd = clock(), Decimal(listing.depth_usd)
        price = market.usd(symbol, market.tick(at))
        return [Liquidity(token=symbol, pool=name, usd=usd, price=price, at=at) for name in names]

    return pools


def _reason(code: Code, message: str) -> Reason:
    return Reason(code=code, message=message)
