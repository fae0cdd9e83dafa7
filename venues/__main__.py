"""`python -m venues`: tells the simulated market until it is told to stop."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import uvloop

from orders.topics import Topics
from orders.values import Tick
from runtime import logs, ready
from runtime.appender import Appender, NotAcknowledged, open_appender
from runtime.clock import local_clock
from runtime.crash import crash_points
from runtime.market import Listeners, follow_market
from runtime.stopping import told_to_stop
from venues import simulated_market
from venues.changes import Changes
from venues.publisher import Publisher
from venues.settings import VenueSettings

_PATIENCE = timedelta(seconds=2)
"""A price that is older is worth nothing."""

logger = logging.getLogger("venues")


class Telling:
    """Writes ticks to Kafka; what it does not take in time is left out."""

    def __init__(self, appender: Appender, topics: Topics) -> None:
        self._appender = appender
        self._topic = topics.prices
        self._away = False

    async def publish(self, ticks: Sequence[Tick]) -> None:
        """Append these ticks, in this order."""
        found = await asyncio.gather(*(self._append(tick) for tick in ticks))
        away = not all(found)
        if away and not self._away:
            logger.warning("market cannot be told", extra={"action": "market_untold"})
        elif self._away and ticks and not away:
            logger.info("market is told again", extra={"action": "market_told"})
        self._away = away or (self._away and not ticks)

    async def _append(self, tick: Tick) -> bool:
        key, value = tick.pair.encode(), msgspec.json.encode(tick)
        try:
            await self._appender.append(self._topic, 0, key, value)
        except NotAcknowledged as error:
            logger.debug("tick left out", extra={"pair": tick.pair, "why": str(error)})
            return False
        return True


async def _run(settings: VenueSettings) -> None:
    changes, topics = Changes(known=False), Topics(settings.topic_prefix)
    market = simulated_market(settings, changes)

    def began() -> None:
        logger.info("telling the market", extra={"action": "ready", "pairs": len(market.pairs)})
        ready.announce(settings.ready_file)

    async with open_appender(settings.kafka, _PATIENCE, crash_points(settings)) as appender:
        publisher = Publisher(market, local_clock(settings), Telling(appender, topics).publish)
        listening = Listeners(changes, publisher)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(publisher.run(began))
            tasks.create_task(
                follow_market(settings.kafka, topics, listening, None, known=changes.known)
            )


async def _until_told_to_stop(settings: VenueSettings) -> None:
    if await told_to_stop(asyncio.create_task(_run(settings))):
        logger.info("stopped", extra={"action": "stopped"})


def main() -> None:
    """Tell the market with the settings of the environment."""
    settings = VenueSettings.read()
    logs.configure(settings.process, as_json=settings.log_json, level=settings.log_level)
    # The client says several times a second that a broker is away; the publisher says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        uvloop.run(_until_told_to_stop(settings))
    except Exception:
        logger.exception("the market ends", extra={"action": "crashed"})
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
