"""The headers of a request, as the server brings them: names in small letters."""

from collections.abc import Iterable


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """Return the first header with this name (in small letters), or None."""
    for found, value in headers:
        if found == name:
            return value.decode("latin-1")
    return None
