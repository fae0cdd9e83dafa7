"""Who asks, and what of whom they may see and do: found once for each connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope as Connection

from api.errors import FORBIDDEN, ORDER_NOT_FOUND, Refusal
from api.scopes import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """A user and what their token allows, until when; without tokens anybody, who may all."""

    user_id: str | None = None
    scopes: frozenset[Scope] = frozenset(Scope)
    expires_at: datetime | None = None

    @property
    def sees_all(self) -> bool:
        """Return whether everybody's orders are theirs to see."""
        return Scope.READ_ALL in self.scopes

    def require(self, scope: Scope) -> None:
        """Raise `Refusal` unless the token has the scope."""
        if scope not in self.scopes:
            message = f"The token does not have the scope {scope}."
            raise Refusal(FORBIDDEN, message, scope=scope.value)

    def require_sees(self, owner: str | None) -> None:
        """Raise `Refusal`, as for an order that is not there, for one they may not see."""
        if not self.sees_all and owner != self.user_id:
            raise Refusal(ORDER_NOT_FOUND)

    def require_changes(self, owner: str | None) -> None:
        """Raise `Refusal`, as for an order that is not there, for one that is not theirs."""
        if Scope.ADMIN not in self.scopes and owner != self.user_id:
            raise Refusal(ORDER_NOT_FOUND)

    def whose(self, user_id: str | None) -> str | None:
        """Return whose orders a list or a feed shows; raise `Refusal` for another user's."""
        if self.sees_all:
            return user_id
        if user_id not in (None, self.user_id):
            raise Refusal(
                FORBIDDEN,
                f"userId is another user: leave it out, or use a token with {Scope.READ_ALL}.",
                field="userId",
                scope=Scope.READ_ALL.value,
            )
        return self.user_id

    def signed(self, document: Mapping[str, object]) -> Mapping[str, object]:
        """Return the order a document describes as this user's; raise `Refusal` for another's."""
        if self.user_id is None or (Scope.ADMIN in self.scopes and document.get("userId")):
            return document
        given = document.get("userId")
        if given not in (None, "", self.user_id):
            raise Refusal(
                FORBIDDEN,
                f"userId is another user: leave it out, or use a token with {Scope.ADMIN}.",
                field="userId",
                scope=Scope.ADMIN.value,
            )
        return {**document, "userId": self.user_id}

    def expired(self, now: datetime) -> bool:
        """Return whether the token has come to its end."""
        return self.expires_at is not None and now >= self.expires_at


ANYBODY = Caller()


def caller_of(connection: HTTPConnection) -> Caller:
    """Return who asks, as the guard found out; where it did not look, nobody is let in."""
    caller: Caller = connection.scope["state"]["caller"]
    return caller


def remember(connection: Connection, caller: Caller) -> None:
    """Keep who asks for whoever answers."""
    state: dict[str, Any] = connection.setdefault("state", {})
    state["caller"] = caller
