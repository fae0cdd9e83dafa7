"""Errors as they are answered: name, code, status and sentence; and those of no route alone."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response
from starlette.types import Scope

from api import exact

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="orders"'
_OF_STATUS = {
    401: {"WWW-Authenticate": CHALLENGE},
    # Whoever sends too slowly would hold the connection on.
    408: {"Connection": "close"},
}
PROBLEMS = "/problems"
"""Where each kind of error is described, by its name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of error: `error` is its name for programs, `code` a short form that stays.

    In the message {field} stands for the field, as the client wrote it. `again` says that the same
    request, sent once more, may succeed and harms nothing.
    """

    error: str
    status: int
    message: str
    code: str = ""
    field: str | None = None
    again: bool = False

    @property
    def title(self) -> str:
        """Return the name for people."""
        return self.error.replace("_", " ").capitalize()


class Refusal(Exception):
    """A request that is answered with an error."""

    def __init__(
        self,
        kind: Kind,
        message: str | None = None,
        *,
        field: str | None = None,
        retry_after: timedelta | None = None,
        **more: object,
    ) -> None:
        self.kind = kind
        self.field = field or kind.field
        self.retry_after = retry_after
        self.more = more
        super().__init__(message or kind.message.replace("{field}", self.field or ""))

    @property
    def body(self) -> dict[str, object]:
        """Return the error as it is sent, over HTTP and over a WebSocket: a problem of RFC 9457."""
        kind, message = self.kind, str(self)
        code = kind.code or kind.error
        field = {"field": self.field} if self.field else {}
        return {
            "type": f"{PROBLEMS}/{kind.error}",
            "title": kind.title,
            "status": kind.status,
            "detail": message,
            "error": kind.error,
            "message": message,
            "code": code,
            **field,
            "errors": [{**field, "code": code, "message": message}] if field else [],
            "retryable": kind.again or self.retry_after is not None,
            **self.more,
        }

    @property
    def headers(self) -> dict[str, str]:
        """Return what is sent beside it.

        `Retry-After` is there, in whole seconds, when trying again later may help.
        """
        headers = dict(_OF_STATUS.get(self.kind.status, {}))
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, round(self.retry_after.total_seconds())))
        return headers


def answer(refusal: Refusal, scope: Scope) -> Response:
    """Return the HTTP answer of a refusal to the request of this scope."""
    request_id = scope.get("state", {}).get("request_id")
    content = exact.write({**refusal.body, "instance": scope["path"], "requestId": request_id})
    return Response(content, refusal.kind.status, refusal.headers, media_type=MEDIA_TYPE)


MISSING_USER_ID = Kind(
    "MISSING_USER_ID", 400, "userId is missing: give 1 to 128 characters.", "ERR_011", "userId"
)
INVALID_USER_ID = Kind(
    "INVALID_USER_ID",
    400,
    "userId must be a text of 1 to 128 characters, none of them a control character.",
    "ERR_012",
    "userId",
)
INVALID_JSON = Kind("INVALID_JSON", 400, "The body must be a JSON object.")
INVALID_AS_OF = Kind(
    "INVALID_AS_OF",
    400,
    "Give asOfSeq, a whole number from 1, or asOf, a time such as 2026-01-31T12:00:00Z; not both.",
    field="asOfSeq",
)
INVALID_LOG_POSITION = Kind(
    "INVALID_LOG_POSITION",
    400,
    "X-Log-Position must be that of an earlier answer: leave it out to read at once.",
    field="X-Log-Position",
)
INVALID_SEQ = Kind(
    "INVALID_SEQ",
    400,
    "{field} must be a whole number from 0: a `seq` of the feed.",
    field="fromSeq",
)
INVALID_VERSION = Kind(
    "INVALID_VERSION", 400, "fromVersion must be a whole number, such as 1.", field="fromVersion"
)
INVALID_TYPES = Kind(
    "INVALID_TYPES",
    400,
    "types must be names of events such as OrderExecuted, separated by commas.",
    field="types",
)
INVALID_EVENT_ID = Kind(
    "INVALID_EVENT_ID",
    400,
    "Last-Event-ID must be the id of an event of this feed: leave it out to start over.",
    field="Last-Event-ID",
)
INVALID_FLAG = Kind("INVALID_FLAG", 400, "{field} must be true or false.", field="follow")
INVALID_MESSAGE = Kind("INVALID_MESSAGE", 400, "The message cannot be read: see /docs.")
UNKNOWN_PAIR = Kind(
    "UNKNOWN_PAIR",
    404,
    "The market does not tell this pair: GET /api/market/prices names those that it tells.",
    field="filter.pair",
)
SUBSCRIPTION_EXISTS = Kind(
    "SUBSCRIPTION_EXISTS", 409, "There is a subscription with this id: choose another.", field="id"
)
NO_SUBSCRIPTION = Kind("NO_SUBSCRIPTION", 404, "There is no subscription with this id.", field="id")
TOO_MANY_SUBSCRIPTIONS = Kind(
    "TOO_MANY_SUBSCRIPTIONS",
    429,
    "One connection holds at most 100 subscriptions: end one, or open another connection.",
    field="id",
)
EPOCH_CHANGED = Kind(
    "EPOCH_CHANGED",
    410,
    "The feed has been numbered anew since: start over, from 1 or from what you know.",
)
UNAUTHENTICATED = Kind(
    "UNAUTHENTICATED",
    401,
    "This engine asks for a token: send the header Authorization: Bearer <token>.",
)
FORBIDDEN = Kind("FORBIDDEN", 403, "The token does not allow this: get one with the scope named.")
ORIGIN_REFUSED = Kind(
    "ORIGIN_REFUSED",
    403,
    "Pages of this origin may not use the engine: add it to ENGINE_CORS_ORIGINS.",
)
TOKEN_IN_URL = Kind(
    "TOKEN_IN_URL",
    400,
    "A token never stands in an address, which others keep: send it as the header Authorization, "
    "on a WebSocket also as the subprotocols bearer, <token> or in the message auth. "
    "Get another one, for this one has been seen.",
)
RATE_LIMITED = Kind(
    "RATE_LIMITED", 429, "There were too many requests of yours: try again later.", again=True
)
KEYS_UNAVAILABLE = Kind(
    "KEYS_UNAVAILABLE",
    503,
    "The keys that tokens are judged by cannot be had at the moment: try again later.",
)
ORDER_NOT_FOUND = Kind(
    "ORDER_NOT_FOUND", 404, "There is no order with this id: check the orderId you were given."
)
ROUTE_NOT_FOUND = Kind("ROUTE_NOT_FOUND", 404, "There is nothing at this path: see /docs.")
METHOD_NOT_ALLOWED = Kind("METHOD_NOT_ALLOWED", 405, "This path has no such method: see /docs.")
BODY_TIMEOUT = Kind(
    "BODY_TIMEOUT", 408, "The body did not arrive in time: send it again, faster.", again=True
)
BODY_TOO_LARGE = Kind("BODY_TOO_LARGE", 413, "The body is larger than 64 KiB: send less.")
HEAD_TIMEOUT = Kind(
    "HEAD_TIMEOUT",
    408,
    "The headers did not arrive in time: send them again, faster.",
    again=True,
)
HEAD_TOO_LARGE = Kind("HEAD_TOO_LARGE", 431, "The headers are larger than 64 KiB: send less.")
BAD_REQUEST = Kind("BAD_REQUEST", 400, "The request cannot be understood: see /docs.")
INTERNAL = Kind(
    "INTERNAL", 500, "Something went wrong here: try again, or report it with the X-Request-Id."
)
ENGINE_BUSY = Kind(
    "ENGINE_BUSY", 503, "Too many requests wait here, and this one was not taken: try again later."
)
ENGINE_STOPPING = Kind(
    "ENGINE_STOPPING", 503, "This process stops before it could answer: try again."
)
LOG_UNAVAILABLE = Kind(
    "LOG_UNAVAILABLE", 503, "The log cannot be reached, so nothing certain can be said: try later."
)
PROJECTION_UNAVAILABLE = Kind(
    "PROJECTION_UNAVAILABLE", 503, "Orders cannot be read at the moment: try again later."
)
PROJECTION_LAGGING = Kind(
    "PROJECTION_LAGGING", 503, "The order may exist but cannot be read yet: try again later."
)
