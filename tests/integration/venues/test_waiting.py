"""What takes its time: latencies, time-outs, callers that give up."""

import asyncio

import pytest

from orders.errors import Code, Reason
from orders.ports import Unknown, Void
from tests.support.contracts import execution, swap
from tests.support.fakes import MemoryChain, some_venue

pytestmark = pytest.mark.integration


async def test_a_quote_slower_than_its_time_out_is_a_timeout():
    reason = await some_venue(quote_latency_ms=5000, quote_timeout_ms=10).quote(swap(), 1)
    assert isinstance(reason, Reason)
    assert reason == Reason(code=Code.TIMEOUT, message="RAYDIUM did not answer within 0.01 s")


async def test_an_execution_slower_than_its_time_out_never_lands():
    chain = MemoryChain()
    venue = some_venue(chain=chain, execute_latency_ms=5000, execute_timeout_ms=10)
    unknown = await venue.execute(execution(venue))
    assert isinstance(unknown, Unknown)
    assert unknown.reason.code is Code.TIMEOUT
    assert chain.entries == {}
    assert await venue.resolve("order:1") == Void()


@pytest.mark.parametrize("call", ["quote", "execute"])
async def test_a_cancelled_caller_is_cancelled(call):
    venue = some_venue(quote_latency_ms=60_000)
    calls = {
        "quote": lambda: venue.quote(swap(), 1),
        "execute": lambda: venue.execute(execution(venue, "hang")),
    }
    task = asyncio.ensure_future(calls[call]())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_latencies_are_spread_by_the_jitter():
    venue = some_venue(quote_latency_ms=40, latency_jitter=0.5)
    loop = asyncio.get_running_loop()

    async def measured():
        start = loop.time()
        await venue.quote(swap(), 1)
        return loop.time() - start

    waits = await asyncio.gather(*(measured() for _ in range(50)))
    assert 0.019 < min(waits) < 0.03
    assert max(waits) > 0.05
