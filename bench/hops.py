"""Clients that hop between API processes while these are killed: each hears all of the log once.

`python -m bench.hops`: an engine of its own with several API processes, gone at its end. Orders
come through the log, in portions; after each of them an API process is killed with SIGKILL, and
started again by the supervisor. Each client follows the whole feed over `WS /ws`, leaves every now
and then, and comes again, at whichever process answers, for what follows its last event. In the
end what each of them heard is compared with the log in Kafka, record by record.
"""

import asyncio
import json
import random
import signal
import time
from collections import Counter
from typing import Annotated

import typer

from audit.log import open_log
from bench.engine import Engine, wait_for
from bench.histories import append, placements
from bench.hoppers import hopping
from bench.supervised import ENDED, HEAD, number, supervised
from orders.topics import Topics

PATIENCE_S = 900


def main(
    clients: Annotated[int, typer.Option(help="How many follow the whole feed.")] = 200,
    orders: Annotated[int, typer.Option(help="How many are placed.")] = 5_000,
    kills: Annotated[int, typer.Option(help="How often a process is killed.")] = 20,
    api_workers: Annotated[int, typer.Option(help="API processes.")] = 2,
    every: Annotated[float, typer.Option(help="At most so many seconds between two kills.")] = 8,
) -> None:
    """Run it and tell what was done; fail when a client did not hear all of the log, once."""
    began = time.monotonic()
    with supervised(f"--api-workers={api_workers}") as engine:
        url = f"{engine.described.url.replace('http', 'ws', 1)}/ws"
        with hopping(url, clients) as hoppers:
            _live(engine, orders, kills, every)
            wait_for(lambda: number(engine, ENDED) >= orders, PATIENCE_S, "all orders have ended")
            head = number(engine, HEAD)
            heard, tally = hoppers.heard(head, PATIENCE_S)
        log = asyncio.run(_log(engine))
    took = time.monotonic() - began
    print(f"{clients} clients, {orders:,} orders, {kills} kills, {api_workers} API processes")
    print(f"    {head:,} events, all of them heard by each client, in {took:.0f} s")
    print(f"    {', '.join(f'{count:,} {kind}' for kind, count in sorted(tally.items()))}")
    if Counter(heard.values()) != log:
        raise SystemExit("what the clients heard is not what the log says")


def _live(engine: Engine, orders: int, kills: int, every: float) -> None:
    chance = random.Random(kills)
    victims = engine.names("api")
    for done in range(kills):
        _place(engine, orders * (done + 1) // kills - orders * done // kills)
        time.sleep(chance.uniform(0, every))
        engine.signal(chance.choice(victims), signal.SIGKILL)


def _place(engine: Engine, count: int) -> None:
    told = engine.described
    topic = Topics(told.topic_prefix).events
    asyncio.run(append(told.kafka, topic, told.partitions, placements(count)))


async def _log(engine: Engine) -> Counter[str]:
    """Return the ids of all events in the log, each as often as it stands there."""
    told = engine.described
    ids: Counter[str] = Counter()
    async with open_log(told.kafka, Topics(told.topic_prefix).events) as log:
        for span in await log.whole():
            async for records in log.read(span):
                ids.update(json.loads(record.value or b"{}")["event_id"] for record in records)
    return ids


if __name__ == "__main__":
    typer.run(main)
