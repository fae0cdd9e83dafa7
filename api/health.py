"""Whether orders can be accepted and read at this moment."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from api.placing import Placing
from api.ports import Lists, Log, LogAway, ReadModelAway
from runtime.silence import Silence

SERVICE = "order-execution-engine"
VERSION = "0.1.0"
CACHED_S = 1.0
CHECK_TIMEOUT_S = 2.0
REFUSAL_COUNTS = timedelta(seconds=5)

Up = Literal["ok", "down"]


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found; the lag is in events, None when it cannot be known."""

    kafka: Up
    postgres: Up
    lag: int | None


class Health:
    """Asks Kafka and PostgreSQL, at most once a second however often it is asked."""

    def __init__(
        self,
        log: Log,
        lists: Lists,
        placing: Placing,
        clock: Callable[[], datetime],
        lag_degraded: int,
        silence: Silence,
    ) -> None:
        self._log = log
        self._lists = lists
        self._placing = placing
        self._clock = clock
        self._lag_degraded = lag_degraded
        self.silence = silence
        self._started = asyncio.get_running_loop().time()
        self._turn = asyncio.Lock()
        self._last: tuple[float, Checks] | None = None

    async def report(self) -> tuple[int, dict[str, object]]:
        """Return the HTTP status and the body: 503 when orders cannot be accepted."""
        checks = await self.checks()
        late = checks.lag is None or checks.lag > self._lag_degraded
        silent = self.silence.silent
        if checks.kafka == "down":
            status = "down"
        else:
            status = "degraded" if late or silent or checks.postgres == "down" else "ok"
        body = {
            "status": status,
            "service": SERVICE,
            "version": VERSION,
            "uptime": int(asyncio.get_running_loop().time() - self._started),
            "timestamp": self._clock(),
            "checks": {
                "kafka": checks.kafka,
                "postgres": checks.postgres,
                "projectionLag": checks.lag,
                "market": "silent" if silent else "ok",
            },
        }
        return (503 if status == "down" else 200), body

    async def checks(self) -> Checks:
        """Return what was found within the last second."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._last is None or now - self._last[0] > CACHED_S:
                checks = await self._ask()
                self._last = (asyncio.get_running_loop().time(), checks)
            return self._last[1]

    async def _ask(self) -> Checks:
        ends, offsets = await asyncio.gather(
            _or_none(self._log.ends), _or_none(self._lists.next_offsets)
        )
        lag = None
        if ends is not None and offsets is not None:
            lag = sum(max(0, end - offsets.get(number, 0)) for number, end in ends.items())
        kafka: Up = "down" if ends is None or self._refused_lately() else "ok"
        return Checks(kafka, "down" if offsets is None else "ok", lag)

    def _refused_lately(self) -> bool:
        """Kafka may answer questions and still acknowledge nothing: too few replicas."""
        refused_at = self._placing.refused_at
        return refused_at is not None and self._clock() - refused_at < REFUSAL_COUNTS


async def _or_none(
    ask: Callable[[], Awaitable[Mapping[int, int]]],
) -> Mapping[int, int] | None:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await ask()
    except (LogAway, ReadModelAway, TimeoutError):
        return None
