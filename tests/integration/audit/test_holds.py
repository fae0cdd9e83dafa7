"""Where all is well, `engine verify` says so."""

import pytest

pytestmark = pytest.mark.integration


async def test_an_engine_that_lost_nothing_holds(world, tmp_path):
    ids = [*await world.live(3), await world.live_twice()]
    await world.project()
    accepted = tmp_path / "accepted.txt"
    accepted.write_text("".join(f"{order_id}\n" for order_id in ids))
    answer = await world.verified("--accepted", accepted)
    assert (answer.code, answer.broken) == (0, {})
    assert (answer.told["orders"], answer.told["events"]) == (4, 15)
    assert answer.told["ended"] == {"completed": 4}
    checked = [one["checked"] for one in answer.told["invariants"]]
    assert checked == [4, 4, 4, 19, 15, 4, 15, 2, 5, 0]
