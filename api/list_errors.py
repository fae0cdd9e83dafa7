"""What can be wrong with the wish for a list of orders."""

from typing import get_args

from api.errors import Kind
from orders.state import Status
from orders.values import OrderType

_WORDS = ", ".join(get_args(Status))

INVALID_CURSOR = Kind(
    "INVALID_CURSOR",
    400,
    "cursor must be a nextCursor of an earlier page of this list, with the same filters and sort: "
    "leave it out to start.",
    field="cursor",
)
INVALID_LIMIT = Kind(
    "INVALID_LIMIT", 400, "limit must be a whole number from 1 to 500.", field="limit"
)
INVALID_STATUS = Kind(
    "INVALID_STATUS",
    400,
    f"status must be some of {_WORDS}, open and final, separated by commas.",
    field="status",
)
INVALID_TYPE = Kind(
    "INVALID_TYPE", 400, f"type must be {' or '.join(get_args(OrderType))}.", field="type"
)
INVALID_PAIR = Kind(
    "INVALID_PAIR",
    400,
    "pair must be tokenIn/tokenOut, each a symbol or a mint address as the orders were placed with "
    "it, such as SOL/USDC.",
    field="pair",
)
INVALID_VENUE = Kind(
    "INVALID_VENUE", 400, "venue must be the name of a venue such as RAYDIUM.", field="venue"
)
INVALID_CREATED = Kind(
    "INVALID_CREATED",
    400,
    "{field} must be a time with its zone, such as 2026-01-31T12:00:00Z.",
    field="createdFrom",
)
INVALID_TAG = Kind(
    "INVALID_TAG",
    400,
    "tag must be one tag: 1 to 64 characters, none of them a control character.",
    field="tag",
)
INVALID_SORT = Kind("INVALID_SORT", 400, "sort must be createdAt or -createdAt.", field="sort")

ALL = (
    INVALID_CURSOR,
    INVALID_LIMIT,
    INVALID_STATUS,
    INVALID_TYPE,
    INVALID_PAIR,
    INVALID_VENUE,
    INVALID_CREATED,
    INVALID_TAG,
    INVALID_SORT,
)
