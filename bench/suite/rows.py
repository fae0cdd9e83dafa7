"""The rows of the suite, in the sequence of the report."""

from bench.suite import (
    end_to_end,
    feed,
    history,
    idle,
    intake,
    latency,
    memory,
    projection,
    start,
    workers,
)
from bench.suite.row import AT_ONCE, AT_ONCE_NOTED, SHIPPED, SLOW, STORED, Row

ROWS = (
    Row("intake", "Intake", intake.measure, AT_ONCE),
    Row("end-to-end", "End to end, venues answer at once", end_to_end.measure, AT_ONCE),
    Row("shipped", "End to end, venues as shipped", end_to_end.measure_shipped, SHIPPED),
    Row("latency", "POST → completed on the feed", latency.measure, AT_ONCE_NOTED),
    Row("workers", "Stream workers", workers.measure),
    Row("projection", "Projection", projection.measure),
    Row("feed", "Feed fan-out", feed.measure, AT_ONCE_NOTED),
    Row("history", "Reads and orders, few and very many stored", history.measure, STORED),
    Row("memory", "Memory", memory.measure, SLOW),
    Row("start", "Start", start.measure),
    Row("idle", "An idle engine", idle.measure, SHIPPED),
)

IN_TURN = (
    *("end-to-end", "intake"),
    *("latency", "feed"),
    *("idle", "shipped"),
    *("memory", "history", "workers", "projection", "start"),
)
"""How they are run: rows of one engine beside each other, those that leave it in disorder last."""
