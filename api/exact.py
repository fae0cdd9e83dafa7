"""JSON with every digit of a number kept, in and out; no float ever holds an amount."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, NoReturn


class NotAnObject(ValueError):
    """The text is no JSON object; the message says why, in one sentence."""


class Raw(str):
    """JSON text that is written as it stands."""

    __slots__ = ()


def write(value: object) -> bytes:
    """Return the value as JSON: decimals as plain digits, times in UTC with microseconds."""
    return _text(value).encode()


def read_object(text: bytes) -> dict[str, object]:
    """Return the JSON object, each number a `Decimal`; raise `NotAnObject` for anything else.

    A number beyond what a decimal can hold becomes a NaN: it is out of every range. A name that
    stands twice in one object is refused, for readers would differ in which one counts.
    """
    try:
        value = _READER.decode(text.decode())
    except UnicodeDecodeError:
        raise NotAnObject("it is not UTF-8") from None
    except RecursionError:
        raise NotAnObject("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotAnObject(f"{error.msg.lower()} at position {error.pos}") from None
    if not isinstance(value, dict):
        raise NotAnObject("it is not an object")
    return value


def _number(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("NaN")


def _refuse_constant(name: str) -> NoReturn:
    raise NotAnObject(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise NotAnObject("a name stands twice in one object")
    return members


def _text(value: object) -> str:
    return _WRITERS[type(value)](value)


def _object(members: Mapping[str, object]) -> str:
    # Each value's writer is looked up here and not in a call for each: an answer has thousands.
    texts = [f"{_quoted(k)}:{_WRITERS[type(v)](v)}" for k, v in members.items()]
    return "{" + ",".join(texts) + "}"


def _array(items: Iterable[object]) -> str:
    return "[" + ",".join(map(_text, items)) + "]"


def time(moment: datetime) -> str:
    """Return the JSON text of a moment, in UTC with its microseconds."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f'"{utc.isoformat(timespec="microseconds")[:-6]}Z"'


_READER = json.JSONDecoder(
    parse_float=_number,
    parse_int=_number,
    parse_constant=_refuse_constant,
    object_pairs_hook=_unique,
)


class _Writers(dict[type, Callable[[Any], str]]):
    def __missing__(self, kind: type) -> NoReturn:
        raise TypeError(f"{kind.__name__} has no place in JSON")


_WRITERS = _Writers(
    {
        type(None): lambda _: "null",
        bool: lambda value: "true" if value else "false",
        int: str,
        str: _quoted,
        Raw: str,
        Decimal: lambda value: format(value, "f"),
        datetime: time,
        dict: _object,
        list: _array,
        tuple: _array,
    }
)
