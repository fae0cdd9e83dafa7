"""How the auditor connects to PostgreSQL, and what it says when it cannot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from audit.errors import Unreadable

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]

_CONNECT_TIMEOUT_S = 5
_KEEPALIVE_S = 5


@asynccontextmanager
async def reading(url: str, what: str) -> AsyncIterator[Connection]:
    """Open a connection that writes nothing; raise `Unreadable` when it cannot read, then or later.

    `what` names what is read there, in the sentence that says so.
    """
    try:
        async with await psycopg.AsyncConnection.connect(
            url,
            autocommit=True,
            connect_timeout=_CONNECT_TIMEOUT_S,
            keepalives_idle=_KEEPALIVE_S,
            tcp_user_timeout=3 * _KEEPALIVE_S * 1000,
            application_name="engine audit",
            options="-c timezone=UTC -c default_transaction_read_only=on",
        ) as connection:
            yield connection
    except psycopg.Error as error:
        told = " ".join(str(error).split())
        raise Unreadable(f"{what} at {_place(url)} cannot be read: {told}") from error


def _place(url: str) -> str:
    # Never the whole URL: it may hold a password.
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "an address that is none"
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
