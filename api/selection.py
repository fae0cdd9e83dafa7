"""Which orders a list shows and in which sequence, and places in it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple

from orders.state import Status


class Pair(NamedTuple):
    """The tokens of a swap, as orders were placed with them."""

    token_in: str
    token_out: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: just after this order."""

    created_at: datetime
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which orders a list shows: those that fit all that is given; newest first, or `ascending`.

    No statuses are all of them; both ends of the times belong to them.
    """

    statuses: tuple[Status, ...] = ()
    user_id: str | None = None
    order_id: str | None = None
    order_type: str | None = None
    pair: Pair | None = None
    venue: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    client_order_id: str | None = None
    tag: str | None = None
    cancel_requested: bool | None = None
    ascending: bool = False

    @property
    def filters(self) -> Mapping[str, object]:
        """Return by name what orders must fit; nothing that is left open."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        del values["ascending"]
        return {name: value for name, value in values.items() if value not in (None, ())}
