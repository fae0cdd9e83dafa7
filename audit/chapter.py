"""The stories of one partition: every order lives in one, so they are told one after the other."""

from collections.abc import Sequence

from audit import asked, firing
from audit.admission import Flaw, Verdict, judge
from audit.findings import Figures, Findings
from audit.judgement import OURS
from audit.log import Record
from audit.retries import flaw_of
from audit.rows import EventRow, event_row
from audit.story import Story
from audit.turns import Moment, Turns
from orders.events import AnyOrderEvent, AnyWish, OrderPlaced, OrderRouted, OrderWish

DUE = frozenset({"OrderRetryScheduled", "OrderRetryDue", "OrderTriggered", "OrderExpired"})
"""What the engine does because it is time to."""


class Chapter:
    """What the records of one partition tell, in their sequence."""

    def __init__(
        self, place: tuple[int, int], moment: Moment, findings: Findings, figures: Figures
    ) -> None:
        """Begin the partition whose number this is, of so many."""
        self.number, self._partitions = place
        self.stories: dict[str, Story] = {}
        self.late: set[str] = set()
        self.turns = Turns(moment)
        self._unplaced: dict[str, str] = {}
        self._findings = findings
        self._figures = figures

    def tell(self, records: Sequence[Record]) -> list[EventRow]:
        """Take the next records and return the rows that they must have in `order_events`."""
        rows = []
        for record in records:
            event, flaw = verdict = judge(record, self._partitions)
            if event is None or flaw is not None:
                self._refuse(verdict)
                continue
            superseded = self._hear(event, record)
            self._figures.superseded += superseded
            rows.append(event_row(record, event, superseded=superseded))
        self._figures.records += len(records)
        self._figures.events += len(rows)
        return rows

    def unplaced(self, order_id: str) -> str | None:
        """Return a sentence for an order that was never placed in time and has an event."""
        return None if order_id in self.stories else self._unplaced.get(order_id)

    def _refuse(self, verdict: Verdict) -> None:
        event, flaw = verdict
        self._figures.not_admitted[str(flaw)] += 1
        if event is not None and flaw is Flaw.LATE_PLACEMENT:
            self.late.add(event.order_id)

    def _hear(self, event: AnyOrderEvent, record: Record) -> bool:
        story = self.stories.get(event.order_id)
        if story is None:
            return self._open(event, record)
        if isinstance(event, OrderWish):
            self._hear_wish(event, story, record)
            return False
        since, delay, first = story.heard_at, story.delay, _is_in_turn(story)
        early = firing.too_soon(event, story.terms, story.rest)
        if story.hear(event, record.appended_at):
            return True
        if story.flaw is None:
            self._findings.checked("I5")
            flaw = _second_attempt(event, story)
            flaw = flaw or early or flaw_of(event, record.appended_at - since, delay)
            at = record.appended_at
            self._check_due(event, flaw or firing.flaw_of(event, story.terms, story.fired_at, at))
            if isinstance(event, OrderRouted):
                self.turns.began(since, record.appended_at, first=first)
        return False

    def _hear_wish(self, wish: AnyWish, story: Story, record: Record) -> None:
        flaw = asked.flaw_of(story.asked, wish)
        if flaw and wish.actor in OURS:
            self._findings.broken("I5", f"order {wish.order_id}: {flaw}")
        story.hear(wish, record.appended_at)

    def _open(self, event: AnyOrderEvent, record: Record) -> bool:
        order_id = event.order_id
        if isinstance(event, OrderPlaced) and event.version == 1:
            self.stories[order_id] = Story(event, record.offset, record.appended_at)
            self._findings.checked("I5")
            return False
        if isinstance(event, OrderWish):
            return False
        place = f"{record.partition}:{record.offset}"
        told = f"order {order_id}: {event.type} stands at {place}, it was never placed in time"
        self._unplaced.setdefault(order_id, told)
        return True

    def _check_due(self, event: AnyOrderEvent, flaw: str | None) -> None:
        if event.type in DUE:
            self._findings.checked("I8")
        if flaw:
            self._findings.broken("I8", f"order {event.order_id}: {flaw}")


def _is_in_turn(story: Story) -> bool:
    # Snipers go ahead: that one of them has begun tells nothing of those that came before it.
    return not story.attempts and story.terms.order_type != "sniper"


def _second_attempt(event: AnyOrderEvent, story: Story) -> str | None:
    once = story.terms.time_in_force == "IOC" and event.type == "OrderRetryScheduled"
    return "was to be tried again, though it has one attempt" if once else None
