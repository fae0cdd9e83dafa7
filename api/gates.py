"""What every connection passes on its way to the routes, and every answer on its way back."""

from collections.abc import Callable

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api import client_ids, placement, placements, positions, rates, request_ids, streams
from api.access import AccessSettings
from api.door import Door
from api.guard import Guard
from api.request_ids import RequestIds
from api.safety import Safety

TAKEN_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "Last-Event-ID",
    client_ids.HEADER,
    placement.FAULTS_HEADER,
    positions.HEADER,
    request_ids.HEADER,
)
TOLD_HEADERS = (
    "Retry-After",
    *placements.REPLAYED,
    positions.HEADER,
    request_ids.HEADER,
    streams.EPOCH,
    *rates.HEADERS,
)
"""What scripts of the web pages that are let in may send and read."""


def add_gates(app: FastAPI, settings: AccessSettings, new_id: Callable[[], str]) -> None:
    """Put them before the routes: what is added last is passed first."""
    app.add_middleware(Guard, door=Door)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=("DELETE", "GET", "PATCH", "POST"),
            allow_headers=TAKEN_HEADERS,
            expose_headers=TOLD_HEADERS,
        )
    app.add_middleware(RequestIds, new_id=new_id)
    app.add_middleware(Safety)
