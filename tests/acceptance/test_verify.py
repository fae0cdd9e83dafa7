"""`engine verify` beside an engine that goes on: no false alarm, and it finds it by itself."""

import asyncio
import json
import os
import sys

import pytest

from tests.support.audited import assert_engine_holds

FAULTS = ("lost-answer", "glitch", "no-liquidity")

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


async def test_an_engine_under_load_holds_at_every_moment(shared_engine, client):
    placing = asyncio.create_task(client.place_many(400))
    orders = []
    while len(orders) < 5 or not placing.done():
        report = await assert_engine_holds(shared_engine)
        orders.append(report.figures.orders)
    assert orders == sorted(orders)
    assert orders[-1] > 0
    await placing


async def test_it_finds_the_engine_and_waits_for_its_last_order(
    make_engine, on_session_servers, client_of, tmp_path
):
    engine = make_engine(**on_session_servers, ENGINE_FAULT_INJECTION="true")
    engine.start()
    client = client_of(engine)
    ids = [await client.place(faults) for faults in (None, *FAULTS)]
    accepted = tmp_path / "accepted.txt"
    accepted.write_text("\n".join(ids))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "verify", "--json", "--wait", "60"),
        *("--data-dir", str(engine.data_dir), "--accepted", str(accepted)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    told = json.loads(out)
    assert (process.returncode, told["holds"], told["open"], told["lag"]) == (0, True, {}, 0)
    assert told["ended"] == {"completed": 3, "failed": 1}
    checked = {one["name"]: one["checked"] for one in told["invariants"]}
    assert (checked["I2"], checked["I8"], checked["I9"]) == (4, 2, 4)
