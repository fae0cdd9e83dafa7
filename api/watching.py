"""One subscription of a client to the market: the prices there are, then what comes."""

import asyncio
from collections.abc import Awaitable, Callable

from api import exact
from api.frames import Subscribe
from api.hub import Closing
from api.outbox import Outbox
from api.quotations import Quotations, members_of


class Watching:
    """Tells a client each tick of the pairs it wants, each pool that gets liquidity, and silence.

    Who is too slow for that is dropped; there is no place to resume at, for the prices that there
    are come first.
    """

    def __init__(
        self,
        wish: Subscribe,
        market: Quotations,
        outbox: Outbox,
        end: Callable[[Closing], None],
    ) -> None:
        self.wish = wish
        self._id = exact.write(wish.id).decode()
        self._pair = wish.filter.pair
        self._market = market
        self._outbox = outbox
        self._end = end

    async def run(self, permit: Callable[[Subscribe], Awaitable[None]]) -> None:
        """Tell until cancelled."""
        await permit(self.wish)
        self._put('"type":"subscribed"')
        ticks = [one for one in self._market.ticks if self._pair in {None, one.pair}]
        prices = ",".join(f"{{{members_of(tick)}}}" for tick in ticks)
        silent = exact.write(self._market.silent).decode()
        self._put(f'"type":"prices","silent":{silent},"prices":[{prices}]')
        with self._market.heard_by(self):
            await asyncio.get_running_loop().create_future()

    def hear(self, pair: str | None, text: str) -> None:
        """Tell the client, if it wants that."""
        if self._pair is None or pair == self._pair:
            self._put(text)

    def hear_of_all(self, text: str) -> None:
        """Tell the client what is about the pair it wants, too."""
        self._put(text)

    def _put(self, members: str) -> None:
        if not self._outbox.put(f'{{"id":{self._id},{members}}}'):
            self._end(Closing.TOO_SLOW)
