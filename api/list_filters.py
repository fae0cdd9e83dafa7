"""Which orders a query asks for, or what is wrong with it; what the docs say of its parameters."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from api import errors, list_errors, placing_errors
from api.errors import Kind, Refusal
from api.moments import moment_of
from api.placement import MAX_USER_ID, is_user_id
from api.selection import Pair, Wanted
from api.words import FINAL
from orders.state import Status
from orders.values import VENUE_PATTERN, ClientOrderId, OrderType, Tag

STATUSES: tuple[Status, ...] = get_args(Status)
OPEN = tuple(status for status in STATUSES if status not in FINAL)
_WORDS: Mapping[str, frozenset[str]] = {
    **{status: frozenset({status}) for status in STATUSES},
    "open": frozenset(OPEN),
    "resting": frozenset({"open"}),
    "final": FINAL,
}
_TYPES = get_args(OrderType)
_TURNS = {"createdAt": True, "+createdAt": True, " createdAt": True, "-createdAt": False}

_WORD = "|".join(_WORDS)
_STATUS = rf"^({_WORD})(,({_WORD}))*$"
_SYMBOL_OR_MINT = "[A-Za-z0-9]{2,44}"
PAIR_PATTERN = rf"^{_SYMBOL_OR_MINT}/{_SYMBOL_OR_MINT}$"
_CLIENT_ORDER_ID: TypeAdapter[str] = TypeAdapter(ClientOrderId)
_TAG: TypeAdapter[str] = TypeAdapter(Tag)


def wanted_of(query: Mapping[str, str]) -> Wanted:
    """Return which orders a query asks for; raise `Refusal` for the first thing that is wrong."""
    return Wanted(
        statuses=_statuses(query.get("status")),
        user_id=_text(query, "userId", is_user_id, errors.INVALID_USER_ID),
        order_type=_text(query, "type", _TYPES.__contains__, list_errors.INVALID_TYPE),
        pair=_pair(query),
        venue=_text(query, "venue", _matches(VENUE_PATTERN), list_errors.INVALID_VENUE),
        created_from=_moment(query, "createdFrom"),
        created_to=_moment(query, "createdTo"),
        client_order_id=_text(
            query,
            "clientOrderId",
            _fits(_CLIENT_ORDER_ID),
            placing_errors.INVALID_CLIENT_ORDER_ID,
        ),
        tag=_text(query, "tag", _fits(_TAG), list_errors.INVALID_TAG),
        ascending=_ascending(query.get("sort")),
    )


def _statuses(text: str | None) -> tuple[Status, ...]:
    words = text.split(",") if text is not None else []
    if not _WORDS.keys() >= set(words):
        raise Refusal(list_errors.INVALID_STATUS)
    found = {status for word in words for status in _WORDS[word]}
    # All of them are no filter; the others stand in one sequence, whichever they were given in.
    return tuple(status for status in STATUSES if status in found and len(found) < len(STATUSES))


def _pair(query: Mapping[str, str]) -> Pair | None:
    text = query.get("pair")
    return None if text is None else pair_of_text(text)


def pair_of_text(text: object) -> Pair:
    """Return the pair of tokenIn/tokenOut; raise `Refusal` for any other text."""
    if not isinstance(text, str) or not _matches(PAIR_PATTERN)(text):
        raise Refusal(list_errors.INVALID_PAIR)
    return Pair(*text.split("/"))


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    moment = None if text is None else moment_of(text)
    if moment is None and text is not None:
        raise Refusal(list_errors.INVALID_CREATED, field=name)
    return moment


def _ascending(text: str | None) -> bool:
    if text is not None and text not in _TURNS:
        raise Refusal(list_errors.INVALID_SORT)
    return text is not None and _TURNS[text]


def _text(
    query: Mapping[str, str], name: str, is_right: Callable[[str], bool], wrong: Kind
) -> str | None:
    value = query.get(name)
    if value is not None and not is_right(value):
        raise Refusal(wrong, field=name)
    return value


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


def _fits(kind: TypeAdapter[str]) -> Callable[[str], bool]:
    def is_right(value: str) -> bool:
        try:
            kind.validate_python(value)
        except ValidationError:
            return False
        return True

    return is_right


def _parameter(name: str, description: str, **schema: object) -> dict[str, Any]:
    described = {"name": name, "in": "query", "required": False, "description": description}
    return {**described, "schema": {"type": "string", **schema}}


PARAMETERS = [
    _parameter(
        "status",
        "Some statuses, separated by commas; `open` are all those that have not ended, `resting` "
        "those of them with the status `open`, `final` those that have ended.",
        pattern=_STATUS,
    ),
    _parameter("userId", "Whose orders.", minLength=1, maxLength=MAX_USER_ID),
    _parameter("type", "The `orderType`.", enum=[*_TYPES]),
    _parameter(
        "pair",
        "tokenIn/tokenOut, by symbol or mint, as the order was placed: `SOL/USDC`.",
        pattern=PAIR_PATTERN,
    ),
    _parameter("venue", "The `selectedDex`.", pattern=VENUE_PATTERN),
    _parameter("createdFrom", "The first `createdAt`, with its zone.", format="date-time"),
    _parameter("createdTo", "The last `createdAt`, with its zone.", format="date-time"),
    _parameter(
        "clientOrderId", "The name that a client gave it.", **_CLIENT_ORDER_ID.json_schema()
    ),
    _parameter("tag", "One of its tags.", **_TAG.json_schema()),
    _parameter(
        "sort",
        "By time: `-createdAt`, newest first, or `createdAt`, oldest first. An order that comes "
        "while its list is read may get a place that was read already, where oldest come first: "
        "who waits for new ones follows the feed.",
        enum=["-createdAt", "createdAt", "+createdAt"],
        default="-createdAt",
    ),
]
"""The parameters that filter and sort, as the OpenAPI document has them."""
