"""What `engine verify` finds, for a test: the audit itself, in the test's own process."""

from datetime import UTC, datetime

from audit.findings import Report
from audit.lists import Lists
from audit.verify import Sources, verify
from orders.topics import Topics

NOTHING_TOLD = Lists()


async def assert_holds(
    kafka: str,
    topic: str,
    database_url: str,
    chain_url: str | None = None,
    told: Lists = NOTHING_TOLD,
) -> Report:
    """Fail unless all ten invariants hold; without a ledger those about it are not judged."""
    sources = Sources(kafka, topic, database_url, chain_url)
    report = await verify(sources, told, lambda: datetime.now(UTC))
    assert report.holds, report.broken
    assert not report.figures.unjudged_columns
    return report


async def assert_engine_holds(engine, told: Lists = NOTHING_TOLD) -> Report:
    """Fail unless all ten invariants hold of a running engine and what clients were told."""
    topic = Topics(engine.topic_prefix).events
    return await assert_holds(engine.kafka, topic, engine.database_url, engine.chain_url, told)
