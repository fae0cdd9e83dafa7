"""`engine replay`: the log told again, straight from Kafka."""

import asyncio
import json
import os
import sys
from base64 import b64decode

import pytest

from tests.integration.audit.world import routed
from tests.support import builders

pytestmark = pytest.mark.integration


@pytest.fixture
def replay(world):
    """Return what runs the command and returns its lines, read as JSON."""

    async def run(*options):
        answer = await world.run("replay", "--format", "jsonl", *options)
        assert answer.exit_code == 0, answer.output
        return [json.loads(line) for line in answer.stdout.splitlines()]

    return run


@pytest.fixture
async def ids(world):
    """Return the ids of four orders, one in each partition, whose lives are interleaved."""
    orders = [world.id_in(partition) for partition in range(4)]
    for number, order_id in enumerate(orders):
        await world.tell(
            (number / 10, world.placed(order_id)),
            (1 + number / 10, routed(order_id)),
            (2 + number / 10, builders.executed(3, order_id=order_id)),
        )
    return orders


def places(lines):
    return [(line["partition"], line["offset"]) for line in lines]


async def test_the_partitions_are_merged_by_the_brokers_time(replay, world, ids):
    lines = await replay()
    assert places(lines) == [(partition, offset) for offset in range(3) for partition in range(4)]
    assert [line["appendedAt"] for line in lines] == sorted(line["appendedAt"] for line in lines)
    assert [line["key"] for line in lines] == ids * 3
    assert {line["admitted"] for line in lines} == {True}
    assert "superseded" not in lines[0]


async def test_a_record_is_told_byte_for_byte(world, ids):
    home, key, value = world.record(world.placed(ids[0]))
    odd = value.replace(b'"amount":"10"', b'"amount": "10.0"')
    assert odd != value
    await world.append((home, key, odd, 5))
    raw = await world.run("replay", "--format", "jsonl", "--order", ids[0])
    assert raw.stdout.splitlines()[-1].endswith(f'"superseded":true,"event":{odd.decode()}}}')


async def test_what_is_no_event_is_told_as_it_is(world, replay):
    order_id = world.id_in(0)
    home, key, value = world.record(builders.failed(2, order_id=order_id))
    spread = value.replace(b",", b",\n", 1)
    await world.append(
        (0, None, b"not JSON", 0),
        (0, b"\xff", b"\xfe", 1),
        (0, b"a", None, 2),
        (1, key, value, 3),
        (home, key, spread, 4),
    )
    told = await replay()
    assert [line.get("flaw") for line in told] == [*["NOT_AN_EVENT"] * 3, "WRONG_PARTITION", None]
    assert [line.get("key") for line in told] == [None, None, "a", order_id, order_id]
    assert [b64decode(told[1][f"{name}Base64"]) for name in ("key", "value")] == [b"\xff", b"\xfe"]
    assert [told[n]["value"] for n in (0, 2, 4)] == ["not JSON", None, spread.decode()]
    assert told[3]["event"] == json.loads(value)


async def test_from_and_to_are_moments(replay, world, ids):
    lines = await replay("--from", world.at(1).isoformat(), "--to", world.at(2.1).isoformat())
    assert places(lines) == [(0, 1), (1, 1), (2, 1), (3, 1), (0, 2)]
    naive = world.at(1).replace(tzinfo=None).isoformat()
    assert len(await replay("--from", naive)) == 8
    assert len(await replay("--to", naive)) == 4
    assert await replay("--from", world.at(1000).isoformat()) == []


async def test_from_and_to_are_places(replay, ids):
    assert places(await replay("--from", "2:1")) == [(2, 1), (2, 2)]
    assert places(await replay("--to", "2:1", "--from", "3:2")) == [(2, 0), (3, 2)]
    assert places(await replay("--from", "2:1", "--to", "2:2")) == [(2, 1)]
    assert await replay("--from", "2:99") == []


async def test_places_and_moments_meet(replay, world, ids):
    assert places(await replay("--from", "2:1", "--to", world.at(2).isoformat())) == [(2, 1)]


async def test_only_some_types(replay, ids):
    lines = await replay("--type", "OrderRouted", "--type", "OrderFailed")
    assert [line["event"]["type"] for line in lines] == ["OrderRouted"] * 4


async def test_one_order_with_what_was_superseded(replay, world, ids):
    await world.tell((5, builders.failed(3, order_id=ids[1])), (6, world.placed(ids[1])))
    lines = await replay("--order", ids[1])
    assert [line["superseded"] for line in lines] == [False, False, False, True, True]
    later = await replay("--order", ids[1], "--from", world.at(2).isoformat())
    assert [line["superseded"] for line in later] == [False, True, True]


async def test_one_order_whose_key_is_anothers(replay, world, ids):
    _, _, value = world.record(builders.failed(4, order_id=ids[1]))
    await world.append((1, ids[2].encode(), value, 5))
    lines = await replay("--order", ids[1])
    assert [line.get("flaw") for line in lines] == [None, None, None, "WRONG_KEY"]


async def test_for_people(world, ids):
    told = await world.run("replay")
    lines = told.stdout.splitlines()
    assert len(lines) == 13
    assert lines[0].split() == ["APPENDED", "PLACE", "ORDER", "VER", "TYPE", "NOTE"]
    assert lines[1].split()[1:] == ["0:0", ids[0], "1", "OrderPlaced"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--from", "yesterday"], "'yesterday' is neither a time such as 2026-01-31T12:00:00Z"),
        (["--from", "7:0"], "the log has partitions 0 to 3, not 7"),
        (["--from", "1:0", "--from", "1:2"], "one moment, or one place in each partition"),
        (["--from", "1:0", "--from", "2026-01-01"], "one moment, or one place in each partition"),
        (["--type", "OrderShipped"], "there is no type OrderShipped: there are OrderAmend"),
        (["--order", "7"], "'7' is no order id"),
    ],
)
async def test_what_cannot_be_meant_is_a_sentence(world, ids, options, sentence):
    told = await world.run("replay", *options)
    assert told.exit_code == 2
    assert sentence in told.output


async def test_an_order_of_another_partition_is_a_sentence(world, ids):
    told = await world.run("replay", "--order", ids[3], "--from", "1:0")
    assert (told.exit_code, "lives in partition 3" in told.output) == (2, True)


async def test_an_order_that_was_quiet_meanwhile_has_nothing_to_tell(replay, world, ids):
    await world.tell((30, builders.failed(4, order_id=ids[1])))
    assert await replay("--order", ids[3], "--from", world.at(20).isoformat()) == []
    assert await replay("--order", ids[3], "--from", "3:99") == []
    assert await replay("--order", ids[3], "--to", world.at(-1).isoformat()) == []
    assert len(await replay("--order", ids[1], "--from", world.at(20).isoformat())) == 1


async def test_a_reader_that_has_seen_enough_ends_it_in_peace(world, ids):
    value = b'{"note":"%b"}' % (b"x" * 10_000)
    await world.append(*[(number % 4, b"k", value, 5) for number in range(200)])
    replay = f"{sys.executable} -m cli.main replay --format jsonl"
    process = await asyncio.create_subprocess_exec(
        *["bash", "-c", f"set -o pipefail; {replay} | head -n 1"],
        env={
            **os.environ,
            **world.environment,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert json.loads(out)["offset"] == 0
    assert (process.returncode, err) == (1, b"")
