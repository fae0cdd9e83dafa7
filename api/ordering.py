"""From the body of a request to a placed order, for every route that places."""

from collections.abc import Mapping
from typing import get_args

import msgspec
from starlette.datastructures import Headers

from api import client_ids, placing_errors, placing_schemas
from api.callers import Caller
from api.conditions import require_to_come
from api.errors import Refusal
from api.given import header
from api.members import require_known
from api.parts import Parts
from api.placement import FAULTS_HEADER, Form, Wish, order_of
from api.repeats import Placed
from api.shapes import names_of
from orders.values import Fault

MAX_FAULTS = 8
_FAULTS = FAULTS_HEADER.lower().encode()
MEMBERS = names_of(placing_schemas.OrderRequest)
"""What an order of any type may say. The routes of market orders alone ignore what they do not
know, as their clients are used to."""


def wish_of(
    document: Mapping[str, object], form: Form, headers: Headers, parts: Parts, caller: Caller
) -> Wish:
    """Return the order a document and its headers ask for; raise `Refusal` for what is wrong."""
    if form.any_type:
        require_known(document, MEMBERS, placing_errors.UNKNOWN_MEMBER)
    document = caller.signed(document)
    wish = order_of(document, form)
    faults = header(headers.raw, _FAULTS)
    if faults is not None:
        wish = _with_faults(wish, faults, parts)
    return client_ids.named(wish, document, headers)


async def looked_at(wish: Wish, parts: Parts) -> placing_schemas.Valid:
    """Return what a client is told of an order that could be placed; else raise `Refusal`."""
    require_to_come(wish.terms.expires_at, parts.clock())
    await parts.listed.require(wish.terms)
    return placing_schemas.valid(wish)


async def place(wish: Wish, parts: Parts, request_id: str) -> Placed:
    """Place the order. Raises `Refusal` when it is not certainly placed."""
    await parts.listed.require(wish.terms)
    if wish.order_id is None:
        written = await parts.placing.place(wish, request_id)
        return Placed(written.event.order_id, written.position)
    return await parts.repeats.place(wish, wish.order_id, request_id)


def only_validated(document: Mapping[str, object]) -> bool:
    """Return whether the order is only to be looked at."""
    only = document.get("validateOnly", False)
    if not isinstance(only, bool):
        raise Refusal(placing_errors.INVALID_VALIDATE_ONLY)
    return only


def accepted(order_id: str) -> placing_schemas.Accepted:
    """Return what a client is told of an order that is in the log."""
    return placing_schemas.Accepted(order_id=order_id, websocket_url=f"/ws/{order_id}")


def _with_faults(wish: Wish, faults: str, parts: Parts) -> Wish:
    if not parts.settings.fault_injection:
        raise Refusal(placing_errors.FAULTS_DISABLED)
    names = [name.strip() for name in faults.split(",")]
    known = {"-": None, **{fault: fault for fault in get_args(Fault)}}
    if len(names) > MAX_FAULTS or not known.keys() >= set(names):
        raise Refusal(placing_errors.INVALID_FAULTS)
    terms = msgspec.structs.replace(wish.terms, faults=tuple(known[name] for name in names))
    return wish._replace(terms=terms)
