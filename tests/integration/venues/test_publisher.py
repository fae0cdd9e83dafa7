"""The process that tells the market, moved by the command line, on a real Kafka."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from typer.testing import CliRunner

from cli.main import app
from orders.values import Tick
from tests.support.market import Heard, following
from tests.support.servers import wait_until
from venues import simulated_market
from venues.changes import Changes
from venues.settings import VenueSettings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


@pytest.fixture
def start(kafka, topics, tmp_path, start_module):
    """Start `python -m venues` and return it when it is ready; it is ended after the test."""
    numbers = count()

    def start(**settings):
        ready = tmp_path / f"ready-{next(numbers)}"
        environment = {
            **os.environ,
            "ENGINE_KAFKA": kafka,
            "ENGINE_TOPIC_PREFIX": topics.prefix,
            "ENGINE_READY_FILE": str(ready),
            **settings,
        }
        process = start_module("venues", environment=environment)
        wait_until(lambda: ready.exists() or process.poll() is not None, what="the market is told")
        assert process.poll() is None
        return process

    return start


@pytest.fixture
def engine(kafka, topics):
    """Run a command of `engine market`; return its result."""

    def run(*arguments):
        servers = "--kafka", kafka, "--topic-prefix", topics.prefix
        return CliRunner().invoke(app, ["market", *arguments, *servers])

    return lambda *arguments: asyncio.to_thread(run, *arguments)


async def heard(listener, condition, within=20):
    deadline = time.monotonic() + within
    while not (found := [one for one in listener.all if condition(one)]):
        assert time.monotonic() < deadline, "no such tick"
        await asyncio.sleep(0.02)
    return found[0]


def of(pair, price=None):
    return lambda one: (
        isinstance(one, Tick) and one.pair == pair and price in {None, str(one.price)}
    )


async def test_each_pair_is_told_in_the_steps_of_the_market(kafka, topics, start):
    start()
    listener, seconds = Heard(), 3
    async with following(kafka, topics, listener):
        await asyncio.sleep(seconds)  # what is told in a while is what this is about
    ticks = [one for one in listener.all if isinstance(one, Tick)]
    market = simulated_market(VenueSettings())
    assert {tick.pair for tick in ticks} == set(market.pairs)
    assert all(tick.price == market.price(tick.pair, market.tick(tick.at)) for tick in ticks)
    assert 28 * 2 * seconds < len(ticks) <= 28 * 4 * (seconds + 1)


async def test_a_moved_pair_goes_on_from_there_also_after_a_restart(kafka, topics, start, engine):
    process, listener = start(), Heard()
    async with following(kafka, topics, listener):
        told = await engine("tick", "SOL/USDC", "451.25", "--json")
        assert told.exit_code == 0, told.output
        assert json.loads(told.stdout)["price"] == "451.25"
        await heard(listener, of("SOL/USDC", "451.25"))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 10) == 0
        listener.all.clear()
        await asyncio.to_thread(start)
        after = await heard(listener, of("SOL/USDC"))
        assert after.price == pytest.approx(Decimal("451.25"), rel=Decimal("0.02"))


async def test_every_process_prices_alike_after_moves_and_pools(kafka, topics, start, engine):
    start()
    for arguments in (
        ("tick", "USDC/SOL", "0.005"),
        ("tick", "mSOL/SOL", "1.5"),
        ("tick", "JUP/SOL", "0.01"),
        ("add-liquidity", "MOON", "--pool", "raydium", "--amount", "50000", "--price", "2"),
        ("tick", "MOON/USDC", "2.5"),
        ("add-liquidity", "MOON", "--pool", "RAYDIUM", "--amount", "20000"),
        ("add-liquidity", "SOL", "--pool", "METEORA", "--amount", "1000"),
    ):
        told = await engine(*arguments)
        assert told.exit_code == 0, told.output
    changes, listener = Changes(), Heard()
    market = simulated_market(VenueSettings(), changes)
    async with following(kafka, topics, changes), following(kafka, topics, listener):
        ticks = [await heard(listener, of(pair)) for pair in market.pairs]
    assert all(tick.price == market.price(tick.pair, market.tick(tick.at)) for tick in ticks)
    assert changes.depth("RAYDIUM", "MOON") == 70_000
    now = market.tick(datetime.now(UTC))
    near = {"SOL/USDC": 200, "mSOL/SOL": 1.5, "JUP/SOL": 0.01, "MOON/USDC": 2.5}
    for pair, price in near.items():
        assert float(market.price(pair, now)) == pytest.approx(price, rel=0.02)


async def test_a_scenario_happens_in_its_time(kafka, topics, start, engine, tmp_path):
    start()
    scenario = tmp_path / "scenario.jsonl"
    scenario.write_text(
        "# a token comes, and rises\n\n"
        '{"at": 0.5, "do": "tick", "pair": "MOON/USDC", "price": 1.2}\n'
        '{"do": "add-liquidity", "token": "MOON", "pool": "RAYDIUM", "amount": 50000}\n'
    )
    told = await engine("play", str(scenario), "--json")
    assert told.exit_code == 0, told.output
    first, second = map(json.loads, told.stdout.splitlines())
    assert (first["token"], first["usd"], second["price"]) == ("MOON", "50000", "1.2")
    assert datetime.fromisoformat(second["at"]) > datetime.fromisoformat(first["at"])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"do": "dance"}', "Line 2"),
        ('{"do": "tick", "pair": "SOL", "price": 1}', "Line 2: pair"),
        ('{"do": "add-liquidity", "token": "A", "pool": "RAYDIUM", "amount": 1}', "no token"),
        ('{"do": "add-liquidity", "token": "AB", "pool": "ORCA", "amount": 1}', "no venue"),
        ("no JSON", "Line 2"),
    ],
)
async def test_a_scenario_that_makes_no_sense_is_a_wrong_usage(engine, tmp_path, line, why):
    scenario = tmp_path / "scenario.jsonl"
    scenario.write_text(f"#\n{line}\n")
    told = await engine("play", str(scenario))
    assert (told.exit_code, why in told.output) == (2, True), told.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("tick", "NOPE/USDC", "2"), "NOPE is not on the market"),
        (("tick", "SOL/sol", "2"), "name two tokens"),
        (("tick", "SOL", "2"), "no pair"),
        (("tick", "SOL/USDC", "0"), "above zero"),
        (("tick", "SOL/USDC", "nan"), "not a finite number"),
        (("tick", "SOL/USDC", "1e31"), "price"),
        (("tick", "SOL/USDC", "1e999999"), "out of all bounds"),
        (("add-liquidity", "MOON", "--pool", "RAYDIUM", "--amount", "1e16"), "at most"),
        (("add-liquidity", "MOON", "--pool", "RAYDIUM", "--amount", "1e-999999"), "all bounds"),
        (("add-liquidity", "X", "--pool", "RAYDIUM", "--amount", "1"), "no token"),
        (("add-liquidity", "moonshot", "--pool", "RAYDIUM", "--amount", "1"), "no token"),
        (
            ("add-liquidity", "MOON", "--pool", "RAYDIUM", "--amount", "1e6", "--price", "1e31"),
            "price",
        ),
        (("add-liquidity", "MOON", "--pool", "ORCA", "--amount", "1"), "no venue"),
        (("add-liquidity", "SOL", "--pool", "RAYDIUM", "--amount", "1", "--price", "2"), "prices"),
    ],
)
async def test_what_makes_no_sense_is_a_wrong_usage(engine, arguments, why):
    told = await engine(*arguments)
    assert (told.exit_code, why in told.output) == (2, True), told.output


async def test_what_is_done_while_nobody_tells_the_market_is_kept(engine, monkeypatch, start):
    with monkeypatch.context() as patched:
        patched.setattr("local.market.TICK_TIMEOUT", timedelta(seconds=0.5))
        told = await engine("tick", "SOL/USDC", "451.25")
    assert told.exit_code == 1
    assert "is its process running" in told.output
    assert "It is kept" in told.output
    await asyncio.to_thread(start)
    told = await engine("add-liquidity", "SOL", "--pool", "METEORA", "--amount", "1", "--json")
    price = Decimal(json.loads(told.stdout)["price"])
    assert price == pytest.approx(Decimal("451.25"), rel=Decimal("0.02"))


def test_a_bad_setting_stops_the_process_with_a_sentence(kafka):
    environment = {**os.environ, "ENGINE_SEED": "x", "ENGINE_KAFKA": kafka}
    ended = subprocess.run(
        [sys.executable, "-m", "venues"], env=environment, capture_output=True, check=False
    )
    assert ended.returncode == 2
    assert b"ENGINE_SEED is 'x'" in ended.stderr
