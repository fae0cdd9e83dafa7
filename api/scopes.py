"""What a token may allow, and what each path asks for."""

from enum import StrEnum


class Scope(StrEnum):
    """What a token allows; it stands in its `scope`."""

    WRITE = "orders:write"
    READ = "orders:read"
    READ_ALL = "orders:read:all"
    ADMIN = "admin"


MEANT = {
    Scope.WRITE: "place orders of one's own",
    Scope.READ: "read one's own orders",
    Scope.READ_ALL: "read everybody's orders",
    Scope.ADMIN: "read everybody's orders and place them for anybody",
}
_IMPLIED = {
    Scope.ADMIN: frozenset(Scope),
    Scope.READ_ALL: frozenset({Scope.READ}),
}
_OPEN = frozenset(
    {"/health", "/api/health", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"}
)
_OPEN_BELOW = "/problems/"
_OF_EVERYBODY = frozenset({"/metrics"})
_READ_BY_POST = frozenset({"/api/orders/preview"})


def with_implied(names: frozenset[str]) -> frozenset[Scope]:
    """Return the scopes of these names and those they imply; other names mean nothing here."""
    given = {scope for scope in Scope if scope in names}
    return frozenset(given).union(*(_IMPLIED.get(scope, frozenset()) for scope in given))


def needed(method: str, path: str) -> Scope | None:
    """Return what a request asks for, or None when it is open to everybody.

    A path that nobody thought of asks for as much as any other.
    """
    if path in _OPEN or path.startswith(_OPEN_BELOW):
        return None
    if path in _OF_EVERYBODY:
        return Scope.READ_ALL
    if method in {"GET", "HEAD"} or path in _READ_BY_POST:
        return Scope.READ
    return Scope.WRITE
