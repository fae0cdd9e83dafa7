"""A FastAPI route that takes and answers what a placement does, and appends nothing."""

from itertools import count

from fastapi import FastAPI

from api.batch import BATCH_PATH
from api.placements import EXECUTE_PATH
from api.placing_schemas import Accepted, BatchRequest, ExecuteRequest

app = FastAPI()
_numbers = count()


@app.post(EXECUTE_PATH, status_code=202)
async def execute(_request: ExecuteRequest) -> Accepted:
    """Read and check the body, and answer."""
    return _accepted()


@app.post(BATCH_PATH, status_code=202)
async def batch(request: BatchRequest) -> list[Accepted]:
    """The same for many."""
    return [_accepted() for _ in request.orders]


def _accepted() -> Accepted:
    order_id = f"0199b1c2-7a44-7c11-9d3e-{next(_numbers):012x}"
    return Accepted(order_id=order_id, websocket_url=f"/ws/{order_id}")
