"""`engine dead-letters redrive`."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.audits import DatabaseUrl, KafkaAddress, Servers, TopicPrefix, audited
from cli.failures import CannotCheck, Failure, NotRunning
from cli.places import Place, ReasonOption, parse_place
from cli.plain import plain
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir
from local.letters import Letter, open_letters
from local.redrive import Step, Verdict, carry_out, foresee, known_orders, plan
from orders.topics import Topics

NO_TABLES = (
    "Without the engine's tables nobody can tell what would quarantine its order or change nothing"
)

Places = Annotated[
    list[Place] | None,
    typer.Argument(parser=parse_place, metavar="PARTITION:OFFSET", help="As listed."),
]
Blind = Annotated[
    bool, typer.Option("--blind", help="Also without tables, so without a look ahead.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def redrive(
    places: Places = None,
    *,
    reason: ReasonOption = None,
    blind: Blind = False,
    yes: Yes = False,
    kafka: KafkaAddress = None,
    topic_prefix: TopicPrefix = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Put events into the log again, where and as they should have stood.

    The event of the dead letter is appended under its order's id, to its order's partition, when it
    is admitted there now. What is no event stays where it is; so does a placement that came too
    late, or would by now: it is void for ever. What would quarantine its order, or change nothing,
    is not appended: to tell needs the engine's tables, so without them nothing is, unless --blind.
    Done twice, an event is superseded: the first in the log counts, for every reader.

    \b
    Examples:
      engine dead-letters redrive 3:17 5:2
      engine dead-letters redrive --reason WRONG_PARTITION --yes
      engine dead-letters redrive 3:17 --json | jq -r .verdict

    Exit codes: 0 all redriven or unchanged, 1 one refused, 2 usage or no tables, 3 no engine runs.
    """
    if bool(places) == bool(reason):
        raise typer.BadParameter("name records as PARTITION:OFFSET, or all with a --reason")
    with audited():
        servers = Servers(data_dir, topic_prefix, kafka, database_url)
        address, topics = servers.topics
        steps, partitions = asyncio.run(_planned(address, topics, places or [], reason))
        steps = _foreseen(steps, _tables(servers), blind=blind)
        if _agreed(steps, yes=yes):
            steps = asyncio.run(carry_out(steps, address, topics.events, partitions))
    for step in steps:
        typer.echo(json.dumps(_described(step)) if as_json else _sentence(step))
    _end(steps, as_json=as_json)


async def _planned(
    kafka: str, topics: Topics, places: Sequence[Place], reason: str | None
) -> tuple[list[Step], int]:
    async with open_letters(kafka, topics) as letters:
        if reason:
            chosen = await letters.newest(None, reason)
        else:
            chosen = [
                _required(place, await letters.find(place.partition, place.offset))
                for place in dict.fromkeys(places)
            ]
        found = [(letter, await letters.original(letter)) for letter in chosen]
        return plan(found, letters.partitions, datetime.now(UTC)), letters.partitions


def _foreseen(steps: list[Step], tables: str | None, *, blind: bool) -> list[Step]:
    if not _wanted(steps):
        return steps
    known = asyncio.run(known_orders(tables, steps)) if tables else None
    if known is not None:
        return foresee(steps, known)
    if not blind:
        raise CannotCheck(f"{NO_TABLES}: name them with --database-url, or go ahead with --blind")
    typer.echo(NO_TABLES, err=True)
    return steps


def _required(place: Place, letter: Letter | None) -> Letter:
    if letter is None:
        raise Failure(f"There is no dead letter {place}: `engine dead-letters list` shows them")
    return letter


def _tables(servers: Servers) -> str | None:
    # The tables of an engine that runs here say nothing about a log elsewhere.
    if servers.kafka and not servers.database_url:
        return None
    try:
        return servers.tables
    except NotRunning:
        return None


def _wanted(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step.verdict is Verdict.REDRIVEN]


def _agreed(steps: Sequence[Step], *, yes: bool) -> bool:
    wanted = _wanted(steps)
    if not wanted:
        return False
    if yes or not sys.stdin.isatty():
        return True
    for step in wanted:
        typer.echo(f"{_place(step)}  {_event(step)}", err=True)
    typer.confirm(f"Put {len(wanted)} into the log again?", abort=True, err=True)
    return True


def _described(step: Step) -> dict[str, object]:
    event = step.event
    return {
        "partition": step.letter.partition,
        "offset": step.letter.offset,
        "verdict": step.verdict.value,
        "why": step.why or None,
        "orderId": event.order_id if event else None,
        "type": event.type if event else None,
        "version": event.version if event else None,
        "to": f"{step.to[0]}:{step.to[1]}" if step.to else None,
    }


def _sentence(step: Step) -> str:
    if step.verdict is Verdict.REDRIVEN and step.to:
        return f"{_place(step)}  redriven to {step.to[0]}:{step.to[1]}: {_event(step)}"
    event = f" ({_event(step)})" if step.event else ""
    return f"{_place(step)}  {step.verdict.value}: {plain(step.why)}{event}"


def _event(step: Step) -> str:
    event = step.event
    return f"{event.type} v{event.version} of order {event.order_id}" if event else ""


def _place(step: Step) -> str:
    return f"{step.letter.partition}:{step.letter.offset}"


def _end(steps: Sequence[Step], *, as_json: bool) -> None:
    counts = Counter(step.verdict for step in steps)
    if not steps and not as_json:
        typer.echo("There is no such dead letter")
    if counts[Verdict.REFUSED]:
        raise Failure(f"{counts[Verdict.REFUSED]} of {len(steps)} cannot be redriven")
