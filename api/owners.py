"""Whose an order is: asked before anything of it is told."""

from starlette.requests import HTTPConnection

from api.callers import caller_of
from api.parts import parts_of


async def require_own(connection: HTTPConnection, order_id: str) -> None:
    """Raise `Refusal`, as for an order that is not there, unless the caller may see it."""
    caller, parts = caller_of(connection), parts_of(connection)
    if not caller.sees_all:
        row = await parts.lookup.find(order_id, parts.order_rows.of)
        caller.require_sees(row.user_id)
