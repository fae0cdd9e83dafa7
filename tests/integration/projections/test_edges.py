"""Values at the edge of what the domain admits: none of them stops the projector."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from msgspec.structs import replace

from orders.admission import admit
from orders.wire import encode
from projections.batch import Reading
from tests.integration.projections.conftest import opened_store
from tests.integration.projections.histories import IN_TIME, PARTITIONS, delivered
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
    placed(correlation_id="\\ \t \n \r \x01 \u2028 € \U0001f600 \ufffe"),
    routed(10**30),
    retry_scheduled(2, delay=timedelta.max, reason=reason(message="\0")),
    retry_scheduled(2, delay=timedelta.min),
    executed(3, fill=replace(fill(), tx_hash="\0", amount_out=Decimal("1e200000"))),
]


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: type(edge).__name__)
async def test_whatever_is_admitted_can_be_stored(tables, edge):
    before = [one for one in (placed(), routed(2)) if one.version < edge.version]
    records = delivered([(ORDER_ID, encode(event), IN_TIME) for event in [*before, edge]])
    async with opened_store(tables.url) as store:
        await store.apply([Reading(record, admit(record, PARTITIONS)) for record in records])
    assert tables.rows("select * from orders")
    assert tables.head == len(records)
