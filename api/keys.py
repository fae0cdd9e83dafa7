"""The keys by which tokens are judged: what kind each is says which algorithm it is for.

A token only names its key; what it says about the algorithm decides nothing.
"""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError, SecurityWarning, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import JWKRegistry, Key, OctKey
from joserfc.jws import JWSRegistry

MAX_BYTES = 256 * 1024
MAX_KEYS = 100
NONE_FITS = "it has no key for RS256 (RSA from 2048 bits), ES256 (P-256) or EdDSA (Ed25519)"


class BadKeys(Exception):
    """The key set is none; the message says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class JudgingKey:
    """A key, what tokens call it, and the names of the one algorithm it is used with."""

    key: Key
    kid: str | None
    algorithms: frozenset[str]


class Algorithms(JWSRegistry):
    """The algorithms of one key; header members that nobody knows are ignored (RFC 7515, 4)."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(algorithms=names, strict_check_header=False)
        self._names = names

    def get_alg(self, name: str) -> JWSAlgModel:
        """Return the algorithm if it is the key's. Raises UnsupportedAlgorithmError."""
        # Not the library's own: it warns of EdDSA each time, for that has a newer name.
        if name not in self._names:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


def secret_key(secret: str) -> JudgingKey:
    """Return the key that a shared secret is."""
    return JudgingKey(OctKey.import_key(secret), None, frozenset({"HS256"}))


def is_address(place: str) -> bool:
    """Return whether a key set is fetched, and not a file."""
    return place.startswith(("http://", "https://"))


def read(path: Path) -> list[JudgingKey]:
    """Return the keys of a file. Raises BadKeys."""
    try:
        with path.open("rb") as file:
            return parse(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise BadKeys(f"it cannot be read ({error.strerror})") from error


def parse(text: bytes) -> list[JudgingKey]:
    """Return the keys of a JWKS that tokens may be signed with. Raises BadKeys.

    Those for something else are passed over, and so are secrets: a set is published.
    """
    if len(text) > MAX_BYTES:
        raise BadKeys(f"it is larger than {MAX_BYTES // 1024} KiB")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKeys("it is no JSON") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise BadKeys(f"it is no JWKS, an object with a list of at most {MAX_KEYS} keys")
    found = [key for one in listed if (key := _judging_or_none(one))]
    if not found:
        raise BadKeys(NONE_FITS)
    return found


def _judging_or_none(described: object) -> JudgingKey | None:
    try:
        return _judging(described) if isinstance(described, dict) else None
    except (JoseError, SecurityWarning, ValueError, TypeError, KeyError):
        return None


def _judging(described: dict[str, Any]) -> JudgingKey | None:
    if described.get("use", "sig") != "sig" or "verify" not in described.get("key_ops", ["verify"]):
        return None
    names = _algorithms(described)
    kid, alg = described.get("kid"), described.get("alg")
    if not names or not isinstance(kid, str | None) or (alg is not None and alg not in names):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", SecurityWarning)
        key = JWKRegistry.import_key(described)
    return JudgingKey(key, kid, names)


def _algorithms(described: Mapping[str, object]) -> frozenset[str]:
    kind = described.get("kty"), described.get("crv")
    return _OF_KIND.get(kind, frozenset())


_OF_KIND: dict[tuple[object, object], frozenset[str]] = {
    ("RSA", None): frozenset({"RS256"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA", "Ed25519"}),
}
