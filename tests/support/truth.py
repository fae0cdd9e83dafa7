"""Whether an engine has kept its word, whatever was done to it."""

import asyncio

import psycopg

from tests.support.audited import assert_engine_holds, read_stories
from tests.support.crowd import Crowd
from tests.support.engine import Engine
from tests.support.servers import wait_until

_ENDED = "select count(*) from orders where order_id = any(%s) and not orders.open"
_OPEN = "select count(*) from orders where orders.open"
_SUPERSEDED = "select count(*) from order_events where superseded"


def log_of(engine: Engine) -> str:
    """Return the name of the topic that is the engine's log."""
    return f"{engine.topic_prefix}orders.events"


def wait_until_all_ended(engine: Engine, crowd: Crowd, patience: float = 90) -> None:
    """Return when every order is in a final status, those that the crowd was promised included."""
    wait_until(lambda: have_ended(engine, crowd.accepted), patience, "every accepted order ended")
    wait_until(lambda: _count(engine, _OPEN) == 0, patience, "every order ended")


def have_ended(engine: Engine, order_ids: list[str]) -> bool:
    """Return whether these orders have all ended."""
    return _count(engine, _ENDED, order_ids) == len(order_ids)


def assert_word_kept(engine: Engine, crowd: Crowd) -> dict:
    """Fail unless all has ended and all ten invariants hold; return the stories of the accepted."""
    wait_until_all_ended(engine, crowd)
    lists = {"accepted": crowd.accepted, "refused": crowd.refused}

    def at_rest() -> bool:
        # What was delayed twice comes due twice: such a record may just have reached the log.
        figures = asyncio.run(assert_engine_holds(engine, **lists)).figures
        assert figures.quarantined == []
        return (figures.lag, figures.open) == (0, {})

    wait_until(at_rest, what="the tables have caught up")
    stories = asyncio.run(read_stories(engine.kafka, log_of(engine)))
    void = {order_id for order_id, error in crowd.refused.items() if error == "PLACEMENT_VOID"}
    assert not void & stories.keys()
    return {order_id: stories[order_id] for order_id in crowd.accepted}


def superseded(engine: Engine) -> int:
    """Return how many records of the log came too late to count."""
    return _count(engine, _SUPERSEDED)


def _count(engine: Engine, query: str, *values: object) -> int:
    with psycopg.connect(engine.database_url) as connection:
        connection.execute("set search_path to projection_1")
        [(count,)] = connection.execute(query, values).fetchall()
        return count
