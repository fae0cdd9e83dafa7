"""`engine topics`."""

import asyncio
import json
from typing import Annotated

import typer

from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir, running_engine
from local import checks
from local.topics import Layout, create_topics
from orders.topics import Topics

app = typer.Typer(no_args_is_help=True, help="The topics in Kafka.")


@app.callback()
def topics() -> None:
    """The topics in Kafka."""


@app.command()
def create(
    *,
    kafka: Annotated[
        str | None,
        typer.Option(envvar="ENGINE_KAFKA", help="host:port; else the running engine's."),
    ] = None,
    partitions: Annotated[
        int, typer.Option(envvar="ENGINE_PARTITIONS", min=1, help="Chosen once: 64 in a cluster.")
    ] = 8,
    replication: Annotated[
        int, typer.Option(envvar="ENGINE_REPLICATION", min=1, help="Copies of each record.")
    ] = 1,
    topic_prefix: Annotated[
        str, typer.Option(envvar="ENGINE_TOPIC_PREFIX", help="Put before every name.")
    ] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Create the topics that are not there yet; running it again changes nothing.

    \b
    Examples:
      engine topics create
      engine topics create --kafka broker:9092 --partitions 64 --replication 3
    """
    address = kafka or running_engine(data_dir).kafka
    checks.require_address(address, topic_prefix)
    layout = Layout(partitions, replication)
    created = asyncio.run(create_topics(address, Topics(topic_prefix), layout))
    if as_json:
        typer.echo(json.dumps({"kafka": address, "created": created}))
    else:
        typer.echo(f"Created {', '.join(created)}" if created else "All topics are there already")
