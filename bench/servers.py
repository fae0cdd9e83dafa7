"""Programs of a measurement's or a test's own: a Kafka, a PostgreSQL, or any other."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import jars
from local.kafka import Kafka
from local.ports import free_ports
from local.postgres import Postgres
from local.program import Program, launch, stop

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60
LOOK_EVERY_S = 0.01


@contextmanager
def running(program: Program) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; enter it when the program is ready.

    Raises RuntimeError when it ends before, or is not ready within START_TIMEOUT_S.
    """
    process = launch(program)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not program.ready():
            if process.poll() is not None or time.monotonic() > deadline:
                log = program.log_file.read_text()[-2000:]
                raise RuntimeError(f"{program.name} ended or hangs: {log}")
            time.sleep(LOOK_EVERY_S)
        yield process
    finally:
        stop(process, program, STOP_TIMEOUT_S)


@contextmanager
def own_kafka(directory: Path) -> Iterator[str]:
    """Run a Kafka in a new directory until the block ends; yield its address."""
    port, controller_port = free_ports(2)
    kafka = Kafka(directory, port, controller_port, jars.fetch())
    kafka.prepare()
    with running(kafka.program(directory / "log")):
        yield kafka.address


@contextmanager
def own_postgres(directory: Path) -> Iterator[Postgres]:
    """Run a PostgreSQL in a new directory until the block ends."""
    postgres = Postgres(directory, *free_ports(1))
    postgres.prepare()
    with running(postgres.program(postgres.directory / "log")):
        yield postgres
