"""The same placement sent again while log, projection or process are away, late or stopping."""

import asyncio
from datetime import timedelta

from orders.ids import order_id_of
from tests.support.api import running_api
from tests.support.builders import placed, terms

NAMED = {"userId": "alice", "clientOrderId": "my-1"}
NAME = order_id_of("alice", "my-1")
AGAIN = "send the same request again"


async def test_an_earlier_placement_the_projection_has_not_read_yet_wins(api):
    earlier = placed(order_id=NAME, user_id="alice", terms=terms(slippage="0.05"))
    api.log.write(earlier)
    api.log.appended = api.read_model.project
    answer = await api.place(**NAMED)
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")


async def test_a_log_that_is_away_is_told_as_safe_to_repeat(api, place):
    api.log.away = True
    answer = await place()
    told = answer.json()
    assert (answer.status_code, told["error"], told["orderId"]) == (503, "LOG_UNAVAILABLE", NAME)
    assert AGAIN in told["message"].lower()
    api.log.away = False
    assert (await place()).status_code == 202


async def test_what_landed_without_an_acknowledgement_is_the_order(api, place):
    api.log.silent = True
    assert (await place()).status_code == 503
    api.log.land()
    assert (await place()).status_code == 200
    assert (await place(amount=11)).status_code == 409
    assert len(api.log.events) == 1


async def test_what_landed_too_late_is_not_the_order(api, place):
    api.log.silent, api.log.delay = True, timedelta(seconds=11)
    assert (await place()).status_code == 503
    api.log.land()
    api.log.silent, api.log.delay = False, timedelta()
    assert (await place(amount=11)).status_code == 202
    assert (await place(amount=11)).status_code == 200
    assert (await place()).status_code == 409


async def test_a_void_placement_without_another_is_told(api, place):
    api.log.delay = timedelta(seconds=11)
    answer = await place()
    told = answer.json()
    assert (answer.status_code, told["error"], told["orderId"]) == (503, "PLACEMENT_VOID", NAME)


async def test_a_void_placement_after_a_good_one_is_a_repeat(api):
    earlier = placed(order_id=NAME, user_id="alice", terms=terms(slippage="0.05"))
    api.log.write(earlier)
    api.log.delay = timedelta(seconds=11)
    api.log.appended = api.read_model.project
    assert (await api.place(**NAMED)).status_code == 200


async def test_without_the_projection_nothing_is_appended(api, place):
    api.read_model.away = True
    answer = await place()
    told = answer.json()
    assert (answer.status_code, told["error"]) == (503, "PROJECTION_UNAVAILABLE")
    assert (told["orderId"], answer.headers["Retry-After"]) == (NAME, "1")
    assert AGAIN in told["message"]
    assert not api.log.events
    assert (await api.place()).status_code == 202


async def test_a_projection_that_goes_away_meanwhile_is_told(api):
    def goes():
        api.read_model.away = True

    api.log.appended = goes
    answer = await api.place(**NAMED)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (503, "PROJECTION_UNAVAILABLE")
    assert told["orderId"] == NAME
    assert AGAIN in told["message"]
    api.read_model.away = False
    api.read_model.project()
    assert (await api.place(**NAMED)).status_code == 200


async def test_a_projection_that_lags_is_told(api):
    answer = await api.place(**NAMED)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (503, "PROJECTION_LAGGING")
    assert (told["orderId"], answer.headers["Retry-After"]) == (NAME, "1")
    assert AGAIN in told["message"]
    api.read_model.project()
    assert (await api.place(**NAMED)).status_code == 200
    assert len(api.log.events) == 1


async def test_named_placements_that_wait_are_bounded():
    async with running_api(max_placements=1, read_patience_ms=5000) as api:
        first = asyncio.create_task(api.place(**NAMED))
        second = asyncio.create_task(api.place(**NAMED))
        await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
        await api.log.holds(1)
        api.read_model.project()
        answers = sorted([await first, await second], key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [202, 503]
        assert answers[1].json()["error"] == "ENGINE_BUSY"
        assert len(api.log.events) == 1


async def test_a_placement_of_a_newer_engine_is_told_as_unreadable(api, place):
    await place()
    newer = api.read_model.texts[NAME].replace('"schema_version":', '"schema_version":9')
    api.read_model.texts[NAME] = newer
    answer = await place()
    assert (answer.status_code, answer.json()["error"]) == (503, "PROJECTION_UNAVAILABLE")


async def test_a_stopping_process_names_the_order_that_may_be_placed(api):
    parts = api.app.state.parts
    waiting = asyncio.create_task(api.place(**NAMED))
    await api.log.holds(1)
    waiting.cancel()
    answer = await waiting
    assert answer.json()["orderId"] == NAME
    assert parts.feed.progress.empty
