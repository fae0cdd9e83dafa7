"""What can be wrong with the wish for a list of orders."""

from api.errors import Kind

INVALID_CURSOR = Kind(
    "INVALID_CURSOR",
    400,
    "cursor must be a nextCursor of an earlier page: leave it out to start.",
    field="cursor",
)
INVALID_LIMIT = Kind(
    "INVALID_LIMIT", 400, "limit must be a whole number from 1 to 500.", field="limit"
)
INVALID_STATUS = Kind(
    "INVALID_STATUS",
    400,
    "status must be pending, executing, completed or failed.",
    field="status",
)
