"""Runs rows, those of one setting on one engine, and returns the report of them all."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

import psutil

from bench.engine import Engine
from bench.suite.figures import Figure, Machine, Report, RowReport
from bench.suite.row import Bench, Row, Setting
from bench.supervised import supervised

Say = Callable[[str], None]


def run(rows: Sequence[Row], in_turn: Sequence[str], bench: Bench, say: Say) -> Iterator[Report]:
    """Measure the rows in that turn; after each, yield the report so far, rows in their sequence.

    A row that cannot be measured says so in the report; the others are measured all the same.
    """
    began_at, machine = datetime.now(UTC), _machine()
    ordered = sorted(rows, key=lambda row: in_turn.index(row.name))
    found: dict[str, RowReport] = {}
    for setting, group in groupby(ordered, key=lambda row: row.setting):
        with _engine(setting, bench, say) as shared:
            for row in group:
                found[row.name] = _measured(row, replace(bench, shared=shared), say)
                yield Report(
                    began_at=began_at.isoformat(timespec="seconds"),
                    rounds=bench.rounds,
                    short=bench.short,
                    seed=bench.seed,
                    machine=machine,
                    rows=tuple(found[row.name] for row in rows if row.name in found),
                )


@contextmanager
def _engine(setting: Setting | None, bench: Bench, say: Say) -> Iterator[Engine | None]:
    if setting is None:
        yield None
        return
    options = (*setting.options, f"--seed={bench.seed}")
    say(f"engine up {' '.join(options)}")
    environment, noted = dict(setting.environment), setting.note_commits
    with supervised(*options, environment=environment, note_commits=noted) as engine:
        yield engine


def _measured(row: Row, bench: Bench, say: Say) -> RowReport:
    say(f"{row.title} …")
    began, figures, failure = time.monotonic(), list[Figure](), None
    try:
        figures.extend(row.measure(bench))
    except Exception as error:  # noqa: BLE001  (whatever it is, the other rows are measured)
        failure = f"{type(error).__name__}: {error}"
    seconds = round(time.monotonic() - began, 1)
    say(f"{row.title}: {seconds:.0f} s{f', {failure}' if failure else ''}")
    return RowReport(
        name=row.name, title=row.title, seconds=seconds, figures=tuple(figures), failure=failure
    )


def _machine() -> Machine:
    return Machine(
        cores=psutil.cpu_count() or 1,
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        python=sys.version.split()[0],
        load_before=round(psutil.getloadavg()[0], 2),
    )
