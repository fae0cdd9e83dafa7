"""Records of the feed as they are told: each is written once, whoever it is told to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from api import exact
from api.rows import FeedRow, Window


class Told(NamedTuple):
    """A record's place in the feed, and its text in JSON."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """The wanted records of a part of the feed, read up to `upto`; the newest is `head`."""

    epoch: str
    upto: int
    head: int
    records: Sequence[Told]


def told(row: FeedRow) -> Told:
    """Return a record as the feed tells it."""
    return Told(row.seq, record_text(row))


def piece_of(window: Window[FeedRow]) -> Piece:
    """Return what was read as it is told."""
    return Piece(window.epoch, window.upto, window.head, [told(row) for row in window.rows])


def record_text(row: FeedRow) -> str:
    """Return a record as the feed tells it, in JSON."""
    # Written out, for an audit reads millions: ids and types need no escapes, data is JSON already.
    version = "null" if row.version is None else row.version
    return (
        f'{{"seq":{row.seq},"orderId":"{row.order_id}","version":{version},"type":"{row.type}",'
        f'"superseded":{"true" if row.superseded else "false"},'
        f'"occurredAt":{exact.time(row.occurred_at)},"appendedAt":{exact.time(row.appended_at)},'
        f'"data":{row.data}}}'
    )
