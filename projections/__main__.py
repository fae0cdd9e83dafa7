"""`python -m projections`: folds the log into PostgreSQL until it is told to stop."""

import asyncio
import logging
from datetime import timedelta
from functools import partial

import uvloop

from orders.errors import NewerSchema
from projections.consumer import WrongTopic
from projections.projector import Projector
from projections.schema import NewerLayout, WrongPartitions
from projections.settings import ProjectorSettings
from runtime import logs, ready
from runtime.appender import open_appender
from runtime.crash import crash_points
from runtime.garbage import collect_rarely
from runtime.headers import tolerate_any_names
from runtime.settings import stop
from runtime.stopping import told_to_stop

_APPEND_PATIENCE = timedelta(seconds=5)
_CLEAN_STOP_SECONDS = 2.5

logger = logging.getLogger("projections")


async def _run(settings: ProjectorSettings) -> None:
    reached = crash_points(settings)
    async with open_appender(settings.kafka, _APPEND_PATIENCE, reached) as appender:
        announce = partial(ready.announce, settings.ready_file)
        projector = Projector(settings, appender, announce, reached)
        work = asyncio.create_task(projector.run())
        if await told_to_stop(work, _CLEAN_STOP_SECONDS):
            logger.info("stopped", extra={"action": "stopped"})


def main() -> None:
    """Run one projector with the settings of the environment."""
    settings = ProjectorSettings.read()
    logs.configure(settings.process, as_json=settings.log_json, level=settings.log_level)
    # The client says several times a second that a broker is away; the projector says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    collect_rarely()
    tolerate_any_names()
    try:
        uvloop.run(_run(settings))
    except (NewerLayout, NewerSchema, WrongPartitions, WrongTopic) as error:
        stop(str(error))
    except Exception:
        logger.exception("the projector ends", extra={"action": "crashed"})
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
