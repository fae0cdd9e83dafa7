"""Decodes and encodes the events of orders in a loop: the least that a worker does for one."""

import time
import uuid

from bench.histories import life_of
from orders.wire import decode, encode
from runtime.garbage import collect_rarely

WRITTEN = 2
"""Of the events of an order those that the worker writes; it reads them all."""


def wire_seconds(orders: int) -> float:
    """Return the CPU seconds an order takes: each event decoded, the worker's own encoded."""
    lives = [[encode(event) for event in life_of(str(uuid.uuid4()))] for _ in range(orders)]
    collect_rarely()
    began = time.process_time()
    for life in lives:
        events = [decode(value) for value in life]
        for event in events[-WRITTEN:]:
            encode(event)
    return (time.process_time() - began) / orders
