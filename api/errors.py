"""Every error this API answers with: its name, its code, its status and its sentence."""

from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from starlette.responses import Response
from starlette.types import Scope

from api import exact
from orders.values import MAX_AMOUNT, Fault

MEDIA_TYPE = "application/problem+json"
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
        """Return `Retry-After`, in whole seconds, when trying again later may help."""
        if self.retry_after is None:
            return {}
        return {"Retry-After": str(max(1, round(self.retry_after.total_seconds())))}


def answer(refusal: Refusal, scope: Scope) -> Response:
    """Return the HTTP answer of a refusal to the request of this scope."""
    request_id = scope.get("state", {}).get("request_id")
    content = exact.write({**refusal.body, "instance": scope["path"], "requestId": request_id})
    return Response(content, refusal.kind.status, refusal.headers, media_type=MEDIA_TYPE)


_SYMBOL_OR_MINT = "a symbol of 2 to 10 capital letters and digits such as SOL, or a mint address"
_AMOUNT = "a number above 0, such as 10 or 0.5"
_SLIPPAGE = "a fraction from 0 to 1 with at most 18 decimals, such as 0.01 for 1 %"

MISSING_TOKEN_IN = Kind(
    "MISSING_TOKEN_IN", 400, f"{{field}} is missing: give {_SYMBOL_OR_MINT}.", "ERR_001", "tokenIn"
)
MISSING_TOKEN_OUT = Kind(
    "MISSING_TOKEN_OUT",
    400,
    f"{{field}} is missing: give {_SYMBOL_OR_MINT}.",
    "ERR_002",
    "tokenOut",
)
MISSING_AMOUNT = Kind(
    "MISSING_AMOUNT", 400, f"{{field}} is missing: give {_AMOUNT}.", "ERR_003", "amount"
)
INVALID_AMOUNT_TYPE = Kind(
    "INVALID_AMOUNT_TYPE", 400, f"{{field}} must be {_AMOUNT}, without quotes.", "ERR_004", "amount"
)
INVALID_AMOUNT = Kind(
    "INVALID_AMOUNT",
    400,
    f"{{field}} must be above 0 and at most {MAX_AMOUNT:f}.",
    "ERR_005",
    "amount",
)
INVALID_SLIPPAGE_TYPE = Kind(
    "INVALID_SLIPPAGE_TYPE",
    400,
    f"slippage must be {_SLIPPAGE}, without quotes.",
    "ERR_006",
    "slippage",
)
INVALID_SLIPPAGE_RANGE = Kind(
    "INVALID_SLIPPAGE_RANGE", 400, f"slippage must be {_SLIPPAGE}.", "ERR_007", "slippage"
)
INVALID_TOKEN_IN = Kind(
    "INVALID_TOKEN_IN", 400, f"tokenIn must be {_SYMBOL_OR_MINT}.", "ERR_008", "tokenIn"
)
INVALID_TOKEN_OUT = Kind(
    "INVALID_TOKEN_OUT", 400, f"tokenOut must be {_SYMBOL_OR_MINT}.", "ERR_009", "tokenOut"
)
SAME_TOKEN_SWAP = Kind(
    "SAME_TOKEN_SWAP", 400, "tokenIn and tokenOut are one token: name two.", "ERR_010", "tokenOut"
)
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
INVALID_CLIENT_ORDER_ID = Kind(
    "INVALID_CLIENT_ORDER_ID",
    400,
    "{field} must be 1 to 128 visible ASCII characters, none of them a space.",
    field="clientOrderId",
)
USER_REQUIRED = Kind(
    "USER_REQUIRED",
    400,
    "An order with an Idempotency-Key or a clientOrderId needs a userId: each user has ids apart.",
    field="userId",
)
INVALID_JSON = Kind("INVALID_JSON", 400, "The body must be a JSON object.")
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
INVALID_ORDER_TYPE = Kind("INVALID_ORDER_TYPE", 400, "orderType must be market.", field="orderType")
INVALID_VALIDATE_ONLY = Kind(
    "INVALID_VALIDATE_ONLY", 400, "validateOnly must be true or false.", field="validateOnly"
)
INVALID_BATCH = Kind(
    "INVALID_BATCH", 400, "orders must be a list of 1 to 100 orders.", field="orders"
)
INVALID_SEQ = Kind(
    "INVALID_SEQ",
    400,
    "{field} must be a whole number from 0: a `seq` of the feed.",
    field="fromSeq",
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
INVALID_FAULTS = Kind(
    "INVALID_FAULTS",
    400,
    "X-Simulate-Faults names at most 8 faults, separated by commas, - for an attempt without one: "
    f"{', '.join(get_args(Fault))}.",
)
FAULTS_DISABLED = Kind(
    "FAULTS_DISABLED",
    400,
    "X-Simulate-Faults works only when the engine was started with ENGINE_FAULT_INJECTION=true.",
)
ORDER_NOT_FOUND = Kind(
    "ORDER_NOT_FOUND", 404, "There is no order with this id: check the orderId you were given."
)
ROUTE_NOT_FOUND = Kind("ROUTE_NOT_FOUND", 404, "There is nothing at this path: see /docs.")
METHOD_NOT_ALLOWED = Kind("METHOD_NOT_ALLOWED", 405, "This path has no such method: see /docs.")
IDEMPOTENCY_CONFLICT = Kind(
    "IDEMPOTENCY_CONFLICT",
    409,
    "The user has placed another order with this client order id; {field} is not the same: "
    "give a new order an id of its own.",
    field="amount",
)
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
PLACEMENT_VOID = Kind(
    "PLACEMENT_VOID",
    503,
    "The order reached the log too late and will never execute: place it again. "
    "When this goes on, the clock of this server is wrong.",
    again=True,
)
PROJECTION_UNAVAILABLE = Kind(
    "PROJECTION_UNAVAILABLE", 503, "Orders cannot be read at the moment: try again later."
)
PROJECTION_LAGGING = Kind(
    "PROJECTION_LAGGING", 503, "The order may exist but cannot be read yet: try again later."
)
