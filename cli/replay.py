"""`engine replay`."""

import asyncio
import sys
from collections.abc import Callable
from typing import Annotated, Literal

import typer

from audit.errors import Unusable
from audit.lines import TITLE, Line, as_json, as_text
from audit.lists import is_order_id
from audit.log import open_log
from audit.replay import EVENT_TYPES, Choice, replayed
from audit.spans import parse_edge
from cli.audits import KafkaAddress, Servers, TopicPrefix, audited
from cli.target import DEFAULT_DATA_DIR, DataDir

STRETCH = "Which records"

From = Annotated[
    list[str] | None,
    typer.Option(
        "--from", metavar="EDGE", rich_help_panel=STRETCH, help="The first; else the log's first."
    ),
]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="EDGE",
        rich_help_panel=STRETCH,
        help="The first not told; else the log's end as it is now.",
    ),
]
Order = Annotated[
    str | None,
    typer.Option(
        "--order", metavar="ID", rich_help_panel=STRETCH, help="One order's, with what superseded."
    ),
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", rich_help_panel=STRETCH, help="Such as OrderFailed."),
]


def replay(
    *,
    begin: From = None,
    end: To = None,
    order: Order = None,
    types: Types = None,
    form: Annotated[
        Literal["jsonl", "table"], typer.Option("--format", help="For programs, or for people.")
    ] = "table",
    kafka: KafkaAddress = None,
    topic_prefix: TopicPrefix = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print the log as it stands in Kafka, by the broker's time, to its end as it is now.

    An EDGE is a time, UTC unless it says otherwise, or a place, partition:offset. Places are given
    once for each partition that is meant; the others are left out.

    A line of jsonl tells partition, offset, appendedAt and key; whether the record is admitted,
    else the flaw that makes every reader pass it over; with --order whether it is superseded; and
    the event, byte for byte as it stands in the log, or the value of what is none.

    \b
    Examples:
      engine replay
      engine replay --from 2026-01-31T12:00:00Z --to 2026-01-31T13:00:00Z --format jsonl
      engine replay --order 0b8e3f6c-… --format jsonl | jq .event
      engine replay --type OrderFailed --type OrderExecuted --format jsonl | head
      engine replay --from 3:120 --to 3:140 --from 4:0
    """
    servers = Servers(data_dir, topic_prefix, kafka)
    with audited():
        if order is not None and not is_order_id(order):
            raise Unusable(f"{order!r} is no order id")
        if unknown := set(types or ()) - EVENT_TYPES:
            names = ", ".join(sorted(EVENT_TYPES))
            raise Unusable(f"there is no type {min(unknown)}: there are {names}")
        begins, ends = (tuple(map(parse_edge, edges or ())) for edges in (begin, end))
        choice = Choice(begins, ends, frozenset(types or ()), order)
        asyncio.run(_replay(*servers.log, choice, _PRINTERS[form]))


async def _replay(
    kafka: str, topic: str, choice: Choice, printed: Callable[[list[Line]], bytes]
) -> None:
    async with open_log(kafka, topic) as log:
        if printed is _as_table:
            _write(f"{TITLE}\n".encode())
        async for lines in replayed(log, choice):
            _write(printed(lines))


def _write(text: bytes) -> None:
    # Without a buffer (PYTHONUNBUFFERED) one call may write a part of it.
    out, left = sys.stdout.buffer, memoryview(text)
    while left:
        left = left[out.write(left) :]
    out.flush()


def _as_jsonl(lines: list[Line]) -> bytes:
    return b"".join(map(as_json, lines))


def _as_table(lines: list[Line]) -> bytes:
    return "".join(f"{as_text(line)}\n" for line in lines).encode()


_PRINTERS = {"jsonl": _as_jsonl, "table": _as_table}
