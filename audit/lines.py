"""A record as it is told to whoever audits: where it stands, whether it counts, and itself."""

import json
import re
from base64 import b64encode
from datetime import datetime
from typing import NamedTuple

from audit.admission import Flaw
from audit.log import Record
from orders.events import AnyOrderEvent


class Line(NamedTuple):
    """A record and what the auditor knows of it; superseded is None where nobody looked."""

    record: Record
    event: AnyOrderEvent | None
    flaw: Flaw | None
    superseded: bool | None = None


def as_json(line: Line) -> bytes:
    """Return the line as one of JSON, its record byte for byte as it stands in the log.

    An event is the member `event`; what is none, or does not stand on one line, is the text `value`
    or, where it is no UTF-8, `valueBase64`.
    """
    record, event, flaw, superseded = line
    head = (
        f'{{"partition":{record.partition},"offset":{record.offset},'
        f'"appendedAt":"{moment(record.appended_at)}",{_text("key", record.key)},'
        f'"admitted":{"true" if flaw is None else "false"},'
    )
    if flaw is not None:
        head += f'"flaw":"{flaw.value}",'
    if superseded is not None:
        head += f'"superseded":{"true" if superseded else "false"},'
    if event is not None and record.value is not None and not _BREAKS.search(record.value):
        return b'%b"event":%b}\n' % (head.encode(), record.value)
    return f"{head}{_text('value', record.value)}}}\n".encode()


def as_text(line: Line) -> str:
    """Return the line for people."""
    record, event, flaw, superseded = line
    note = flaw.value if flaw else "superseded" if superseded else ""
    order_id, version, kind = "-", "-", "-"
    if event is not None:
        order_id, version, kind = event.order_id, str(event.version), event.type
    place = f"{record.partition}:{record.offset}"
    told = f"{moment(record.appended_at)}  {place:>12}  {order_id:36}  {version:>3}  {kind:19}"
    return f"{told}  {note}".rstrip()


_BREAKS = re.compile(rb"[\r\n]")

TITLE = f"{'APPENDED':24}  {'PLACE':>12}  {'ORDER':36}  {'VER':>3}  {'TYPE':19}  NOTE"


def moment(at: datetime) -> str:
    """Return the broker's time as it counts it: UTC, in milliseconds."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def text_of(value: bytes | None) -> tuple[str | None, str | None]:
    """Return the bytes as text, or else as base64; both are None where there are none."""
    if value is None:
        return None, None
    try:
        return value.decode(), None
    except UnicodeDecodeError:
        return None, b64encode(value).decode()


def _text(name: str, value: bytes | None) -> str:
    text, base64 = text_of(value)
    return f'"{name}Base64":"{base64}"' if base64 else f'"{name}":{json.dumps(text)}'
