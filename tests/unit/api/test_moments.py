"""Times as clients write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.moments import moment_of

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("2030-01-31T12:00:00Z", "2030-01-31T12:00:00.000000Z", "2030-01-31T12Z"),
        *("2030-01-31 12:00:00Z", "2030-01-31T14:00:00+02:00", "2030-01-31T14:00:00 02:00"),
        *("20300131T120000Z", "2030-W05-4T12:00Z", "2030-01-31T12:00:00,000Z"),
        *("2030-01-31T09:00:00-0300", "2030-01-31T12:00:00.000000999Z"),
    ],
)
def test_a_time_with_its_zone_is_read(text):
    assert moment_of(text) == NOON


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2030-01-31", "2030-01-31T12:00:00", "2030-02-31T12:00:00Z"),
        *("2030-01-31T12:00:00Z\0", "2030-01-31T12:00:00.5Z\0\0", "2030-01-31T12:00:00+00:00\0"),
        *("2030-01-31T12:00:00\0Z", "2030-01-31\x0012:00:00Z", "2030-01-31x12:00:00Z"),
        *("2030-01-31T12:00:00.1234567x9Z", "2030-01-31T12:00:00Z\n", "\u0662030-01-31T12:00:00Z"),
    ],
)
def test_no_other_text_is_a_time(text):
    assert moment_of(text) is None


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-1439, 1439))
def test_what_python_writes_is_read(moment, minutes):
    moment = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert moment_of(moment.isoformat()) == moment


@given(st.text())
def test_whatever_comes_is_a_time_of_a_zone_or_none(text):
    moment = moment_of(text)
    assert moment is None or moment.tzinfo is not None
