"""Turns the log lines of many programs into one short, readable line each, or into JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

# Our processes and Kafka: time, [level], text. PostgreSQL: time, [pid], LEVEL:, text.
OURS = re.compile(r"^\d{4}-\S+ \[(?P<level>\w+)\s*\] (?P<text>.*)$")
POSTGRES = re.compile(r"^\d{4}-\S+ \S+ \S+ \[\d+\] (?P<level>[A-Z0-9]+):\s+(?P<text>.*)$")
POSTGRES_LEVELS = {
    "LOG": "info",
    "WARNING": "warning",
    "ERROR": "error",
    "FATAL": "error",
    "PANIC": "critical",
}
LEVELS = {"warn": "warning", "fatal": "critical"}
# Told already: the process by its column, the action by the words before it.
TOLD = re.compile(r" ?\b(process|action)=\S+")
SERVERS = ("kafka", "postgres")
QUIET = frozenset({"debug", "info", "trace"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log, understood; the level is empty where it does not tell one."""

    process: str
    level: str
    text: str

    @property
    def noteworthy(self) -> bool:
        """Return whether the console shows it: of the servers only what is wrong."""
        if not self.process.startswith(SERVERS):
            return True
        return bool(self.level) and self.level not in QUIET

    def readable(self) -> str:
        """Return the line for people: process, level, text."""
        return f"{self.process:<11} {self.level:<8} {self.text}"

    def as_json(self, **more: object) -> str:
        """Return the line as one JSON object."""
        level = self.level or "info"
        return json.dumps({"process": self.process, "level": level, "event": self.text, **more})


def understand(process: str, raw: str) -> Line:
    """Return what a raw line of the process's log says."""
    if raw.startswith("{") and (fields := _json(raw)) is not None:
        level = str(fields.get("level", "")).lower()
        return Line(process, LEVELS.get(level, level), str(fields.get("event", raw)))
    if match := OURS.match(raw):
        level = match["level"].lower()
        return Line(process, LEVELS.get(level, level), TOLD.sub("", match["text"]).strip())
    if match := POSTGRES.match(raw):
        return Line(process, POSTGRES_LEVELS.get(match["level"], "info"), match["text"])
    return Line(process, "", raw)


def _json(raw: str) -> Mapping[str, object] | None:
    try:
        fields = json.loads(raw)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None
