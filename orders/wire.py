"""Events and states as bytes: JSON, money as text with every digit, times in UTC."""

import json
from typing import Annotated, get_args

from pydantic import Field, TypeAdapter, ValidationError

from orders.errors import NewerSchema, NotAnEvent
from orders.events import SCHEMA_VERSION, AnyOrderEvent
from orders.state import New, Open, Pending, Quarantined, Resting, Routed, Waiting
from orders.upcasting import upcast

_EVENT: TypeAdapter[AnyOrderEvent] = TypeAdapter(AnyOrderEvent)
_OPEN: TypeAdapter[Open] = TypeAdapter(
    Annotated[New | Resting | Pending | Routed | Waiting | Quarantined, Field(discriminator="kind")]
)
# Without looking for the one of the union each time: half the time.
_STATES: dict[type[Open], TypeAdapter[Open]] = {kind: TypeAdapter(kind) for kind in get_args(Open)}


def encode(event: AnyOrderEvent) -> bytes:
    """Return the event as it stands in the log: UTF-8 JSON."""
    return event.model_dump_json().encode()


def decode(value: bytes) -> AnyOrderEvent:
    """Return the event that `encode` wrote, whichever version wrote it, as one of the present.

    Raises `NotAnEvent`, or `NewerSchema`: stop reading.
    """
    try:
        event = _EVENT.validate_json(value)
    except ValidationError as error:
        return _decode_other_version(value, _sentence(error))
    if event.schema_version == SCHEMA_VERSION:
        return event
    return _decode_other_version(value, f"schema_version: there is no {event.schema_version}")


def encode_order(order: Open) -> bytes:
    """Return an open order's state for storage beside the projection, as JSON."""
    return _STATES[type(order)].dump_json(order)


def decode_order(value: bytes | str) -> Open:
    """Return the state that `encode_order` wrote; raise `NotAnEvent` for anything else."""
    try:
        return _OPEN.validate_json(value)
    except ValidationError as error:
        raise NotAnEvent(_sentence(error)) from None


def _decode_other_version(value: bytes, flaw: str) -> AnyOrderEvent:
    document = _object(value)
    found = document.get("schema_version")
    if isinstance(found, int) and found > SCHEMA_VERSION:
        raise NewerSchema(found, SCHEMA_VERSION)
    if not isinstance(found, int) or not 0 < found < SCHEMA_VERSION:
        raise NotAnEvent(flaw)
    try:
        return _EVENT.validate_json(json.dumps(upcast(document, found)))
    except ValidationError as error:
        raise NotAnEvent(_sentence(error)) from None


def _object(value: bytes) -> dict[str, object]:
    try:
        # As text: bytes would be taken for UTF-16 too, which no table holds.
        document = json.loads(value.decode())
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
