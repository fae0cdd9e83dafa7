"""The projector's one connection to PostgreSQL; the lease is tied to it."""

from datetime import timedelta

from psycopg import AsyncConnection

from projections.settings import ProjectorSettings

_LIMITS = """
select set_config('statement_timeout', %s, false),
       set_config('idle_in_transaction_session_timeout', %s, false),
       set_config('timezone', 'UTC', false)
"""
_CONNECT_TIMEOUT = timedelta(seconds=2)


async def connect(settings: ProjectorSettings) -> AsyncConnection:
    """Return a connection whose statements are ended well before the lease; raise psycopg.Error."""
    lease = settings.projector_lease_ms
    connection = await AsyncConnection.connect(
        settings.database_url,
        autocommit=True,
        application_name=settings.process,
        connect_timeout=int(_CONNECT_TIMEOUT.total_seconds()),
        # A server that vanished without a word is noticed within seconds.
        keepalives_idle=1,
        keepalives_interval=1,
        keepalives_count=3,
        tcp_user_timeout=lease,
    )
    await connection.execute(_LIMITS, (str(lease // 2), str(lease)))
    return connection
