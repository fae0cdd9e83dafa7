from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from msgspec.structs import replace

from orders.errors import Code, Reason
from orders.ports import Refused, Unknown
from orders.values import Fill, Quote
from tests.support.contracts import VenueContract, execution, swap
from tests.support.fakes import MemoryChain, some_venue
from venues import simulated_quoters
from venues.dex import MESSAGE_MAX, Dex
from venues.exchange import Exchange, Rejected
from venues.settings import VenueSettings

T0 = datetime(2026, 1, 1, tzinfo=UTC)


class ClosedChain:
    async def land(self, entry):
        raise ConnectionError("the chain is closed")


class Talkative:
    """A venue with more to say than an event can hold, and other than it can hold."""

    name = "RAYDIUM"
    words = "\ud800no " * 1_000_000

    async def quote(self, terms, attempt):
        raise Rejected(Reason(code=Code.THROTTLED, message=self.words))

    async def execute(self, execution):
        return {"status": "refused", "code": "NO_LIQUIDITY", "reason": self.words}

    async def outcome(self, execution_id):
        raise ConnectionResetError(self.words)


@pytest.mark.parametrize("name", ["RAYDIUM", "METEORA"], scope="class")
class TestDex(VenueContract):
    @pytest.fixture
    def chain(self):
        return MemoryChain()

    @pytest.fixture
    def venue(self, name, chain):
        return some_venue(name, chain)

    @pytest.fixture
    def hasty_venue(self, name, chain):
        return some_venue(name, chain, execute_timeout_ms=20)


async def test_two_processes_with_one_seed_quote_the_same():
    assert await some_venue().quote(swap(), 1) == await some_venue().quote(swap(), 1)
    assert await some_venue().quote(swap(), 1) != await some_venue(seed=2).quote(swap(), 1)


async def quoted_by(venue):
    quote = await venue.quote(swap(), 1)
    assert isinstance(quote, Quote)
    return quote


async def filled_by(venue, least="1"):
    fill = await venue.execute(execution(venue, least=least))
    assert isinstance(fill, Fill)
    return fill


async def test_a_fill_is_at_the_price_then_not_at_the_quoted_one():
    moments = iter([T0, T0 + timedelta(seconds=60), T0 + timedelta(seconds=60)])
    venue = some_venue(clock=lambda: next(moments), market_volatility=0.001)
    quoted = await quoted_by(venue)
    fill = await filled_by(venue)
    later = await quoted_by(venue)
    assert quoted.amount_out != fill.amount_out == later.amount_out


async def test_nothing_moves_in_a_market_without_volatility():
    moments = iter([T0, T0 + timedelta(days=1)])
    venue = some_venue(clock=lambda: next(moments), market_volatility=0)
    quoted = await quoted_by(venue)
    fill = await filled_by(venue, least=str(quoted.amount_out))
    assert fill.amount_out == quoted.amount_out


async def test_a_chain_that_is_gone_leaves_the_outcome_unknown():
    venue = some_venue(chain=ClosedChain())
    for unknown in (await venue.execute(execution(venue)), await venue.resolve("order:1")):
        assert isinstance(unknown, Unknown)
        assert unknown.reason.code is Code.NETWORK


async def test_what_a_venue_says_is_cut_to_what_an_event_can_hold():
    venue = Dex(cast("Exchange", Talkative()), quote_timeout=1, execute_timeout=1)
    rejected = await venue.quote(swap(), 1)
    refused = await venue.execute(execution(venue))
    unknown = await venue.resolve("order:1")
    assert isinstance(rejected, Reason)
    assert isinstance(refused, Refused)
    assert isinstance(unknown, Unknown)
    for reason in (rejected, refused.reason, unknown.reason):
        assert len(reason.message) == MESSAGE_MAX
        assert reason.message.encode().startswith(b"?no ")


@pytest.mark.parametrize("signature", ["\ud800", "a" * 1_000_000, "", "two words"])
async def test_a_settlement_with_an_impossible_signature_cannot_be_read(signature):
    class Forger(MemoryChain):
        async def land(self, entry):
            return replace(await super().land(entry), signature=signature)

    venue = some_venue(chain=Forger())
    answer = await venue.execute(execution(venue))
    assert isinstance(answer, Unknown)
    assert answer.reason.code is Code.INVALID_ANSWER


async def test_faults_in_terms_are_ignored_unless_the_settings_allow_them():
    venue = some_venue(fault_injection=False)
    assert isinstance(await venue.quote(swap("quote-glitch"), 1), Quote)
    assert isinstance(await venue.execute(execution(venue, "glitch")), Fill)


async def test_an_execution_of_an_unknown_token_is_refused_for_good():
    venue = some_venue()
    sent = execution(venue)._replace(terms=swap(pair="NOPE/USDC"))
    refused = await venue.execute(sent)
    assert isinstance(refused, Refused)
    assert refused.reason.code is Code.UNKNOWN_TOKEN


async def test_quotes_fail_at_their_rate_by_the_seed():
    async def codes(seed):
        venue = some_venue(seed=seed, quote_error_rate=0.5)
        answers = [await venue.quote(swap(), 1) for _ in range(400)]
        return [answer.code if isinstance(answer, Reason) else None for answer in answers]

    first = await codes(1)
    assert first == await codes(1) != await codes(2)
    seen = Counter(first)
    assert set(seen) == {None, Code.NETWORK, Code.THROTTLED}
    assert seen[None] == pytest.approx(200, abs=50)
    assert seen[Code.NETWORK] == pytest.approx(100, abs=40)


@pytest.mark.parametrize(("rate", "landed"), [("execute_error_rate", 0), ("lost_answer_rate", 30)])
async def test_executions_fail_at_their_rate_before_or_after_landing(rate, landed):
    chain = MemoryChain()
    always: dict[str, Any] = {rate: 1}
    venue = some_venue(chain=chain, **always)
    answers = [await venue.execute(execution(venue, sent_as=f"order:{n}")) for n in range(30)]
    assert all(isinstance(answer, Unknown) for answer in answers)
    assert len(chain.entries) == landed


@pytest.mark.parametrize("amount", ["0.000000001", "1000000000000000"])
async def test_the_smallest_and_the_largest_amount_are_answered(amount):
    quote = await some_venue().quote(swap(amount=amount), 1)
    assert isinstance(quote, Quote)
    assert quote.amount_out >= 0
    assert quote.fee <= Decimal(amount)


async def test_a_process_that_only_asks_is_quoted_the_same_and_cannot_trade():
    asked = simulated_quoters(VenueSettings(quote_latency_ms=0, execute_latency_ms=0), lambda: T0)
    trading = some_venue(clock=lambda: T0)
    assert await asked["RAYDIUM"].quote(swap(), 1) == await trading.quote(swap(), 1)
    outcome = await cast(Any, asked["RAYDIUM"]).execute(execution(trading))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code is Code.NETWORK
