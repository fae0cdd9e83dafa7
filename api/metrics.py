"""What health knows, as Prometheus reads it: the text exposition format 0.0.4."""

from math import nan

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    ProcessCollector,
    generate_latest,
)

from api.health import Health

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Gauges of the engine as this process sees it, and of the process itself."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._registry = CollectorRegistry()
        self._up = self._gauge("up", "1 when the part can be reached and does its work.", "part")
        self._lag = self._gauge(
            "projection_lag_events", "Events the projection is behind the log; NaN when unknown."
        )
        self._silent = self._gauge(
            "market_silent", "1 when no price has come for 5 s: nothing fires on the last ones."
        )
        self._silence = self._gauge("market_silence_seconds", "Time since the last price.")
        ProcessCollector(registry=self._registry)

    async def text(self) -> bytes:
        """Return all of them as they are now; Kafka and PostgreSQL are asked once a second."""
        checks, silence = await self._health.checks(), self._health.silence
        self._up.labels("kafka").set(checks.kafka == "ok")
        self._up.labels("postgres").set(checks.postgres == "ok")
        self._lag.set(nan if checks.lag is None else checks.lag)
        self._silent.set(silence.silent)
        self._silence.set(silence.lasts_s)
        return generate_latest(self._registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"engine_{name}", meaning, labels, registry=self._registry)
