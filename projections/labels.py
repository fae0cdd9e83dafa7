"""The table `order_labels`: the words of clients by which their orders are found. No I/O here."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from projections.orders import OrderRow


class LabelRow(NamedTuple):
    """A row; the fields are the columns of the table, in its order. `kind` is tag or client."""

    kind: str
    label: str
    created_at: datetime
    order_id: str


def label_rows(row: OrderRow) -> Iterator[LabelRow]:
    """Return the labels of an order: its placement settles them, no later event changes them."""
    for tag in dict.fromkeys(row.tags):
        yield LabelRow("tag", tag, row.created_at, row.order_id)
    if row.client_order_id is not None:
        yield LabelRow("client", row.client_order_id, row.created_at, row.order_id)
