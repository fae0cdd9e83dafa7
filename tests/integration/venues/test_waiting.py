"""What takes its time: latencies, time-outs, callers that give up."""

import asyncio

import pytest

from orders.errors import Code, Reason
from orders.ports import Unknown, Void
from orders.values import Fill
from tests.support.contracts import execution, swap
from tests.support.fakes import MemoryChain, some_venue
from tests.support.log import eventually

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


async def test_an_execution_that_is_late_has_the_outcome_that_came_first():
    venue = some_venue(late_answer_rate=1, execute_timeout_ms=20)
    outcomes = set()
    for number in range(40):
        sent = execution(venue, sent_as=f"order:{number}")
        answer = await venue.execute(sent)
        outcome = await venue.resolve(sent.execution_id)
        assert answer == outcome or isinstance(answer, Unknown)
        assert await venue.resolve(sent.execution_id) == outcome
        outcomes.add(type(outcome))
    assert outcomes == {Fill, Void}


async def test_an_execution_that_is_late_lands_though_nobody_waits_for_it():
    chain = MemoryChain()
    venue = some_venue(chain=chain, late_answer_rate=1, execute_timeout_ms=1000)
    sent = [execution(venue, sent_as=f"order:{number}") for number in range(20)]
    answers = await asyncio.gather(*map(venue.execute, sent))
    assert any(isinstance(answer, Unknown) for answer in answers)

    async def all_landed():
        return len(chain.entries) == len(sent)

    await eventually(all_landed)
    assert {entry.status for entry in chain.entries.values()} == {"settled"}


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
    venue = some_venue(quote_latency_ms=400, latency_jitter=0.5)
    loop = asyncio.get_running_loop()

    async def measured():
        start = loop.time()
        await venue.quote(swap(), 1)
        return loop.time() - start

    waits = await asyncio.gather(*(measured() for _ in range(50)))
    assert 0.19 < min(waits) < 0.3
    assert max(waits) > 0.5
