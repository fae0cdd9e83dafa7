"""A cache of Kafka's classes, loaded and linked, out of which each later start has them at once.

`python -m local.class_cache` makes it beside the jars, from a Kafka that runs for a moment. Java
passes over a cache that does not fit or is broken, and starts as without one.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from local import jars
from local.errors import EngineError
from local.kafka import Kafka, class_cache
from local.ports import free_ports
from local.program import Program, launch, stop
from local.topics import Layout, create_topics
from orders.topics import Topics

READY_WITHIN_S = 60
WRITTEN_WITHIN_S = 120
LOOK_EVERY_S = 0.1


def make(class_path: Sequence[Path]) -> None:
    """Make the cache of these jars unless it is there. Raises EngineError."""
    cache = class_cache(class_path)
    if cache.exists():
        return
    Console().print("Preparing Kafka's classes, for faster starts")
    with tempfile.TemporaryDirectory(prefix="classes-", dir=cache.parent) as folder:
        directory, made = Path(folder, "kafka"), Path(folder, "made")
        port, controller_port = free_ports(2)
        server = Kafka(directory, port, controller_port, class_path)
        server.prepare()
        program = server.program(directory / "kafka.log")
        # Java writes the cache when it ends.
        options = f'-XX:TieredStopAtLevel=1 "-XX:AOTCacheOutput={made}"'
        environment = {**program.environment, "JDK_JAVA_OPTIONS": options}
        _run(replace(program, environment=environment), server.address)
        if not made.exists():
            raise EngineError(f"Java made no cache: {program.log_file.read_text()[-500:]}")
        made.replace(cache)


def _run(program: Program, address: str) -> None:
    process, deadline = launch(program), time.monotonic() + READY_WITHIN_S
    try:
        while not program.ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise EngineError(f"Kafka did not start: {program.log_file.read_text()[-500:]}")
            time.sleep(LOOK_EVERY_S)
        asyncio.run(create_topics(address, Topics(), Layout()))
    finally:
        stop(process, program, WRITTEN_WITHIN_S)


if __name__ == "__main__":
    try:
        fetched = jars.fetch()
    except EngineError as error:
        sys.exit(str(error))
    try:
        make(fetched)
    except (EngineError, OSError) as error:
        sys.stderr.write(f"Kafka's classes could not be prepared, it starts without: {error}\n")
