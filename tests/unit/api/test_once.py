"""Things done once by name."""

import asyncio

import pytest

from api.once import Once


@pytest.fixture
def deed():
    """Something that takes until it is told how it ends, and how often it was begun."""

    class Deed:
        def __init__(self):
            self.begun = 0
            self.ends = asyncio.get_running_loop().create_future()

        async def __call__(self):
            self.begun += 1
            return await self.ends

    return Deed


async def begun(once, deed, *names):
    asking = [asyncio.create_task(once.do(name, deed)) for name in names]
    await asyncio.sleep(0)
    return asking


async def test_whoever_asks_meanwhile_or_later_gets_what_came_of_it(deed):
    once, act = Once(2), deed()
    asking = await begun(once, act, "a", "a")
    assert not once.has_done("a")
    act.ends.set_result(7)
    assert [*await asyncio.gather(*asking), await once.do("a", act)] == [7, 7, 7]
    assert (act.begun, once.has_done("a")) == (1, True)


async def test_what_failed_fails_for_all_who_wait_and_may_be_done_again(deed):
    once, act = Once(2), deed()
    asking = await begun(once, act, "a", "a")
    act.ends.set_exception(ValueError("no"))
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["no", "no"]
    assert not once.has_done("a")
    again = deed()
    again.ends.set_result(8)
    assert await once.do("a", again) == 8


@pytest.mark.parametrize("leaver", [0, 1])
async def test_who_leaves_takes_nothing_from_the_others(deed, leaver):
    once, act = Once(2), deed()
    asking = await begun(once, act, "a", "a")
    asking.pop(leaver).cancel()
    await asyncio.sleep(0)
    act.ends.set_result(7)
    assert await asking[0] == 7
    assert await once.do("a", act) == 7
    assert act.begun == 1


async def test_only_the_newest_are_remembered(deed):
    once, act = Once(2), deed()
    act.ends.set_result(7)
    for name in ("a", "b", "c"):
        await once.do(name, act)
    assert [once.has_done(name) for name in ("a", "b", "c")] == [False, True, True]
