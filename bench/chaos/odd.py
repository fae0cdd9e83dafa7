"""What odd clients do to a running engine: to its log, to its offsets, to its doors."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import TypeVar
from urllib.parse import urlsplit

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from msgspec.structs import replace

from bench.engine import NotInTime
from bench.histories import placements
from bench.load import PATH
from local.state import RunningEngine
from orders.topics import Topics, partition_of
from orders.wire import encode

T = TypeVar("T")

TIMES = 50
ROUNDS = 10
PAUSE_S = 2
TIMEOUT_S = 30
LATE = timedelta(hours=1)
_PLACED = (200, 202)


def rewind(engine: RunningEngine) -> str:
    """Join the workers' group and set its offsets to 0. Raises `NotInTime`."""
    count = asyncio.run(_patiently(lambda: _rewind(engine)))
    return f"{count} partitions"


async def _patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Do it as soon as Kafka is there: it may just be coming back from another fault."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                with suppress(KafkaError):
                    return await work()
                await asyncio.sleep(PAUSE_S)
    except TimeoutError:
        raise NotInTime(f"not within {TIMEOUT_S} s of trying") from None


async def _rewind(engine: RunningEngine) -> int:
    prefix = engine.topic_prefix
    member = AIOKafkaConsumer(
        Topics(prefix).events,
        bootstrap_servers=engine.kafka,
        group_id=f"{prefix}streams",
        enable_auto_commit=False,
    )
    try:
        await member.start()
        while not member.assignment():
            await member.getmany(timeout_ms=200)
        given = member.assignment()
        await member.commit(dict.fromkeys(given, 0))
        return len(given)
    finally:
        await member.stop()


def place_fifty_times(url: str, name: str) -> str:
    """Place one order fifty times at once under one name; return the order's id.

    Raises `NotInTime` when all are refused, when they are answered more orders than one, and for an
    answer that a repeated placement never gets.
    """
    answers: list[tuple[int | None, str | None]] = []
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(TIMES) as threads:
            answers += threads.map(lambda _: _place(url, name), range(TIMES))
        if any(status in _PLACED for status, _ in answers):
            break
        time.sleep(PAUSE_S)
    placed = {order_id for status, order_id in answers if status in _PLACED and order_id}
    first = [status for status, _ in answers if status == 202]
    if not placed:
        raise NotInTime("every placement was refused")
    if len(placed) > 1 or len(first) > 1:
        raise NotInTime(f"one name became {len(placed)} orders, {len(first)} times the first")
    if odd := {status for status, _ in answers} - {*_PLACED, 503, None}:
        raise NotInTime(f"a placement that was repeated was answered {odd}")
    return placed.pop()


def _place(url: str, name: str) -> tuple[int | None, str | None]:
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "userId": "burst"}
    headers = {"content-type": "application/json", "Idempotency-Key": name}
    connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        connection.request("POST", PATH, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()).get("orderId")
    except (OSError, HTTPException):
        return None, None
    finally:
        connection.close()


def poison(engine: RunningEngine, now: datetime) -> str:
    """Append records that nobody admits, one of each sort, to the log. Raises `NotInTime`."""
    [late] = placements(1)
    gone = replace(late, not_after=now - LATE)
    here = partition_of(late.order_id, engine.partitions)
    key, value = late.order_id.encode(), encode(gone)
    unknown = json.dumps({**json.loads(value), "type": "OrderEaten"}).encode()
    records = [
        (key, b"no json", here),
        (key, unknown, here),
        (None, value, here),
        (str(uuid.uuid4()).encode(), value, here),
        (key, value, (here + 1) % engine.partitions),
        (key, value, here),
    ]
    topic = Topics(engine.topic_prefix).events
    asyncio.run(_patiently(lambda: _append(engine.kafka, topic, records)))
    return f"{len(records)} records"


async def _append(kafka: str, topic: str, records: list[tuple[bytes | None, bytes, int]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    try:
        await producer.start()
        for key, value, partition in records:
            await producer.send_and_wait(topic, value, key, partition)
    finally:
        await producer.stop()
