"""What others wrote, made fit for a terminal: nothing in it can move the cursor or hide a line."""

import base64
import json
from datetime import datetime


def plain(text: str) -> str:
    """Return the text with everything unprintable escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def pretty(value: bytes | None) -> str:
    """Return a value as people read it: JSON indented, other text escaped, other bytes told."""
    if value is None:
        return "(none)"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return f"(no text) {value!r}"
    try:
        return json.dumps(json.loads(text), indent=2)
    except (ValueError, RecursionError):
        return plain(text)


def as_members(name: str, value: bytes | None) -> dict[str, str | None]:
    """Return bytes as members of a JSON object: text as it is, other bytes as `…Base64`."""
    try:
        return {name: None if value is None else value.decode()}
    except UnicodeDecodeError:
        return {f"{name}Base64": base64.b64encode(value or b"").decode()}


def second(moment: datetime) -> str:
    """Return a moment for people, to the second, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"
