"""Where a connection carries its token: in a header; a WebSocket elsewhere, too."""

import json
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import Field, ValidationError
from starlette.datastructures import Headers
from starlette.types import Message, Scope

from api.errors import INVALID_MESSAGE, TOKEN_IN_URL, UNAUTHENTICATED, Refusal
from api.frames import Frame

SUBPROTOCOL = "bearer"
MAX_TOKEN = 8 * 1024
_NAMES = frozenset({"token", "access_token", "jwt", "authorization"})


class Auth(Frame):
    """A message with a token."""

    op: Literal["auth"]
    token: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN)]


def token_of(scope: Scope) -> str | None:
    """Return the token a connection carries, if it does. Raises `Refusal`."""
    _refuse_in_url(scope)
    given = [*_in_headers(scope), *_in_subprotocols(scope)]
    if len(given) > 1:
        raise not_accepted("it stands there more than once")
    return given[0] if given else None


def required_token(scope: Scope) -> str:
    """Return the token a connection carries. Raises `Refusal`."""
    token = token_of(scope)
    if token is None:
        raise Refusal(UNAUTHENTICATED)
    return token


def token_in(message: Message) -> str | None:
    """Return the token a message of a WebSocket brings, if it is for that. Raises `Refusal`."""
    text = message.get("text") or ""
    if '"auth"' not in text:
        return None
    try:
        said = json.loads(text)
        if not isinstance(said, dict) or said.get("op") != "auth":
            return None
        return Auth.model_validate(said).token
    except ValidationError:
        told = 'It cannot be read: say {"op":"auth","token":"…"} with a token.'
        raise Refusal(INVALID_MESSAGE, told) from None
    except (ValueError, RecursionError):
        return None


def offers_subprotocol(scope: Scope) -> bool:
    """Return whether the client of a WebSocket offers to send its token as a subprotocol."""
    return SUBPROTOCOL in scope.get("subprotocols", ())


def not_accepted(why: str) -> Refusal:
    """Return the answer to a token that counts for nothing."""
    return Refusal(UNAUTHENTICATED, f"The token is not accepted, for {why}: get another one.")


def expired() -> Refusal:
    """Return the answer to a token that has come to its end."""
    return Refusal(UNAUTHENTICATED, "The token has expired: get another one.")


def _refuse_in_url(scope: Scope) -> None:
    query = scope["query_string"].decode("latin-1")
    names = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
    if names & _NAMES:
        # Whoever logs the address of the request after us must not log the token.
        scope["query_string"] = b""
        raise Refusal(TOKEN_IN_URL)


def _in_headers(scope: Scope) -> list[str]:
    given = Headers(scope=scope).getlist("authorization")
    return [_of_scheme(value) for value in given]


def _of_scheme(value: str) -> str:
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise not_accepted("its scheme is not Bearer")
    return token.strip()


def _in_subprotocols(scope: Scope) -> list[str]:
    offered: list[str] = scope.get("subprotocols", [])
    if SUBPROTOCOL not in offered:
        return []
    return [one for one in offered if one != SUBPROTOCOL]
