"""Tokens as an issuer makes them, and as those make them who are none."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from functools import cache

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from api.access import AccessSettings
from api.bearers import Bearers
from api.errors import Refusal
from api.key_ring import key_ring
from api.keys import Algorithms
from tests.support.builders import T0, seconds

SECRET, OTHER_SECRET = (
    "a text for tests that is long enough",
    "some other text that is long enough",
)
JWT = {"auth": "jwt", "jwt_secret": SECRET, "jwt_leeway_s": 0}
HS256 = {"alg": "HS256", "typ": "JWT"}
TRADER = "orders:write orders:read"


class Clock:
    """Stands at T0 until it is set to another moment."""

    def __init__(self):
        self.now = T0

    def __call__(self):
        return self.now


@cache
def signing_key(kind, kid="one"):
    """Return a private key of this kind, the same for a session: RSA takes its time."""
    about = {"kid": kid}
    match kind:
        case "RS256":
            return RSAKey.generate_key(2048, about)
        case "ES256":
            return ECKey.generate_key("P-256", about)
        case _:
            return OKPKey.generate_key("Ed25519", about)


def key_set(*keys, **changes):
    """Return what an issuer publishes."""
    published = [{**key.as_dict(private=False), **changes} for key in keys]
    return json.dumps({"keys": published})


def claims(user="ann", scope=TRADER, **changes):
    """Return what a token says: good for a minute from T0 on; None leaves a claim out."""
    said = {"sub": user, "scope": scope, "exp": seconds(60), **changes}
    return {
        name: int(value.timestamp()) if hasattr(value, "timestamp") else value
        for name, value in said.items()
        if value is not None
    }


def token(user="ann", scope=TRADER, *, key=SECRET, alg="HS256", header=None, **changes):
    """Return a token of this user, signed with this secret or private key."""
    said = claims(user, scope, **changes)
    if isinstance(key, str):
        return with_hmac({"alg": alg, **(header or {})}, said, key.encode())
    named = {"alg": alg, "kid": key.kid, **(header or {})}
    head = {name: value for name, value in named.items() if value is not None}
    return jwt.encode(head, said, key, registry=Algorithms(frozenset({alg})))


def written(*parts):
    """Return a token of these parts, whatever they are: objects as JSON, text as it is."""
    return ".".join(
        part if isinstance(part, str) else _encoded(json.dumps(part).encode()) for part in parts
    )


def with_hmac(header, said, raw):
    """Return a token signed with these bytes as its secret, which a library may refuse to do."""
    signed = written(header, said)
    digest = hashlib.sha512 if header["alg"] == "HS512" else hashlib.sha256
    return written(signed, _encoded(hmac.digest(raw, signed.encode(), digest)))


def bearing(text):
    """Return the headers that carry a token."""
    return {"Authorization": f"Bearer {text}"}


def bearers_of(clock=lambda: T0, **settings):
    """Return who judges tokens by these settings."""
    chosen = AccessSettings(**{**JWT, **settings})
    return Bearers(chosen, key_ring(chosen), clock)


async def refused(bearers, text):
    """Return why a token is refused, as its bearer is told."""
    with pytest.raises(Refusal) as caught:
        await bearers.caller(text)
    assert caught.value.kind.error == "UNAUTHENTICATED"
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")
    assert text == "" or text not in str(caught.value)
    return str(caught.value)


def _encoded(raw):
    return urlsafe_b64encode(raw).decode().rstrip("=")
