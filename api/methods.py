"""Which methods a path has: they are told to whoever asks for another one."""

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send


class NoOther:
    """Refuses every method, for a path that would else be taken for the name of an order."""

    async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        """Raise, as for every path that has not this method."""
        raise HTTPException(405)


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
