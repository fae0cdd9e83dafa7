"""`engine token`."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from api.access import MIN_SECRET_BYTES
from api.placement import is_user_id
from api.scopes import MEANT, Scope
from cli.failures import Failure
from cli.limits import UNITS
from cli.target import AsJson

VARIABLE = "ENGINE_JWT_SECRET"
LONGEST = timedelta(days=366)

Scopes = Annotated[
    list[Scope],
    typer.Option(
        help="What it allows; give it once for each: "
        + "; ".join(f"{name}: {meant}" for name, meant in MEANT.items())
    ),
]

app = typer.Typer(no_args_is_help=True, help="Tokens for development.")


class NoSecret(Failure):
    """There is nothing to sign a token with."""

    exit_code = 2

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{VARIABLE} {what}: set it to the secret of the engine, "
            f"{MIN_SECRET_BYTES} bytes or more"
        )


def _ttl(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no time such as 90s, 15m, 1h or 7d")
    ttl = timedelta(**{UNITS[found[2]]: int(found[1])})
    if not timedelta() < ttl <= LONGEST:
        raise typer.BadParameter(f"{text!r} is not between 1s and {LONGEST.days}d")
    return ttl


def _user(text: str) -> str:
    if not is_user_id(text):
        raise typer.BadParameter("a user is 1 to 128 characters, none of them a control character")
    return text


@app.callback()
def tokens() -> None:
    """Tokens for development."""


@app.command()
def create(
    *,
    user: Annotated[str, typer.Option(parser=_user, metavar="USER", help="Whose token it is.")],
    scope: Scopes,
    ttl: Annotated[
        timedelta, typer.Option(parser=_ttl, metavar="TIME", help="How long it is good: 15m, 1h.")
    ] = "1h",  # type: ignore[assignment]  # typer parses a default, too
    issuer: Annotated[
        str | None, typer.Option(envvar="ENGINE_JWT_ISSUER", help="Its `iss`.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option(envvar="ENGINE_JWT_AUDIENCE", help="Its `aud`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for an engine with ENGINE_AUTH=jwt and the same ENGINE_JWT_SECRET.

    Whoever has the secret can be anybody: give it to nobody, and have tokens of another issuer
    judged by its public keys, with ENGINE_JWT_JWKS.

    \b
    Examples:
      engine token create --user ann --scope orders:write --scope orders:read
      engine token create --user root --scope admin --ttl 15m --json | jq -r .token
    """
    now = datetime.now(UTC).replace(microsecond=0)
    about = {"sub": user, "scope": " ".join(scope), "iss": issuer, "aud": audience}
    times = {"iat": int(now.timestamp()), "exp": int((now + ttl).timestamp())}
    given = {name: value for name, value in about.items() if value or name == "scope"}
    token = _signed({**given, **times}, _secret())
    if as_json:
        expires_at = f"{now + ttl:%Y-%m-%dT%H:%M:%SZ}"
        told = {"token": token, "userId": user, "scopes": scope, "expiresAt": expires_at}
        typer.echo(json.dumps(told))
    else:
        typer.echo(token)


def _signed(claims: dict[str, Any], secret: str) -> str:
    from joserfc import jwk, jwt  # noqa: PLC0415  (slow, and no other command needs it)

    return jwt.encode({"alg": "HS256"}, claims, jwk.OctKey.import_key(secret))


def _secret() -> str:
    secret = os.environ.get(VARIABLE, "")
    if not secret:
        raise NoSecret("is not set")
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise NoSecret("is too short")
    return secret
