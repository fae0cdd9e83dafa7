"""What every adapter of a port promises, the fake included: one suite for each port."""

import asyncio
from decimal import Decimal

import pytest

from orders.errors import Code, Reason
from orders.ports import Refused, Unknown, Venue, Void
from orders.values import Execution, Fault, Fill, Quote, Terms, price_of


def swap(*faults: Fault | None, pair: str = "SOL/USDC", amount: str = "10") -> Terms:
    """Return terms of a swap that shows these faults in attempt 1, 2, 3 …"""
    token_in, token_out = pair.split("/")
    return Terms(
        token_in=token_in,
        token_out=token_out,
        amount=Decimal(amount),
        slippage=Decimal("0.05"),
        faults=faults,
    )


def execution(
    venue: Venue, *faults: Fault | None, sent_as: str = "order:1", least: str = "1"
) -> Execution:
    """Return an execution at this venue that shows a fault in its first attempt."""
    return Execution(
        execution_id=sent_as,
        venue=venue.name,
        attempt=1,
        terms=swap(*faults),
        min_amount_out=Decimal(least),
    )


class VenueContract:
    """The promises of `orders.ports.Venue`.

    A subclass gives two fixtures on one ledger, both showing the faults that terms ask for:
    `venue`, and `hasty_venue`, whose calls time out within a tenth of a second.
    """

    async def test_a_quote_is_the_venues_own_and_its_price_is_out_per_in(self, venue):
        quote = await venue.quote(swap(), 1)
        assert isinstance(quote, Quote)
        assert quote.venue == venue.name
        assert quote.amount_out > 0
        assert quote.price == price_of(quote.amount_out, Decimal(10))

    @pytest.mark.parametrize("pair", ["NOPE/USDC", "SOL/NOPE"])
    async def test_a_token_nobody_knows_is_fatal(self, venue, pair):
        reason = await venue.quote(swap(pair=pair), 1)
        assert isinstance(reason, Reason)
        assert reason.code is Code.UNKNOWN_TOKEN
        assert not reason.retryable

    @pytest.mark.parametrize("pair", ["BONK/PYTH", "PYTH/BONK"])
    async def test_a_pair_without_a_pool_is_fatal(self, venue, pair):
        reason = await venue.quote(swap(pair=pair), 1)
        assert isinstance(reason, Reason)
        assert reason.code is Code.NO_LIQUIDITY
        assert not reason.retryable

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("quote-glitch", Code.NETWORK),
            ("no-liquidity", Code.NO_LIQUIDITY),
            ("garbage", Code.INVALID_ANSWER),
        ],
    )
    async def test_a_fault_of_one_attempts_quote_is_not_in_the_next(self, venue, fault, code):
        reason = await venue.quote(swap(fault), 1)
        assert isinstance(reason, Reason)
        assert reason.code is code
        assert isinstance(await venue.quote(swap(fault), 2), Quote)

    async def test_an_execution_trades_the_whole_amount_for_at_least_the_minimum(self, venue):
        fill = await venue.execute(execution(venue, least="1000"))
        assert isinstance(fill, Fill)
        assert fill.tx_hash
        assert fill.amount_in == 10
        assert fill.amount_out >= 1000
        assert fill.executed_price == price_of(fill.amount_out, fill.amount_in)

    async def test_an_id_sent_twice_gets_the_first_answer_twice(self, venue):
        first = await venue.execute(execution(venue))
        assert isinstance(first, Fill)
        assert await venue.execute(execution(venue, least="999999")) == first
        assert await venue.resolve("order:1") == first

    async def test_an_id_sent_many_times_at_once_settles_once(self, venue):
        answers = await asyncio.gather(*(venue.execute(execution(venue)) for _ in range(20)))
        assert isinstance(answers[0], Fill)
        assert set(answers) == {answers[0]}

    async def test_too_low_a_price_refuses_the_id_for_ever(self, venue):
        refused = await venue.execute(execution(venue, least="999999"))
        assert isinstance(refused, Refused)
        assert refused.reason.code is Code.SLIPPAGE_EXCEEDED
        assert refused.reason.retryable
        assert await venue.execute(execution(venue)) == refused
        assert await venue.resolve("order:1") == refused

    async def test_a_price_that_moved_refuses_the_id(self, venue):
        refused = await venue.execute(execution(venue, "price-moved"))
        assert isinstance(refused, Refused)
        assert refused.reason.code is Code.SLIPPAGE_EXCEEDED
        assert await venue.resolve("order:1") == refused

    async def test_an_id_that_never_landed_is_void_for_ever(self, venue):
        assert await venue.resolve("order:1") == Void()
        assert await venue.resolve("order:1") == Void()
        refused = await venue.execute(execution(venue))
        assert isinstance(refused, Refused)
        assert refused.reason.code is Code.TIMEOUT
        assert refused.reason.retryable
        assert await venue.resolve("order:1") == Void()

    async def test_a_glitch_lands_nothing(self, venue):
        unknown = await venue.execute(execution(venue, "glitch"))
        assert isinstance(unknown, Unknown)
        assert unknown.reason.code is Code.NETWORK
        assert await venue.resolve("order:1") == Void()

    async def test_a_settlement_whose_answer_was_lost_is_found(self, venue):
        unknown = await venue.execute(execution(venue, "lost-answer"))
        assert isinstance(unknown, Unknown)
        assert unknown.reason.code is Code.NETWORK
        fill = await venue.resolve("order:1")
        assert isinstance(fill, Fill)
        assert await venue.execute(execution(venue)) == fill

    async def test_a_venue_that_hangs_is_given_up(self, venue, hasty_venue):
        unknown = await hasty_venue.execute(execution(venue, "hang"))
        assert isinstance(unknown, Unknown)
        assert unknown.reason.code is Code.TIMEOUT
        assert await venue.resolve("order:1") == Void()

    async def test_an_answer_that_cannot_be_read_is_no_answer(self, venue):
        unknown = await venue.execute(execution(venue, "garbage"))
        assert isinstance(unknown, Unknown)
        assert unknown.reason.code is Code.INVALID_ANSWER
        fill = await venue.resolve("order:1")
        assert isinstance(fill, Fill)
        assert await venue.execute(execution(venue)) == fill

    async def test_sending_and_giving_up_at_once_have_one_outcome(self, venue):
        for n in range(20):
            sent = execution(venue, sent_as=f"order:{n}")
            answer, outcome = await asyncio.gather(
                venue.execute(sent), venue.resolve(sent.execution_id)
            )
            if isinstance(outcome, Void):
                assert isinstance(answer, Refused)
                assert answer.reason.code is Code.TIMEOUT
            else:
                assert answer == outcome
            assert await venue.resolve(sent.execution_id) == outcome
