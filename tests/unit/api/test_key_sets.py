"""Tokens judged by the public keys of an issuer, and what pretends to be signed with them."""

import pytest
from joserfc.jwk import OctKey, RSAKey

from tests.support.bearers import (
    HS256,
    SECRET,
    bearers_of,
    claims,
    key_set,
    refused,
    signing_key,
    token,
    with_hmac,
)

KINDS = ("RS256", "ES256", "EdDSA", "Ed25519")


@pytest.fixture
def published(tmp_path):
    """Return bearers that are judged by a file with these keys."""

    def publish(*keys, **changes):
        path = tmp_path / "jwks.json"
        path.write_text(key_set(*keys, **changes))
        return bearers_of(jwt_secret=None, jwt_jwks=str(path))

    return publish


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_set_judges_what_was_signed_with_its_keys(published, kind):
    key = signing_key(kind)
    bearers = published(signing_key("ES256", "another"), key)
    assert (await bearers.caller(token(key=key, alg=kind))).user_id == "ann"
    assert (await bearers.caller(token(key=key, alg=kind))).user_id == "ann"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_signature_of_another_key_of_the_same_name_is_refused(published, kind):
    key = signing_key(kind)
    if kind == "RS256":
        forged = RSAKey.generate_key(2048, {"kid": key.kid})
    else:
        forged = type(key).generate_key(key.curve_name, {"kid": key.kid})
    assert "signature" in await refused(published(key), token(key=forged, alg=kind))


@pytest.mark.parametrize("form", ["PEM", "PEM, stripped", "DER", "modulus"])
async def test_a_public_key_is_no_secret(published, form):
    key = signing_key("RS256")
    pem = key.as_pem(private=False)
    known = {
        "PEM": pem,
        "PEM, stripped": pem.strip(),
        "DER": key.as_der(private=False),
        "modulus": key.as_dict(private=False)["n"].encode(),
    }[form]
    for header in (HS256, {**HS256, "kid": key.kid}):
        assert "no key" in await refused(published(key), with_hmac(header, claims(), known))


async def test_a_key_that_the_token_brings_is_not_used(published):
    thief = signing_key("ES256", "thief")
    brought = {"jwk": thief.as_dict(private=False), "kid": "one"}
    forged = token(key=thief, alg="ES256", header=brought)
    assert "signature" in await refused(published(signing_key("ES256")), forged)


async def test_a_secret_in_a_key_set_is_not_used(published):
    secret = OctKey.import_key(SECRET, {"kid": "s"})
    bearers = published(signing_key("ES256"), secret)
    assert "no key" in await refused(bearers, token(header={"kid": "s"}))


async def test_an_algorithm_of_another_key_is_refused(published):
    one, other = signing_key("ES256"), signing_key("RS256", "other")
    crossed = token(key=one, alg="ES256", header={"kid": "other"})
    assert "no key" in await refused(published(one, other), crossed)


async def test_a_token_without_a_name_of_its_key_is_judged_by_the_only_one(published):
    one, other = signing_key("ES256"), signing_key("ES256", "other")
    nameless = token(key=one, alg="ES256", header={"kid": None})
    assert await published(one, signing_key("RS256", "r")).caller(nameless)
    assert "no key" in await refused(published(one, other), nameless)
