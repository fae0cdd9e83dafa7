"""What people have done to the simulated market: where they put tokens, which pools they added.

It hears them as every process does (`runtime.market`), so that all processes price alike. Of each
token only the last move counts, and a move is told against a token that moves by itself or not at
all: in which order the moves of several tokens are heard makes no difference.
"""

import asyncio
from decimal import Decimal

from orders.tokens import UNKNOWN_DECIMALS, Token, find
from orders.values import Liquidity, Tick, VenueName
from runtime.market import Move


class Changes:
    """The changes heard so far; `revision` tells whether others came."""

    def __init__(self, *, known: bool = True) -> None:
        self.revision = 0
        self.known = asyncio.Event()
        """Set once all that was changed before is known; until then nobody is quoted anything."""
        if known:
            self.known.set()
        self._moves: dict[str, Move] = {}
        self._added: dict[str, Liquidity] = {}
        self._usd: dict[tuple[VenueName, str], Decimal] = {}

    def tick(self, tick: Tick) -> None:
        """Do nothing: prices are made of changes, and not the other way round."""

    def liquidity(self, liquidity: Liquidity) -> None:
        """Notice what a pool holds now; the first pool of an unknown token tells its price."""
        if find(liquidity.token) is None:
            self._added.setdefault(liquidity.token, liquidity)
        self._usd[liquidity.pool, liquidity.token] = liquidity.usd
        self.revision += 1

    def moved(self, move: Move) -> None:
        """Notice where a token was put."""
        self._moves[move.token] = move
        self.revision += 1

    def move_of(self, symbol: str) -> Move | None:
        """Return where the token was put last, if anybody did that."""
        return self._moves.get(symbol)

    def usd(self, symbol: str) -> Decimal | None:
        """Return what one of an added token is worth in US dollars while nobody moves it."""
        added = self._added.get(symbol)
        return added.price if added else None

    def depth(self, venue: VenueName, symbol: str) -> Decimal:
        """Return the US dollars that were added to the token's pool at a venue."""
        return self._usd.get((venue, symbol), Decimal(0))

    @property
    def added(self) -> tuple[str, ...]:
        """Return the tokens that there are only because somebody added a pool of them."""
        return tuple(self._added)

    def token(self, venue: VenueName, name: str) -> Token | None:
        """Return the token of that name as far as the venue knows it."""
        if token := find(name):
            return token
        there = (venue, name) in self._usd
        return Token(name, mint=name, decimals=UNKNOWN_DECIMALS) if there else None
