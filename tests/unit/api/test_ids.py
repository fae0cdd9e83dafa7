"""The ids of orders and the version of the API."""

import tomllib
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from api.health import VERSION
from api.ids import Randomness, uuid7
from api.lookup import known_form
from tests.support.builders import T0

RANDOMNESS = st.integers(0, 2**76 - 1).map("{:019x}".format)


@given(RANDOMNESS, RANDOMNESS)
def test_an_id_is_a_uuid_of_its_own_and_sorts_by_time(one, other):
    now = int(T0.timestamp() * 1000)
    first, second = uuid7(now, one), uuid7(now, other)
    assert (UUID(first).version, UUID(first).variant) == (7, "specified in RFC 4122")
    assert (first == second) == (_counting(one) == _counting(other))
    assert first < uuid7(now + 1, other)
    assert known_form(first) == first


def _counting(digits):
    """The digits, of the fourth the two bits that an id has room for."""
    return digits[:3], int(digits[3], 16) % 4, digits[4:]


def test_all_that_the_system_gives_is_used_once():
    fetched = []

    def fetch(count):
        first = len(fetched) * count
        fetched.append(count)
        return b"".join(number.to_bytes(10) for number in range(first, first + count // 10))

    randomness = Randomness(fetch)
    given = [randomness.digits() for _ in range(1_000)]
    assert fetched == [4_000] * 3
    assert given[:400] == [f"{number:020x}"[:19] for number in range(400)]


def test_the_version_told_is_the_version_of_the_project():
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
