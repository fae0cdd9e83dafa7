"""Values at the edge of what the domain admits: none of them stops the projector."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from msgspec.structs import replace

from orders.admission import admit
from orders.wire import encode
from projections import store
from projections.batch import Reading
from tests.integration.projections.conftest import opened_store
from tests.integration.projections.histories import IN_TIME, PARTITIONS, RESET, delivered
from tests.support.builders import (
    ORDER_ID,
    executed,
    fill,
    placed,
    reason,
    retry_scheduled,
    routed,
    terms,
)

pytestmark = pytest.mark.integration

EDGES = [
    placed(terms=terms(amount="1e-20000", slippage="0e-20000")),
    placed(occurred_at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
    placed(occurred_at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))),
    placed(occurred_at=datetime(2026, 11, 23, tzinfo=timezone(timedelta(hours=23, minutes=59)))),
    placed(occurred_at=datetime(2026, 11, 23, tzinfo=timezone(timedelta(hours=-16)))),
    placed(correlation_id="\\ \t \n \r \x01 \u2028 € \U0001f600 \ufffe"),
    routed(10**30),
    retry_scheduled(2, delay=timedelta.max, reason=reason(message="\0")),
    retry_scheduled(2, delay=timedelta.min),
    executed(3, fill=replace(fill(), tx_hash="\0", amount_out=Decimal("1e200000"))),
]


TOLD = (
    "select told::text from orders told",
    "select told::text from order_events told order by seq",
    "select told::text from order_labels told order by kind, label",
    "select told::text from order_counts told order by scope, key",
)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: type(edge).__name__)
async def test_whatever_is_admitted_can_be_stored_at_once_and_in_pieces(tables, edge, monkeypatch):
    before = [one for one in (placed(tags=("a", "b")), routed(2)) if one.version < edge.version]
    records = delivered([(ORDER_ID, encode(event), IN_TIME) for event in [*before, edge]])
    readings = [Reading(record, admit(record, PARTITIONS)) for record in records]
    found = []
    for few in (len(readings), 0):
        monkeypatch.setattr(store, "_FEW", few)
        tables.run(*RESET)
        async with opened_store(tables.url) as opened:
            for reading in readings:
                await opened.apply([reading])
        found.append([tables.rows(question) for question in TOLD])
    assert tables.head == len(records)
    assert found[0] == found[1]
    assert all(found[0][:2])
