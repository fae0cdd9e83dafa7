import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from base58 import b58decode

from orders.ports import Refused, Void
from orders.values import Fill
from tests.support.contracts import execution
from venues.entries import Entry, signature_of
from venues.ledger import Ledger

pytestmark = pytest.mark.integration


@pytest.fixture
async def two_processes(opened):
    """Return one venue as two processes have it: each with a chain and a connection of its own."""
    async with opened() as one, opened() as other:
        yield one["RAYDIUM"], other["RAYDIUM"]


async def test_200_executions_of_100_ids_from_two_processes_settle_100_times(two_processes, ledger):
    sent = [
        (venue, execution(venue, sent_as=f"order:{n}"))
        for n in range(100)
        for venue in two_processes
    ]
    answers = await asyncio.gather(*(venue.execute(each) for venue, each in sent))
    assert all(isinstance(answer, Fill) for answer in answers)
    assert answers[::2] == answers[1::2]
    settled = await ledger(
        "select execution_id, signature, slot from chain_ledger where status = 'settled'"
    )
    assert len(settled) == 100
    assert {(fill.tx_hash, fill.slot) for fill in answers} == {row[1:] for row in settled}


async def test_sending_and_giving_up_from_two_processes_have_one_outcome(two_processes, ledger):
    sender, resolver = two_processes
    for n in range(60):
        sent = execution(sender, sent_as=f"order:{n}")
        calls = [sender.execute(sent), resolver.resolve(sent.execution_id)]
        # Each of them gets its chance to be the first one on the wire.
        answers = await asyncio.gather(*(calls if n % 2 else reversed(calls)))
        answer, outcome = answers if n % 2 else reversed(answers)
        assert answer == outcome or (isinstance(answer, Refused) and outcome == Void())
        assert await sender.resolve(sent.execution_id) == outcome
    assert await ledger("select count(*) from chain_ledger") == [(60,)]


async def test_two_blocks_with_the_same_ids_in_opposite_order_do_not_block_each_other(chain_url):
    one, other = Ledger(chain_url), Ledger(chain_url)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for order in range(10):
        block = [Entry(f"{order}:{n}", "void", "RAYDIUM", at) for n in range(1_000)]
        # In a deadlock the server would end one of them with an error.
        here, there = await asyncio.gather(one.write(block), other.write(block[::-1]))
        assert here == there
    await one.close()
    await other.close()


async def test_more_executions_than_a_block_holds_take_several(opened, ledger):
    async with opened() as venues:
        raydium = venues["RAYDIUM"]
        sent = (execution(raydium, sent_as=f"order:{n}") for n in range(1_500))
        answers = await asyncio.gather(*(raydium.execute(each) for each in sent))
    assert all(isinstance(answer, Fill) for answer in answers)
    largest = "select max(n) from (select count(*) n from chain_ledger group by slot) blocks"
    assert await ledger(largest) == [(1_000,)]


async def test_executions_at_once_share_blocks_and_blocks_count_up(opened, ledger):
    async with opened(block_interval_ms=5) as venues:
        raydium = venues["RAYDIUM"]
        for n in range(3):
            sent = (execution(raydium, sent_as=f"order:{n}.{m}") for m in range(100))
            await asyncio.gather(*(raydium.execute(each) for each in sent))
    assert await ledger("select count(*), count(distinct slot) from chain_ledger") == [(300, 3)]
    slots = await ledger(
        "select slot from chain_ledger group by slot order by min(split_part(execution_id, '.', 1))"
    )
    assert slots == sorted(slots)


async def test_the_ledger_holds_what_the_fill_says(opened, ledger):
    before = datetime.now(UTC)
    async with opened() as venues:
        fill = await venues["METEORA"].execute(execution(venues["METEORA"]))
    [row] = await ledger("select * from chain_ledger")
    entry = Entry(*row)
    assert entry == Entry(
        "order:1",
        "settled",
        "METEORA",
        entry.at,
        slot=fill.slot,
        signature=fill.tx_hash,
        executed_price=fill.executed_price,
        amount_in=fill.amount_in,
        amount_out=fill.amount_out,
        fee=fill.fee,
    )
    assert before <= entry.at <= before + timedelta(minutes=1)
    assert fill.tx_hash == signature_of("order:1", fill.slot)
    assert len(b58decode(fill.tx_hash)) == 64


async def test_an_outcome_outlives_the_process(opened):
    async with opened() as venues:
        fill = await venues["RAYDIUM"].execute(execution(venues["RAYDIUM"]))
    async with opened() as venues:
        assert await venues["METEORA"].resolve("order:1") == fill


async def test_many_processes_start_at_once_on_an_empty_database(opened, ledger):
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(opened()) for _ in range(8)))
        assert await ledger("select count(*) from chain_ledger") == [(0,)]


async def test_no_digit_is_lost_in_the_ledger(chain_url):
    exact = Decimal("123456789012345.123456789012345678")
    entry = Entry(
        "order:1",
        "settled",
        "RAYDIUM",
        datetime(2026, 1, 1, 1, 2, 3, 456789, tzinfo=UTC),
        executed_price=Decimal("1E-18"),
        amount_in=Decimal("1E+15"),
        amount_out=exact,
        fee=exact,
    )
    ledger = Ledger(chain_url)
    held = await ledger.write([entry])
    await ledger.close()
    assert held == {"order:1": entry.sealed(held["order:1"].slot)}
