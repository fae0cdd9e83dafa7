"""What `engine verify` finds, for a test: the audit itself, in the test's own process."""

from collections.abc import Iterable
from datetime import UTC, datetime

from audit.findings import Report
from audit.lists import Lists
from audit.verify import Sources, verify
from orders.topics import Topics


async def assert_holds(
    kafka: str,
    topic: str,
    database_url: str,
    chain_url: str | None = None,
    lists: Lists | None = None,
) -> Report:
    """Fail unless all ten invariants hold; without a ledger those about it are not judged."""
    sources = Sources(kafka, topic, database_url, chain_url)
    report = await verify(sources, lists or Lists(), lambda: datetime.now(UTC))
    assert report.holds, report.broken
    assert not report.figures.unjudged_columns
    return report


async def assert_engine_holds(
    engine, accepted: Iterable[str] = (), refused: Iterable[str] = ()
) -> Report:
    """Fail unless all ten invariants hold of a running engine and what its clients were told."""
    topic, lists = (
        Topics(engine.topic_prefix).events,
        Lists(frozenset(accepted), frozenset(refused)),
    )
    return await assert_holds(engine.kafka, topic, engine.database_url, engine.chain_url, lists)
