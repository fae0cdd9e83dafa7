"""How the engine is: health for people and load balancers, metrics for Prometheus."""

from fastapi import APIRouter
from starlette.responses import Response

from api import exact, metrics, service_schemas
from api.openapi import Responses, failures
from api.parts import PartsOf

_HEALTH_ERRORS: Responses = {
    **failures(),
    503: {
        **failures()[503],
        "model": service_schemas.HealthView,
        "description": "Orders cannot be accepted, or ENGINE_STOPPING",
    },
}

router = APIRouter(tags=["health"])


@router.head("/health", include_in_schema=False)
@router.head("/api/health", include_in_schema=False)
@router.get(
    "/health",
    response_model=service_schemas.HealthView,
    responses=_HEALTH_ERRORS,
)
@router.get(
    "/api/health",
    response_model=service_schemas.HealthView,
    responses=_HEALTH_ERRORS,
)
async def health(parts: PartsOf) -> Response:
    """Tell whether orders can be accepted (else 503) and read (else `degraded`)."""
    status, body = await parts.health.report()
    return Response(exact.write(body), status, media_type="application/json")


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        **failures(),
        200: {
            "description": "In Prometheus' text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    },
)
async def told_to_prometheus(parts: PartsOf) -> Response:
    """Tell Prometheus of the engine, as this process sees it, and of the process itself.

    A token needs `orders:read:all`.
    """
    return Response(await parts.metrics.text(), media_type=metrics.MEDIA_TYPE)
