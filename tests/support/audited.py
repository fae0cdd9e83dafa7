"""What `engine verify` finds, for a test: the audit itself, in the test's own process."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from audit.findings import Report
from audit.lists import Lists
from audit.log import open_log
from audit.replay import Choice, replayed
from audit.rows import status_of
from audit.story import Story
from audit.verify import Sources, verify
from orders.events import AnyOrderEvent, OrderPlaced
from orders.topics import Topics
from orders.values import Terms
from tests.support.builders import T0, placed, terms


@dataclass
class Told:
    """One order as the log tells it: its events that count, as they stand there."""

    story: Story
    events: list[dict] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Return the word people see."""
        return status_of(self.story)

    @property
    def attempts(self) -> int:
        """Return how many attempts were made."""
        return self.story.attempts


def story(*events: AnyOrderEvent, wanted: Terms | None = None, at: datetime = T0) -> Story:
    """Return the story of an order to which these events happened, all at one moment."""
    told = Story(placed(terms=wanted or terms()), 0, at)
    for event in events:
        assert not told.hear(event, at)
    return told


async def read_stories(kafka: str, topic: str) -> dict[str, Told]:
    """Return the story of every order in the log, by its id."""
    stories: dict[str, Told] = {}
    async with open_log(kafka, topic) as log:
        async for lines in replayed(log, Choice()):
            for record, event, flaw, _ in lines:
                if event is None or flaw is not None:
                    continue
                told = stories.get(event.order_id)
                if told is not None:
                    counts = not told.story.hear(event, record.appended_at)
                elif counts := isinstance(event, OrderPlaced):
                    told = Told(Story(event, record.offset, record.appended_at))
                    stories[event.order_id] = told
                if told is not None and counts:
                    told.events.append(json.loads(record.value or b""))
    return stories


async def assert_holds(
    kafka: str,
    topic: str,
    database_url: str,
    chain_url: str | None = None,
    *,
    accepted: Iterable[str] = (),
    refused: Iterable[str] = (),
) -> Report:
    """Fail unless all ten invariants hold; without a ledger those about it are not judged."""
    sources = Sources(kafka, topic, database_url, chain_url)
    lists = Lists(frozenset(accepted), frozenset(refused))
    report = await verify(sources, lists, lambda: datetime.now(UTC))
    assert report.holds, report.broken
    assert not report.figures.unjudged_columns
    return report


async def assert_engine_holds(engine, **lists: Iterable[str]) -> Report:
    """Fail unless all ten invariants hold of a running engine."""
    topic = Topics(engine.topic_prefix).events
    return await assert_holds(engine.kafka, topic, engine.database_url, engine.chain_url, **lists)
