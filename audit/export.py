"""The log as a file: every record once, however often the export was ended before its time."""

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal

from audit import state
from audit.admission import judge
from audit.errors import Unusable
from audit.lines import Line
from audit.log import Log, Record, Span
from audit.merge import merged
from audit.sinks import Csv, JsonLines, Sink
from audit.state import State

_RUN = 1_000

Format = Literal["jsonl", "csv", "parquet"]
Progress = Callable[[int, int], None]


class Export:
    """One export under way. Its state is kept every `checkpoint` records, at a durable output."""

    def __init__(self, out: Path, checkpoint: int, progress: Progress) -> None:
        self._out = out
        self._checkpoint = checkpoint
        self._progress = progress

    async def run(self, log: Log, topic: str, form: Format, *, fresh: bool = False) -> State:
        """Write what the output does not hold yet, to the log's end as it is now.

        When it is to be `fresh`, what was exported there is removed first.
        Returns how far it is. Raises `Unusable`, `Unreadable`, `NewerSchema` and OSError; what was
        exported by then counts.
        """
        _prepare(self._out, form)
        with state.alone(self._out):
            if fresh:
                _discard(self._out)
            held = self._begin(State(format=form, topic=topic, following=[0] * log.partitions))
            spans = self._left(await log.whole(), held)
            sink = _sink(self._out, held)
            try:
                return await self._write(log, spans, sink, held)
            finally:
                sink.close()

    async def _write(self, log: Log, spans: Sequence[Span], sink: Sink, held: State) -> State:
        following, records = list(held.following), held.records
        total = records + sum(span.end - span.first for span in spans)
        async for some in merged(log, spans):
            for run in _runs(some, min(self._checkpoint, _RUN)):
                sink.write([Line(record, *judge(record, log.partitions)) for record in run])
                records += len(run)
                for record in run:
                    following[record.partition] = record.offset + 1
                if records - held.records >= self._checkpoint:
                    held = self._mark(held, sink, following, records)
                self._progress(records, total)
        return self._mark(held, sink, following, records)

    def _mark(self, held: State, sink: Sink, following: Sequence[int], records: int) -> State:
        now = {"following": list(following), "records": records, "size": sink.mark()}
        held = held.model_copy(update=now)
        state.write(self._out, held)
        return held

    def _begin(self, fresh: State) -> State:
        held = state.read(self._out)
        if held is None:
            if not _is_empty(self._out):
                raise Unusable(f"{self._out} is there already and no export: choose another --out")
            state.write(self._out, fresh)
            return fresh
        asked = (fresh.format, fresh.topic, len(fresh.following))
        if (held.format, held.topic, len(held.following)) != asked:
            raise Unusable(
                f"{self._out} holds {held.topic} as {held.format}, {len(held.following)} "
                "partitions: choose another --out, or begin anew with --fresh"
            )
        return held

    def _left(self, whole: Sequence[Span], held: State) -> list[Span]:
        for there, begin in zip(whole, held.following, strict=True):
            if not there.first <= begin <= there.end:
                raise Unusable(
                    f"{self._out} goes on at offset {begin} of partition {there.partition}, the "
                    f"log holds {there.first} to {there.end}: it is another log, or Kafka lost "
                    "records"
                )
        return [span._replace(first=held.following[span.partition]) for span in whole]


def _discard(out: Path) -> None:
    # The file itself stays: it is what is locked.
    if state.read(out) is None:
        return
    if out.is_dir():
        _parquet().remove(out)
    else:
        os.truncate(out, 0)
    state.file_of(out).unlink()


def _runs(records: Sequence[Record], most: int) -> list[Sequence[Record]]:
    return [records[first : first + most] for first in range(0, len(records), most)]


def _prepare(out: Path, form: Format) -> None:
    if not out.parent.is_dir():
        raise Unusable(f"there is no folder {out.parent}")
    if out.exists() and out.is_dir() != (form == "parquet"):
        there = "a folder" if out.is_dir() else "a file"
        raise Unusable(f"{out} is {there}, which {form} is not exported to: choose another --out")
    if form == "parquet":
        out.mkdir(exist_ok=True)
    else:
        out.touch()


def _is_empty(out: Path) -> bool:
    return not any(out.iterdir()) if out.is_dir() else out.stat().st_size == 0


def _sink(out: Path, held: State) -> Sink:
    match held.format:
        case "jsonl":
            return JsonLines(out, held.size)
        case "csv":
            return Csv(out, held.size)
        case _:
            parts: Sink = _parquet().Parts(out, held.size)
            return parts


def _parquet() -> ModuleType:
    # Loaded by whoever wants it alone: it weighs more than all the rest.
    return import_module("audit.parquet")
