"""The simulated market as a person moves it: a token put somewhere, a pool that gets liquidity."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from local.errors import EngineError, Misconfigured
from orders.pairs import canonical, price_along, symbol_of, tokens_of
from orders.tokens import find
from orders.topics import Topics
from orders.values import MAX_AMOUNT, MONEY, PRICE, Liquidity, Price, Tick, VenueName
from runtime.appender import Appender, NotAcknowledged, open_appender
from runtime.market import LIQUIDITY, MOVE, Listeners, Move, follow_market
from venues.changes import Changes
from venues.market import DOLLAR, LISTINGS, anchor_of

KAFKA_TIMEOUT = timedelta(seconds=10)
TICK_TIMEOUT = timedelta(seconds=6)
AS_SAID = Decimal("1e-8")
"""A price that was worked out from another may differ in the last digit that is told."""


class Heard:
    """The ticks that have come, and whoever waits for the next one of a pair."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Future[Tick]]] = defaultdict(set)

    def tick(self, tick: Tick) -> None:
        """Give the tick to those who wait for it."""
        for waiting in self._waiting.pop(tick.pair, ()):
            if not waiting.done():
                waiting.set_result(tick)

    def liquidity(self, liquidity: Liquidity) -> None:
        """Do nothing."""

    def moved(self, move: Move) -> None:
        """Do nothing."""

    async def next(self, pair: str, fits: Callable[[Tick], bool] = lambda _: True) -> Tick:
        """Return the next tick of the pair that fits. Raises EngineError when none comes."""
        try:
            async with asyncio.timeout(TICK_TIMEOUT.total_seconds()):
                while True:
                    waiting: asyncio.Future[Tick] = asyncio.get_running_loop().create_future()
                    self._waiting[pair].add(waiting)
                    if fits(tick := await waiting):
                        return tick
        except TimeoutError:
            raise EngineError(
                f"The market does not tell {pair}: is its process running (`engine status`)?"
            ) from None


class Desk:
    """From which the market is moved; everything that was done to it before is known here."""

    def __init__(self, appender: Appender, topics: Topics, changes: Changes, heard: Heard) -> None:
        self._appender = appender
        self._topics = topics
        self._changes = changes
        self._heard = heard

    async def put(self, one: str, other: str, price: Decimal) -> Tick:
        """Put the pair at this price, units of the second token for one of the first.

        Returns the pair as people quote it and its price, once the market has told it. Raises
        Misconfigured for tokens that are not on the market, EngineError when it stands still.
        """
        pair = self._pair(one, other)
        base, quote = tokens_of(pair)
        target = price_along(pair, price, one)
        rate, at = await self._rate(quote, anchor_of(base))
        against = PRICE.multiply(target, rate)
        move = MOVE.validate_python(
            {"token": base, "against": anchor_of(base), "price": against, "at": at}
        )
        told = asyncio.create_task(self._heard.next(pair, lambda tick: _near(tick.price, target)))
        # What is waited for must be there before the answer can come.
        await asyncio.sleep(0)
        try:
            await self._append(self._topics.moves, base, move)
            return replace(await _kept(told), price=target)
        finally:
            told.cancel()

    async def add(
        self, name: str, venue: VenueName, amount: Decimal, price: Decimal | None
    ) -> Liquidity:
        """Add so many US dollars to the token's pool and return what is in it then.

        The first pool of a token that nobody knew tells its price, 1 when none is given. Raises
        Misconfigured for more than a pool holds, EngineError when the market stands still.
        """
        token = symbol_of(name)
        usd = MONEY.add(self._changes.depth(venue, token), amount)
        if usd > MAX_AMOUNT:
            raise Misconfigured(f"A pool holds at most {MAX_AMOUNT:f} USDC")
        worth = await self._worth(token, price)
        at = datetime.now(UTC)
        liquidity = LIQUIDITY.validate_python(
            {"token": token, "pool": venue, "usd": usd, "price": worth, "at": at}
        )
        await self._append(self._topics.pools, token, liquidity)
        if token not in LISTINGS:
            await _kept(self._heard.next(canonical(token, DOLLAR)))
        return liquidity

    async def _worth(self, token: str, price: Decimal | None) -> Price:
        if token not in LISTINGS:
            before = self._changes.usd(token)
            if price not in {None, before} and before is not None:
                raise Misconfigured(
                    f"{token} came to the market at {before:f} USDC: leave --price out, "
                    f"and put it elsewhere with `engine market tick {token}/{DOLLAR} PRICE`"
                )
            return before or price or Decimal(1)
        if price is not None:
            raise Misconfigured(
                f"The market prices {token}: leave --price out, "
                f"and put it elsewhere with `engine market tick`"
            )
        rate, _ = await self._rate(token, DOLLAR)
        return rate

    async def _rate(self, token: str, against: str) -> tuple[Decimal, datetime]:
        """What the token is worth in the other one, and when it was."""
        if token == against:
            return Decimal(1), datetime.now(UTC)
        tick = await self._heard.next(canonical(token, against))
        return price_along(tick.pair, tick.price, token), tick.at

    def _pair(self, *names: str) -> str:
        for name in names:
            if find(name) is None and name not in self._changes.added:
                raise Misconfigured(
                    f"{name} is not on the market: `engine market add-liquidity {name}` brings it"
                )
        if len({symbol_of(name) for name in names}) == 1:
            raise Misconfigured(f"{names[0]} is always worth one {names[1]}: name two tokens")
        if not any(find(name) for name in names):
            raise Misconfigured("Name a token that was not added as one of the two")
        return canonical(*names)

    async def _append(self, topic: str, token: str, value: Move | Liquidity) -> None:
        told = msgspec.json.encode(value)
        try:
            await self._appender.append(topic, 0, token.encode(), told)
        except NotAcknowledged as error:
            raise EngineError(f"Kafka did not take it: {error}") from error


@asynccontextmanager
async def open_desk(kafka: str, topics: Topics) -> AsyncIterator[Desk]:
    """Open the market at host:port. Raises EngineError when Kafka does not tell it in time."""
    changes, heard = Changes(known=False), Heard()
    listeners = Listeners(changes, heard)
    following = asyncio.create_task(
        follow_market(kafka, topics, listeners, None, known=changes.known)
    )
    try:
        try:
            async with asyncio.timeout(KAFKA_TIMEOUT.total_seconds()):
                await changes.known.wait()
        except TimeoutError:
            raise EngineError(f"Kafka at {kafka} does not tell the market") from None
        async with open_appender(kafka, KAFKA_TIMEOUT) as appender:
            yield Desk(appender, topics, changes, heard)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _kept(told: Awaitable[Tick]) -> Tick:
    """What the market tells once it has heard what was done to it, at whatever time that is."""
    try:
        return await told
    except EngineError as error:
        message = f"{error} It is kept, and holds once the market is told again."
        raise EngineError(message) from None


def _near(price: Decimal, target: Decimal) -> bool:
    return abs(price - target) <= AS_SAID * target
