"""What the OpenAPI document says of tokens and limits: alike for every route that is not open."""

from typing import Any

from api.errors import (
    CHALLENGE,
    FORBIDDEN,
    KEYS_UNAVAILABLE,
    ORIGIN_REFUSED,
    RATE_LIMITED,
    TOKEN_IN_URL,
    UNAUTHENTICATED,
    Kind,
    Refusal,
)
from api.rates import LIMIT, REMAINING, RESET
from api.scopes import MEANT, Scope, needed

SCHEME = "bearer"
DESCRIPTION = f"""
**Who may.** An engine started with `ENGINE_AUTH=jwt` asks for a token (JWT) on every path but
`/health`, `/docs`, `/openapi.json` and `/problems/…`: `Authorization: Bearer <token>`. Its `sub` is
the user: whose orders are placed and seen. A `userId` in a body, a filter or an address may be left
out; that of somebody else gets 403, and somebody else's order is 404, as if it were not there. Its
`scope` allows: {"; ".join(f"`{scope}`: {meant}" for scope, meant in MEANT.items())}.
`/metrics` asks for `orders:read:all`. No token stands in an address. Without `ENGINE_AUTH=jwt`
everybody may all, and is who `userId` says.

A WebSocket takes the token in the same header, as the subprotocols `bearer, <token>` (the answer
chooses `bearer`), or as its first message within 10 s: `{{op: "auth", token}}`. It is told
`authenticate` while none has come and `authenticated` (userId, scopes, expiresAt) then. At
expiresAt it gets an error and is closed with 4401; a new `auth` before prolongs it. Other closes,
after an error: 4400 (a token in the address), 4401, 4403, 4429 (too many at once).

Where limits are set, those of a user, else of an address, every answer tells `RateLimit-Limit`,
`RateLimit-Remaining` and `RateLimit-Reset` (seconds); beyond them there is 429 `RATE_LIMITED` with
`Retry-After`. Orders (a batch costs its length), reads (a subscription costs one) and open
WebSockets are counted apart.
"""
SECURITY_SCHEME = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
_CHALLENGE = {"description": f"`{CHALLENGE}`", "schema": {"type": "string"}}
_NUMBER = {"type": "integer", "minimum": 0}
_LIMITS = {
    LIMIT: {"description": "How many a second, where that is limited.", "schema": _NUMBER},
    REMAINING: {"description": "How many are left.", "schema": _NUMBER},
    RESET: {"description": "In how many seconds there are more.", "schema": _NUMBER},
}


def refusals(scope: Scope) -> tuple[Kind | Refusal, ...]:
    """Return how a request can fail before its route is reached."""
    forbidden = Refusal(FORBIDDEN, scope=scope.value)
    others = () if scope is Scope.READ else (ORIGIN_REFUSED,)
    limits = (RATE_LIMITED, KEYS_UNAVAILABLE)
    return (TOKEN_IN_URL, UNAUTHENTICATED, forbidden, *others, *limits)


def scope_of(method: str, path: str) -> Scope | None:
    """Return what an operation asks for."""
    return needed(method.upper(), path)


def add_access(operation: dict[str, Any], scope: Scope, failures: dict[int | str, Any]) -> None:
    """Tell what an operation asks for, and these failures beside its own."""
    operation["security"] = [{SCHEME: [scope.value]}, {}]
    answers = operation["responses"]
    for status, failure in failures.items():
        _add(answers.setdefault(str(status), {"description": "", "content": {}}), failure)
    answers["401"]["headers"] = {"WWW-Authenticate": _CHALLENGE}
    for status, answer in answers.items():
        if status < "300" or status == "429":
            answer["headers"] = {**answer.get("headers", {}), **_LIMITS}


def _add(answer: dict[str, Any], failure: dict[str, Any]) -> None:
    names = [answer["description"], failure["description"]]
    answer["description"] = ", ".join(filter(None, names))
    for media_type, content in failure["content"].items():
        mine = answer["content"].setdefault(media_type, {"schema": content["schema"]})
        mine["examples"] = {**mine.get("examples", {}), **content["examples"]}
