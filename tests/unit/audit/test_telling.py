"""How records are told: edges of a stretch, lines, values that are no text."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.admission import Flaw, judge
from audit.errors import Unusable
from audit.lines import Line, as_json, as_text
from audit.lists import read_ids
from audit.log import Record
from audit.sinks import COLUMNS, row_of
from audit.spans import Place, parse_edge
from orders.wire import encode
from tests.support.builders import ORDER_ID, T0, placed, seconds

VALUES = st.one_of(st.none(), st.binary(max_size=40), st.text(max_size=40).map(str.encode))


@pytest.mark.parametrize(
    ("text", "edge"),
    [
        ("3:120", Place(3, 120)),
        ("0:0", Place(0, 0)),
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_an_edge_is_a_moment_or_a_place(text, edge):
    assert parse_edge(text) == edge


@pytest.mark.parametrize("text", ["", "noon", "3:", ":3", "-1:0", "1:-1", "12:00:00", "1:2:3"])
def test_anything_else_is_no_edge(text):
    with pytest.raises(Unusable, match="is neither a time such as"):
        parse_edge(text)


def test_a_line_is_told_for_programs_and_for_people():
    event = placed()
    record = Record(2, 7, ORDER_ID.encode(), encode(event), seconds(1.5))
    line = Line(record, event, None, superseded=False)
    told = json.loads(as_json(line))
    assert told["event"] == json.loads(encode(event))
    assert told["appendedAt"] == "2026-01-01T00:00:01.500Z"
    words = as_text(line).split()
    assert words == ["2026-01-01T00:00:01.500Z", "2:7", ORDER_ID, "1", "OrderPlaced"]
    assert as_text(line._replace(superseded=True)).split()[-1] == "superseded"


@given(VALUES, VALUES)
def test_whatever_a_record_holds_is_told_on_one_line_and_can_be_had_back(key, value):
    record = Record(0, 0, key, value, T0)
    told = as_json(Line(record, *judge(record, 4)))
    assert told.count(b"\n") == 1
    assert b"\r" not in told
    fields = json.loads(told)
    assert not fields["admitted"]
    for name, held in (("key", key), ("value", value)):
        assert (f"{name}Base64" in fields) != (name in fields)
        assert name not in fields or fields[name] == (None if held is None else held.decode())


@given(VALUES)
def test_a_row_has_a_value_for_each_column(value):
    row = row_of(Line(Record(0, 0, None, value, T0), None, Flaw.NOT_AN_EVENT))
    assert len(row) == len(COLUMNS)


def test_a_record_is_late_after_its_not_after_and_not_at_it():
    event = placed(not_after=seconds(10).astimezone(timezone(timedelta(hours=5))))
    record = Record(0, 0, ORDER_ID.encode(), encode(event), seconds(10))
    assert judge(record, 1).flaw is None
    later = record._replace(appended_at=seconds(10.001))
    assert judge(later, 1) == (event, Flaw.LATE_PLACEMENT)


def test_a_list_holds_one_order_id_a_line(tmp_path):
    file = tmp_path / "ids.txt"
    file.write_text(f"{ORDER_ID}\n\n  {ORDER_ID}  \n")
    assert read_ids(file) == {ORDER_ID}
    assert read_ids(None) == frozenset()
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Unusable, match="cannot be read"):
        read_ids(file)
