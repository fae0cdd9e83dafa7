"""The stories against the engine's own fold: two codes, one meaning, whatever the log says."""

from hypothesis import given, settings

from audit.chapter import Chapter
from audit.findings import Figures, Findings
from audit.log import Record
from audit.rows import ORDER_COLUMNS, differences, order_row, state_of
from orders import wire
from orders.state import Open
from tests.integration.projections import histories


def told_by(records):
    """Return the chapters of a log and the rows of `order_events` that they call for."""
    findings, figures = Findings(), Figures()
    chapters = [Chapter(n, histories.PARTITIONS, findings, figures) for n in range(4)]
    rows = [
        row
        for record in records
        for row in chapters[record.partition].tell([Record(*_fields(record))])
    ]
    return chapters, rows, findings


def _fields(record):
    return record.partition, record.offset, record.key, record.value, record.appended_at


@settings(max_examples=300, deadline=None)
@given(histories.logs())
def test_whatever_the_log_says_the_stories_tell_what_the_fold_tells(records):
    wanted_orders, wanted_events = histories.expected(records)
    chapters, rows, _ = told_by(records)
    told = [(row.partition, row.offset, row.superseded) for row in rows]
    assert told == [event[1:] for event in wanted_events]
    stories = {id_: story for chapter in chapters for id_, story in chapter.stories.items()}
    assert stories.keys() == wanted_orders.keys()
    columns = [name for name in ORDER_COLUMNS if name in next(iter(wanted_orders.values()), {})]
    for order_id, row in wanted_orders.items():
        partition = row["partition"]
        expected = order_row(stories[order_id], partition)
        assert not [*differences(expected, columns, [row[name] for name in columns])]
        assert_state_tells(row["state"], state_of(stories[order_id]))


def assert_state_tells(stored, state):
    if stored is None:
        assert state == (None, None, None, None)
        return
    order: Open = wire.decode_order(stored)
    assert state == (order.kind, str(order.version), str(order.attempts), str(order.routes))
