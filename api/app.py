"""The API as an ASGI application: its routes, and what lives as long as the process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api import (
    batch,
    changing,
    errors,
    events,
    list_errors,
    lists,
    market,
    orders,
    placements,
    preview,
    problems,
    service,
    sockets,
)
from api.errors import Kind, Refusal, answer
from api.gates import add_gates
from api.health import VERSION
from api.methods import Handler, NoOther, Straight, allowed, direct, routes_of
from api.openapi import document
from api.parts import Neighbours, Sources, assemble, connect
from api.ports import Log, LogAway, Misconfigured, ReadModelAway
from api.safety import Safety
from api.settings import ApiSettings

TITLE = "Order execution engine"
PAUSE_S = 1.0
SOON = timedelta(seconds=1)

logger = logging.getLogger(__name__)

Connect = Callable[[ApiSettings], AbstractAsyncContextManager[Neighbours]]

_OF_PARAMETER: dict[object, Kind] = {
    "limit": list_errors.INVALID_LIMIT,
    "cursor": list_errors.INVALID_CURSOR,
    "userId": errors.INVALID_USER_ID,
    "fromSeq": errors.INVALID_SEQ,
    "toSeq": errors.INVALID_SEQ,
    "follow": errors.INVALID_FLAG,
    "superseded": errors.INVALID_FLAG,
}
_OF_STATUS = {404: errors.ROUTE_NOT_FOUND, 405: errors.METHOD_NOT_ALLOWED}


def create_app(settings: ApiSettings, sources: Sources, to: Connect = connect) -> FastAPI:
    """Return the application; it starts, and serves what it can, whoever is away."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with to(settings) as neighbours:
            parts = assemble(settings, sources, neighbours)
            app.state.parts = parts
            check = _check(neighbours.log, sources.fail)
            standing = parts.feed.run(), parts.room.run(), parts.beats.run(), parts.market.run()
            async with _running(*standing, parts.access.run(), check):
                yield

    app = _Application(
        title=TITLE,
        version=VERSION,
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.add_middleware(Straight, routes=_OF_MANY, handlers=_HANDLERS)
    add_gates(app, settings, sources.new_id)
    app.router.routes.extend((*_OF_MANY, *_NO_ORDERS, *_OF_ONE))
    for routes in _ROUTERS:
        app.include_router(routes)
    app.router.routes.extend(sockets.ROUTES)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


class _Application(FastAPI):
    """FastAPI's, without what it puts before the gates.

    There is no telemetry nor limit of its own, and what nobody foresaw is answered by the gates.
    """

    def openapi(self) -> dict[str, Any]:
        """Return the document of this API."""
        return document(self)

    def build_middleware_stack(self) -> ASGIApp:
        """Return the gates and what is behind them."""
        stack: Any = super().build_middleware_stack()
        while not isinstance(stack, Safety):
            stack = stack.app
        return stack


async def leave(app: FastAPI, patience_s: float) -> None:
    """Let the clients of the feeds go, within so many seconds, with their places to resume at."""
    if hasattr(app.state, "parts"):
        await app.state.parts.feed.hub.leave(patience_s)


@asynccontextmanager
async def _running(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _check(log: Log, fail: Callable[[str], None]) -> None:
    """Meet the log before the first client does; stop when it is not the one configured."""
    told = False
    while True:
        try:
            await log.ends()
        except Misconfigured as error:
            return fail(str(error))
        except LogAway as away:
            if not told:
                logger.warning("log is away", extra={"why": str(away)})
            told = True
            await asyncio.sleep(PAUSE_S)
        else:
            return None


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return answer(error, request.scope)


async def _read_model_away(request: Request, error: Exception) -> Response:
    # The feed's reader says it once; at a thousand requests a second it need not be said again.
    logger.debug("projection is away", extra={"why": str(error)})
    return answer(Refusal(errors.PROJECTION_UNAVAILABLE, retry_after=SOON), request.scope)


async def _bad_parameter(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    name = error.errors()[0]["loc"][-1]
    kind = _OF_PARAMETER.get(name, errors.BAD_REQUEST)
    return answer(Refusal(kind, field=str(name)), request.scope)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    kind = _OF_STATUS.get(error.status_code, errors.BAD_REQUEST)
    response = answer(Refusal(kind), request.scope)
    response.headers.update(error.headers or {})
    if error.status_code == 405:
        response.headers["Allow"] = allowed(_ROUTES, request) or response.headers["Allow"]
    return response


async def _client_left(request: Request, _error: Exception) -> Response:
    return answer(Refusal(errors.BAD_REQUEST), request.scope)


_HANDLERS: dict[type[Exception], Handler] = {
    Refusal: _refused,
    ReadModelAway: _read_model_away,
    RequestValidationError: _bad_parameter,
    HTTPException: _http,
    ClientDisconnect: _client_left,
}
_BARE_OF_MANY = (placements.router, batch.router, preview.router, changing.of_many)
_BARE_OF_ONE = (orders.of_one, changing.of_one)
_OTHERS = (lists.router, events.router, market.router, problems.router, service.router)
_ROUTERS = (*_BARE_OF_MANY, *_BARE_OF_ONE, *_OTHERS)
_OF_MANY = tuple(route for one in _BARE_OF_MANY for route in direct(one))
_OF_ONE = tuple(route for one in _BARE_OF_ONE for route in direct(one))
_NO_ORDERS = [
    Route(path, NoOther())
    for path in (
        *(placements.EXECUTE_PATH, batch.BATCH_PATH, preview.PREVIEW_PATH),
        changing.CANCEL_PATH,
    )
]
_ROUTES = (*_OF_MANY, *_OF_ONE, *(route for one in _OTHERS for route in routes_of(one)))
