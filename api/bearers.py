"""Judges tokens (JWT, RFC 7519): whose one is and what it allows, or why it counts for nothing."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from api.access import AccessSettings
from api.callers import Caller
from api.credentials import MAX_TOKEN, expired, not_accepted
from api.key_ring import KeyRing
from api.keys import Algorithms
from api.placement import is_user_id
from api.scopes import with_implied

MOST_REMEMBERED = 10_000
_TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class Bearers:
    """Finds the caller of a token; one that was judged is known until it ends or the keys change.

    A signature costs more than all else that is done for a request.
    """

    def __init__(
        self, settings: AccessSettings, keys: KeyRing, clock: Callable[[], datetime]
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._leeway = timedelta(seconds=settings.jwt_leeway_s)
        self._expected: dict[str, ClaimsOption] = {
            "exp": {"essential": True},
            "sub": {"essential": True},
        }
        for name, value in (("iss", settings.jwt_issuer), ("aud", settings.jwt_audience)):
            if value is not None:
                self._expected[name] = {"essential": True, "value": value}
        self._known: dict[str, Caller] = {}
        self._known_by = keys.seen

    async def run(self) -> None:
        """See to the keys until cancelled."""
        await self._keys.run()

    async def caller(self, token: str) -> Caller:
        """Return who bears the token. Raises `Refusal`."""
        if self._known_by != self._keys.seen:
            self._known.clear()
            self._known_by = self._keys.seen
        caller = self._known.get(token)
        if caller is None:
            caller = await self._judged(token)
            while len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[token] = caller
        elif caller.expired(self._clock()):
            del self._known[token]
            raise expired()
        return caller

    async def _judged(self, token: str) -> Caller:
        header = _header(token)
        key = await self._keys.find(header.get("kid"), header["alg"])
        if key is None:
            raise not_accepted("no key of the issuer fits it")
        try:
            claims = jwt.decode(token, key.key, registry=Algorithms(key.algorithms)).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            raise not_accepted("its signature is not the issuer's") from None
        return self._bearer(claims)

    def _bearer(self, claims: dict[str, Any]) -> Caller:
        now = int(self._clock().timestamp())
        registry = JWTClaimsRegistry(now, round(self._leeway.total_seconds()), **self._expected)
        try:
            registry.validate(claims)
        except ExpiredTokenError:
            raise expired() from None
        except ClaimError as error:
            raise not_accepted(f"its {error.claim} is not as it must be") from None
        if "aud" in claims and "aud" not in self._expected:
            raise not_accepted("its aud is not as it must be")
        if not is_user_id(claims["sub"]):
            raise not_accepted("its sub cannot name a user")
        return Caller(claims["sub"], with_implied(_scopes(claims)), self._end(claims["exp"]))

    def _end(self, expires_at: float) -> datetime:
        try:
            return datetime.fromtimestamp(expires_at, UTC) + self._leeway
        except (OverflowError, ValueError, OSError):
            return _FOR_EVER


def _header(token: str) -> dict[str, Any]:
    """What the token says of itself; it only tells which key to try."""
    found = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    try:
        header = json.loads(urlsafe_b64decode(f"{found[1]}==")) if found else None
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or not isinstance(header.get("alg"), str):
        raise not_accepted("it is no signed JWT")
    # RFC 7515 wants what is critical to be understood, and here nothing is.
    if "crit" in header or not isinstance(header.get("kid"), str | None):
        raise not_accepted("its header cannot be understood")
    return header


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    given = claims.get("scope", claims.get("scp", ""))
    names = given.split() if isinstance(given, str) else given
    return frozenset(filter(_is_text, names if isinstance(names, list) else ()))


def _is_text(value: object) -> bool:
    return isinstance(value, str)
