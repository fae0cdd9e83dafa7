"""`engine dead-letters`."""

import asyncio
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli import redrive
from cli.audits import KafkaAddress, Servers, TopicPrefix, audited
from cli.failures import Failure
from cli.places import Place, ReasonOption, parse_place
from cli.plain import as_members, plain, pretty, second
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir
from local.letters import Letter, Original, open_letters
from orders.topics import Topics

HELP = """
Records of the log that were not admitted: they change nothing, for any reader.

Such a record is no event, stands under the wrong key or in the wrong partition, or is a placement
that came too late. The projector notes each on the dead-letter topic, which keeps the notes for 30
days; the log keeps the records themselves for ever.
"""

app = typer.Typer(no_args_is_help=True, help=HELP)


@app.callback()
def dead_letters() -> None:
    """Records of the log that were not admitted."""


@app.command("list")
def list_letters(
    *,
    reason: ReasonOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Show so many at most.")] = 50,
    kafka: KafkaAddress = None,
    topic_prefix: TopicPrefix = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List the dead letters, the newest first, each record once.

    \b
    Examples:
      engine dead-letters list
      engine dead-letters list --reason WRONG_PARTITION --limit 10
      engine dead-letters list --json | jq -r '"\\(.partition):\\(.offset) \\(.message)"'
    """
    with audited():
        servers = Servers(data_dir, topic_prefix, kafka)
        letters = asyncio.run(_newest(*servers.topics, limit, reason))
    if as_json:
        for letter in letters:
            typer.echo(json.dumps(_described(letter)))
    else:
        _show_all(letters)


@app.command()
def show(
    place: Annotated[
        Place,
        typer.Argument(parser=parse_place, metavar="PARTITION:OFFSET", help="As listed."),
    ],
    *,
    kafka: KafkaAddress = None,
    topic_prefix: TopicPrefix = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter and the whole record it is about, read from the log itself.

    \b
    Examples:
      engine dead-letters show 3:17
      engine dead-letters show 3:17 --json | jq -r .value
    """
    with audited():
        servers = Servers(data_dir, topic_prefix, kafka)
        letter, original = asyncio.run(_found(*servers.topics, place))
    if as_json:
        typer.echo(json.dumps({**_described(letter), **_described_record(original)}))
    else:
        _show_one(letter, original)


app.command("redrive")(redrive.redrive)


async def _newest(kafka: str, topics: Topics, limit: int, reason: str | None) -> list[Letter]:
    async with open_letters(kafka, topics) as letters:
        return await letters.newest(limit, reason)


async def _found(kafka: str, topics: Topics, place: Place) -> tuple[Letter, Original]:
    async with open_letters(kafka, topics) as letters:
        letter = await letters.find(place.partition, place.offset)
        if letter is None:
            raise Failure(f"There is no dead letter {place}: `engine dead-letters list` shows them")
        return letter, await letters.original(letter)


def _described(letter: Letter) -> dict[str, Any]:
    return {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "at": letter.at.isoformat(),
        "reason": letter.reason,
        "message": letter.message,
        "size": letter.size,
    }


def _described_record(original: Original) -> dict[str, Any]:
    return {
        "appendedAt": original.appended_at.isoformat(),
        "headers": [{"name": name, **as_members("value", v)} for name, v in original.headers],
        **as_members("key", original.key),
        **as_members("value", original.value),
    }


def _show_all(letters: list[Letter]) -> None:
    if not letters:
        typer.echo("There are no dead letters")
        return
    table = Table("Topic", "Place", "Noted (UTC)", "Reason", "Bytes", "Message", box=None)
    for letter in letters:
        place = f"{letter.partition}:{letter.offset}"
        told = (plain(text) for text in (letter.topic, letter.reason, letter.message))
        topic, reason, message = map(escape, told)
        table.add_row(topic, place, second(letter.at), reason, str(letter.size), message)
    Console().print(table, highlight=False)


def _show_one(letter: Letter, original: Original) -> None:
    lines = {
        "Topic": plain(letter.topic),
        "Place": f"{letter.partition}:{letter.offset}",
        "Reason": f"{plain(letter.reason)}: {plain(letter.message)}",
        "Appended": f"{second(original.appended_at)} UTC",
        "Noted": f"{second(letter.at)} UTC",
        "Bytes": str(letter.size),
        "Key": pretty(original.key),
        **{f"Header {plain(name)}": pretty(value) for name, value in original.headers},
    }
    for name, told in lines.items():
        typer.echo(f"{name:<9} {told}")
    typer.echo(pretty(original.value))
