"""The connections to PostgreSQL of those who write the tables; the lease is tied to one."""

from collections.abc import Mapping
from datetime import timedelta

from psycopg import AsyncConnection

from projections.settings import ProjectorSettings

_CONFIGURE = """
select set_config(name, value, false) from unnest(%s::text[], %s::text[]) as settings (name, value)
"""
# Every statement looks its rows up by their keys. Tables that have just been made have no
# statistics, and a plan chosen for an empty table would read a full one from end to end.
_BY_KEY = (
    *("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"),
    "jit",
)
_EVERYWHERE = {"timezone": "UTC", **dict.fromkeys(_BY_KEY, "off")}
_CONNECT_TIMEOUT = timedelta(seconds=2)


async def connect(settings: ProjectorSettings) -> AsyncConnection:
    """Return a connection whose statements are ended well before the lease; raise psycopg.Error."""
    lease = settings.projector_lease_ms
    limits = {
        "statement_timeout": str(lease // 2),
        "idle_in_transaction_session_timeout": str(lease),
    }
    return await connect_as(settings.process, settings.database_url, settings.lease, limits)


async def connect_as(
    name: str, url: str, silence: timedelta, limits: Mapping[str, str]
) -> AsyncConnection:
    """Return a connection with these settings of PostgreSQL; raise psycopg.Error.

    A server that vanished without a word is noticed within seconds, or so long a silence.
    """
    connection = await AsyncConnection.connect(
        url,
        autocommit=True,
        application_name=name,
        connect_timeout=int(_CONNECT_TIMEOUT.total_seconds()),
        keepalives_idle=1,
        keepalives_interval=1,
        keepalives_count=3,
        tcp_user_timeout=silence // timedelta(milliseconds=1),
    )
    chosen = {**_EVERYWHERE, **limits}
    await connection.execute(_CONFIGURE, (list(chosen), list(chosen.values())))
    return connection
