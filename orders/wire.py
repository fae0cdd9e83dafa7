"""Events and states as bytes: JSON, money as text with every digit, times in UTC."""

import json
from datetime import timedelta
from typing import get_args

import msgspec
from pydantic import TypeAdapter, ValidationError

from orders.errors import NewerSchema, NotAnEvent
from orders.events import SCHEMA_VERSION, AnyOrderEvent
from orders.state import Open
from orders.upcasting import upcast

_TYPE = b'"type":"'
_QUICK = {
    kind.__name__.encode(): msgspec.json.Decoder(kind).decode
    for kind in get_args(get_args(AnyOrderEvent)[0])
}
_PATIENT: TypeAdapter[AnyOrderEvent] = TypeAdapter(AnyOrderEvent)
_NOT_READ = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)

_DELAY = TypeAdapter(timedelta)
_STATE: msgspec.json.Decoder[Open] = msgspec.json.Decoder(Open)
_encode = msgspec.json.Encoder().encode


def encode(event: AnyOrderEvent) -> bytes:
    """Return the event as it stands in the log: UTF-8 JSON."""
    delay = getattr(event, "delay", None)
    return _encode(event) if delay is None else _encode_delay(event, delay)


def decode(value: bytes) -> AnyOrderEvent:
    """Return the event that `encode` wrote, whichever version wrote it, as one of the present.

    Raises `NotAnEvent`, or `NewerSchema`: stop reading.
    """
    event = _quickly(value)
    if event is not None and event.schema_version == SCHEMA_VERSION:
        return event
    try:
        event = _PATIENT.validate_json(value)
    except ValidationError as error:
        return _decode_other_version(value, _sentence(error))
    if event.schema_version == SCHEMA_VERSION:
        return event
    return _decode_other_version(value, f"schema_version: there is no {event.schema_version}")


def encode_order(order: Open) -> bytes:
    """Return an open order's state for storage beside the projection, as JSON."""
    return _encode(order)


def decode_order(value: bytes | str) -> Open:
    """Return the state that `encode_order` wrote; raise `NotAnEvent` for anything else."""
    try:
        return _STATE.decode(value)
    except _NOT_READ as error:
        raise NotAnEvent(str(error)) from None


def _quickly(value: bytes) -> AnyOrderEvent | None:
    """Return the event as msgspec reads it, None where pydantic is to look or to say what is wrong.

    The type is looked for where `encode` writes it; the wrong one would not fit the rest.
    """
    start = value.find(_TYPE) + len(_TYPE)
    read = _QUICK.get(value[start : value.find(b'"', start)])
    try:
        return read(value) if read else None
    except _NOT_READ:
        return None


def _encode_delay(event: AnyOrderEvent, delay: timedelta) -> bytes:
    # A minute is PT1M in the log, as pydantic has it; for msgspec it would be PT60S.
    written = _DELAY.dump_python(delay, mode="json")
    return _encode({**msgspec.to_builtins(event), "delay": written})


def _decode_other_version(value: bytes, flaw: str) -> AnyOrderEvent:
    document = _object(value)
    found = document.get("schema_version")
    if isinstance(found, int) and found > SCHEMA_VERSION:
        raise NewerSchema(found, SCHEMA_VERSION)
    if not isinstance(found, int) or not 0 < found < SCHEMA_VERSION:
        raise NotAnEvent(flaw)
    try:
        return _PATIENT.validate_json(json.dumps(upcast(document, found)))
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
