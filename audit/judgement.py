"""What must hold of an order's story, beside its row: that it goes on, and its executions."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from audit.findings import Figures, Findings
from audit.ledger import Entry
from audit.rows import later, status_of
from audit.story import Story
from audit.turns import Moment, Turns

OURS = frozenset({"api", "streams", "delays"})
"""The names under which the engine itself writes."""

_MONEY = ("executed_price", "amount_in", "amount_out", "fee", "slot")


class Liveness:
    """I3 and I5 of one partition's orders: each has ended, or is open for a live reason.

    What breaks I5 is an impossible event of the engine's own, unless its order is among those
    `known` to be quarantined; or anybody's, when no table shows its order as quarantined.
    """

    def __init__(
        self, moment: Moment, known: frozenset[str], findings: Findings, figures: Figures
    ) -> None:
        self._moment = moment
        self._known = known
        self._findings = findings
        self._figures = figures

    def judge(self, story: Story, *, alarmed: bool, turns: Turns) -> None:
        """Judge one order.

        `alarmed` says whether the tables show it as quarantined, `turns` are its partition's.
        """
        self._findings.checked("I3")
        if story.flaw is not None:
            self._judge_flaw(story, story.flaw, alarmed=alarmed)
        if story.ended:
            self._figures.ended[status_of(story)] += 1
            return
        reason, dead = self._reason(story, turns)
        dead = dead or self._neglect(story)
        self._figures.open[reason] += 1
        if dead:
            self._findings.broken("I3", f"order {story.order_id}: {dead}")

    def _judge_flaw(self, story: Story, flaw: str, *, alarmed: bool) -> None:
        self._figures.quarantined.append(story.order_id)
        told = f"order {story.order_id}: {flaw}, written by {story.flaw_actor!r}"
        silent = not story.ended and not alarmed and self._moment.is_over(story.heard_at)
        if silent:
            told += ", and no table shows it as quarantined"
            self._findings.broken("I3", told)
        if silent or (story.flaw_actor in OURS and story.order_id not in self._known):
            self._findings.broken("I5", told)

    def _reason(self, story: Story, turns: Turns) -> tuple[str, str | None]:
        since = story.heard_at
        over = self._moment.is_over(since)
        match story.phase:
            case "quarantined":
                left = story.held and over
                told = f"quarantined since {since} with an execution that nobody has resolved"
                return "quarantined", told if left else None
            case "waiting":
                due = later(since, story.delay or timedelta())
                told = f"its retry was due at {due} and has not begun"
                return "waiting", told if self._moment.is_over(due) else None
            case "resting":
                return "resting", None
            case "pending" if over and turns.may_wait(since):
                return "parked", None
            case _:
                return (
                    "in flight",
                    f"{story.phase} since {since}, nothing followed" if over else None,
                )

    def _neglect(self, story: Story) -> str | None:
        """Return what is due of an order that is held by nothing, and was not done."""
        if story.phase == "routed" or story.held:
            return None
        asked = min((one.since for one in story.asked), default=None)
        if asked is not None and self._moment.is_over(max(asked, story.heard_at)):
            return f"what was asked of it at {asked} was not answered"
        ends = story.terms.expires_at
        if ends is None or story.phase == "quarantined" or not self._moment.is_over(ends):
            return None
        return f"its time was over at {ends}, and it has not ended"


class Outcomes:
    """I6 and I9: what the chain holds for an order's executions, against what the log says."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def judge(self, story: Story, held: Mapping[str, Sequence[Entry]]) -> None:
        """Judge one order; `held` are the ledger's entries, by execution id."""
        ids = story.execution_ids
        self._findings.checked("I9", len(ids))
        for execution_id in ids:
            is_last = execution_id is ids[-1]
            entry = next(iter(held.get(execution_id, ())), None)
            if entry is None:
                self._absent(story, execution_id, is_last=is_last)
            elif entry.status == "settled":
                self._settled(story, entry, is_last=is_last)
        if story.fill is not None:
            last = next(iter(held.get(ids[-1], ())), None)
            self._check_money(story, last)

    def _absent(self, story: Story, execution_id: str, *, is_last: bool) -> None:
        under_way = is_last and (story.phase == "routed" or (story.held and not story.ended))
        if not under_way:
            told = f"execution {execution_id} is neither settled nor void"
            self._findings.broken("I9", f"order {story.order_id}: {told}")

    def _settled(self, story: Story, entry: Entry, *, is_last: bool) -> None:
        may_be = is_last and (story.phase in {"completed", "routed"} or story.held)
        if not may_be or (story.ended and story.phase != "completed"):
            told = f"execution {entry.execution_id} settled, the log says {story.phase}"
            self._findings.broken("I9", f"order {story.order_id}: {told}")

    def _check_money(self, story: Story, entry: Entry | None) -> None:
        self._findings.checked("I6")
        for told in money_flaws(story, entry):
            self._findings.broken("I6", f"order {story.order_id}: {told}")


def money_flaws(story: Story, entry: Entry | None) -> list[str]:
    """Return what is wrong with an executed order's amounts, a sentence each."""
    fill, flaws = story.fill, []
    if fill is None:
        return []
    if fill.amount_in != story.terms.amount:
        flaws.append(f"{fill.amount_in} was swapped, the order is for {story.terms.amount}")
    if story.least is not None and fill.amount_out < story.least:
        flaws.append(f"it got {fill.amount_out}, its minimum is {story.least}")
    if entry is None or entry.status != "settled":
        return [*flaws, f"the log says {fill.tx_hash} settled it, the ledger does not"]
    pairs = [(name, getattr(fill, name), getattr(entry, name)) for name in _MONEY]
    pairs += [("tx_hash", fill.tx_hash, entry.signature), ("venue", story.venue, entry.venue)]
    differing = [
        f"{name} is {log}, on the ledger {chain}" for name, log, chain in pairs if log != chain
    ]
    return flaws + differing
