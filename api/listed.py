"""Whether the market tells a price for an order that waits for one."""

import asyncio
from datetime import timedelta

from api import errors, placing_errors
from api.errors import LOG_UNAVAILABLE, Refusal
from api.slots import SOON
from orders.pairs import canonical, tokens_of
from orders.tokens import find
from orders.values import Terms
from venues.changes import Changes

PATIENCE = timedelta(seconds=2)


class Listed:
    """Knows the tokens on the market: those that always were, and those that a pool has brought."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    async def require(self, terms: Terms) -> None:
        """Raise `Refusal` for a limit order whose tokens no tick can be about: it rests for ever.

        A market order of such a token fails by itself, and a sniper order waits for its pool.
        """
        if needs_no_look(terms):
            return
        named = (("tokenIn", terms.token_in), ("tokenOut", terms.token_out))
        strange = [(field, name) for field, name in named if find(name) is None]
        await self._all_known()
        for field, name in strange:
            if name not in self._changes.added:
                raise Refusal(placing_errors.UNKNOWN_TOKEN, field=field)
        if len(strange) == len(named):
            message = (
                "The market tells no price between two tokens that pools have brought: name a "
                "known one, such as USDC, as one of the two."
            )
            raise Refusal(placing_errors.UNKNOWN_TOKEN, message)

    def require_pair(self, pair: str) -> None:
        """Raise `Refusal` for a pair that the market does not tell, or not in this direction."""
        told = canonical(*tokens_of(pair))
        if told != pair:
            message = f"The market tells this pair as {told}: subscribe to that one."
            raise Refusal(errors.UNKNOWN_PAIR, message)
        strange = [name for name in tokens_of(pair) if find(name) is None]
        known = self._changes.known.is_set()
        if len(set(tokens_of(pair))) < 2 or len(strange) > 1:
            raise Refusal(errors.UNKNOWN_PAIR)
        if known and not set(strange) <= set(self._changes.added):
            raise Refusal(errors.UNKNOWN_PAIR)

    async def _all_known(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._changes.known.wait()
        except TimeoutError:
            message = "The market cannot be read, so a token may be unknown here: try later."
            raise Refusal(LOG_UNAVAILABLE, message, retry_after=SOON) from None


def needs_no_look(terms: Terms) -> bool:
    """Return whether an order can be taken whatever the market tells."""
    return terms.order_type != "limit" or bool(find(terms.token_in) and find(terms.token_out))
