"""Which methods a path has: they are told to whoever asks for another one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Exception], Awaitable[Response]]
"""What answers a request, and what does when that raised an error."""


class NoOther:
    """Refuses every method, for a path that would else be taken for the name of an order."""

    async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        """Raise, as for every path that has not this method."""
        raise HTTPException(405)


class Straight:
    """Answers what goes to the paths of some routes, without looking through all of them first.

    Routes whose path has a parameter are left to the router, and so is every other method.
    """

    def __init__(
        self, app: ASGIApp, routes: Sequence[Route], handlers: Mapping[type[Exception], Handler]
    ) -> None:
        self._app = app
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            (method, route.path): route.endpoint
            for route in routes
            for method in route.methods or ()
            if "{" not in route.path
        }
        self._handlers = handlers
        self._handled = tuple(handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        endpoint = self._endpoints.get((scope.get("method", ""), scope.get("path", "")))
        if endpoint is None:
            return await self._app(scope, receive, send)
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except self._handled as error:
            handler = next(
                self._handlers[kind] for kind in self._handled if isinstance(error, kind)
            )
            response = await handler(request, error)
        return await response(scope, receive, send)


def direct(router: APIRouter) -> list[Route]:
    """Return the routes of a router that take the bare request, called without FastAPI.

    Looking for parameters that they do not have costs it as much as all the rest does.
    """
    return [
        Route(route.path, route.endpoint, methods=list(route.methods or ()))
        for route in routes_of(router)
    ]


def routes_of(router: APIRouter) -> list[Route]:
    """Return the HTTP routes of a router."""
    return [route for route in router.routes if isinstance(route, APIRoute)]


def allowed(routes: Sequence[Route], request: Request) -> str:
    """Return the methods of the path that was asked for, as the header `Allow` lists them."""
    matching = [route for route in routes if route.matches(request.scope)[0] != Match.NONE]
    literal = [route for route in matching if route.path == request.scope["path"]]
    return ", ".join(sorted({m for route in literal or matching for m in route.methods or ()}))
