"""The API as an ASGI application: its routes, and what lives as long as the process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from api import errors, exact, orders, placements, schemas, sockets
from api.errors import Kind, Refusal, answer
from api.openapi import Responses, document, failures
from api.parts import Neighbours, PartsOf, Sources, assemble, connect
from api.ports import Log, LogAway, Misconfigured, ReadModelAway
from api.request_ids import RequestIds
from api.settings import ApiSettings

TITLE = "Order execution engine"
VERSION = "0.1.0"
PAUSE_S = 1.0
SOON = timedelta(seconds=1)

logger = logging.getLogger(__name__)

Connect = Callable[[ApiSettings], AbstractAsyncContextManager[Neighbours]]

_OF_PARAMETER: dict[object, Kind] = {
    "limit": errors.INVALID_LIMIT,
    "status": errors.INVALID_STATUS,
    "cursor": errors.INVALID_CURSOR,
    "userId": errors.INVALID_USER_ID,
}
_OF_STATUS = {404: errors.ROUTE_NOT_FOUND, 405: errors.METHOD_NOT_ALLOWED}

_HEALTH_ERRORS: Responses = {
    **failures(),
    503: {"model": schemas.HealthView, "description": "Orders cannot be accepted."},
}

router = APIRouter(tags=["health"])


def create_app(settings: ApiSettings, sources: Sources, to: Connect = connect) -> FastAPI:
    """Return the application; it starts, and serves what it can, whoever is away."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with to(settings) as neighbours:
            parts = assemble(settings, sources, neighbours)
            app.state.parts = parts
            check = _check(neighbours.log, sources.fail)
            async with _running(parts.feed.run(), parts.room.run(), check):
                yield

    app = FastAPI(
        title=TITLE,
        version=VERSION,
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.add_middleware(RequestIds, new_id=sources.new_id)
    app.router.routes.extend(_direct(placements.router, orders.of_one))
    for routes in (placements.router, orders.of_one, orders.router, router, sockets.router):
        app.include_router(routes)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


@router.get(
    "/health",
    response_model=schemas.HealthView,
    responses=_HEALTH_ERRORS,
)
@router.get(
    "/api/health",
    response_model=schemas.HealthView,
    responses=_HEALTH_ERRORS,
)
async def health(parts: PartsOf) -> Response:
    """Tell whether orders can be accepted (else 503) and read (else `degraded`)."""
    status, body = await parts.health.report(VERSION)
    return Response(exact.write(body), status, media_type="application/json")


def _direct(*routers: APIRouter) -> list[Route]:
    """The routes that take the bare request, found first and called without FastAPI.

    Looking for parameters that they do not have costs it as much as all the rest does.
    """
    return [
        Route(route.path, route.endpoint, methods=list(route.methods or ()))
        for routes in routers
        for route in routes.routes
        if isinstance(route, APIRoute)
    ]


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


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return answer(error)


async def _read_model_away(_request: Request, error: Exception) -> Response:
    # The feed's reader says it once; at a thousand requests a second it need not be said again.
    logger.debug("projection is away", extra={"why": str(error)})
    return answer(Refusal(errors.PROJECTION_UNAVAILABLE, retry_after=SOON))


async def _bad_parameter(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    name = error.errors()[0]["loc"][-1]
    return answer(Refusal(_OF_PARAMETER.get(name, errors.BAD_REQUEST), field=str(name)))


async def _http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    response = answer(Refusal(_OF_STATUS.get(error.status_code, errors.BAD_REQUEST)))
    response.headers.update(error.headers or {})
    return response


async def _client_left(_request: Request, _error: Exception) -> Response:
    return answer(Refusal(errors.BAD_REQUEST))


_HANDLERS = {
    Refusal: _refused,
    ReadModelAway: _read_model_away,
    RequestValidationError: _bad_parameter,
    HTTPException: _http,
    ClientDisconnect: _client_left,
}
