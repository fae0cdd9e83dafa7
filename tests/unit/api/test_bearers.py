"""Tokens: which are accepted, and each way to make one that must not be."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bearers import MOST_REMEMBERED
from api.errors import Refusal
from api.scopes import Scope
from tests.support.api import running_api
from tests.support.bearers import (
    HS256,
    JWT,
    OTHER_SECRET,
    SECRET,
    Clock,
    bearers_of,
    bearing,
    claims,
    refused,
    token,
    with_hmac,
    written,
)
from tests.support.builders import T0, seconds


async def test_a_token_says_who_it_is_and_what_they_may_and_until_when():
    caller = await bearers_of().caller(token("ann", "orders:write profile"))
    assert (caller.user_id, caller.scopes, caller.expires_at) == (
        "ann",
        {Scope.WRITE},
        seconds(60),
    )


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        ("orders:read:all", {Scope.READ, Scope.READ_ALL}),
        ("admin", set(Scope)),
        (["orders:read"], {Scope.READ}),
        ([["orders:read"], 7, None], set()),
        (7, set()),
        (None, set()),
        ("Admin ORDERS:READ orders", set()),
    ],
)
async def test_scopes_are_names_and_some_imply_others(named, allowed):
    assert (await bearers_of().caller(token(scope=named))).scopes == allowed


WRONG = {
    "another secret": token(key=OTHER_SECRET),
    "no signature": token().rpartition(".")[0] + ".",
    "half a signature": token()[:-10],
    "another's claims": written(HS256, claims("bob"), token().rpartition(".")[2]),
    "alg none": written({"alg": "none"}, claims(), ""),
    "alg none, signed": written({"alg": "none"}, claims(), "AAAA"),
    "alg nOnE": written({"alg": "nOnE"}, claims(), "AAAA"),
    "another alg of the same secret": token(alg="HS512"),
    "no alg": written({"typ": "JWT"}, claims(), "AAAA"),
    "alg that is none": written({"alg": ["HS256"]}, claims(), "AAAA"),
    "kid that is none": written({**HS256, "kid": {"a": 1}}, claims(), "AAAA"),
    "a header of its own": token(header={"crit": ["exp"]}),
    "claims that are a list": written(HS256, [1], "AAAA"),
    "an encrypted one": "e30.e30.e30.e30.e30",
    "two parts": "e30.e30",
    "no text of a token": "Bearer x",
    "nothing": "",
    "not ASCII": "é.é.é",
    "a header that is nested": written("WyJ" * 2000, claims(), "AAAA"),
    "too long": token(more="x" * 8192),
    "expired": token(exp=seconds(-1)),
    "expired this moment": token(exp=T0),
    "never expires": token(exp=None),
    "expires as a text": token(exp="2100-01-01"),
    "expires at no number": token(exp=float("nan")),
    "expires at infinity": token(exp=float("inf")),
    "expires at true": token(exp=True),
    "not valid yet": token(nbf=seconds(1)),
    "made in the future": token(iat=seconds(1)),
    "no user": token(user=None),
    "an empty user": token(user=""),
    "a user that is no text": token(user=7),
    "a user with a line break": token(user="ann\r\nbob"),
    "a user that is too long": token(user="x" * 129),
    "for somebody else": token(aud="others"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_a_token_that_is_wrong_is_refused(wrong):
    await refused(bearers_of(), wrong)


async def test_what_has_expired_is_told_apart():
    assert "expired" in await refused(bearers_of(), token(exp=seconds(-1)))


@pytest.mark.parametrize("given", ["them", ["us", "them"]])
async def test_issuer_and_audience_are_those_that_are_set(given):
    bearers = bearers_of(jwt_issuer="the issuer", jwt_audience="them")
    good = {"iss": "the issuer", "aud": given}
    assert (await bearers.caller(token(**good))).user_id == "ann"
    for wrong in ({"iss": "a thief"}, {"iss": None}, {"aud": None}, {"aud": "us"}, {"aud": 7}):
        await refused(bearers, token(**{**good, **wrong}))


async def test_clocks_may_differ_by_the_leeway():
    bearers = bearers_of(jwt_leeway_s=10)
    assert await bearers.caller(token(exp=seconds(-9)))
    assert await bearers.caller(token(nbf=seconds(9)))
    await refused(bearers, token(exp=seconds(-10)))
    await refused(bearers, token(nbf=seconds(11)))


async def test_a_token_that_was_good_is_refused_when_it_has_expired():
    clock = Clock()
    bearers = bearers_of(clock)
    assert await bearers.caller(token())
    clock.now = seconds(59)
    assert await bearers.caller(token())
    clock.now = seconds(60)
    assert "expired" in await refused(bearers, token())
    assert "expired" in await refused(bearers, token())


async def test_a_token_of_the_far_future_is_good():
    assert await bearers_of().caller(token(exp=10**15))


async def test_only_so_many_are_remembered(monkeypatch):
    monkeypatch.setattr("api.bearers.MOST_REMEMBERED", 3)
    bearers = bearers_of()
    for number in range(10):
        assert await bearers.caller(token(f"user-{number}"))
    assert len(bearers._known) == 3 < MOST_REMEMBERED


PIECES = st.one_of(
    st.text(max_size=20),
    st.binary(max_size=40).map(lambda raw: written(raw.hex())),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["alg", "kid", "crit", "b64", "exp", "sub", "aud", "typ", "jwk"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ),
)


@given(parts=st.lists(PIECES, min_size=1, max_size=5))
async def test_nothing_that_is_made_up_is_accepted(parts):
    with pytest.raises(Refusal) as caught:
        await bearers_of().caller(written(*parts))
    assert caught.value.kind.status == 401


@given(said=st.dictionaries(st.sampled_from(["sub", "exp", "aud", "iat"]), PIECES, max_size=4))
async def test_whatever_the_issuer_says_is_judged(said):
    text = with_hmac(HS256, {**claims(), **said}, SECRET.encode())
    with suppress(Refusal):
        caller = await bearers_of().caller(text)
        assert isinstance(caller.user_id, str)


async def test_a_bad_token_is_told_in_the_form_of_every_error():
    async with running_api(**JWT) as api:
        for headers in ({}, bearing(token(key=OTHER_SECRET)), {"Authorization": "Basic eDp5"}):
            answer = await api.http.get("/api/orders", headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.headers["content-type"] == "application/problem+json"
