"""The keys of an issuer: fetched within bounds, kept while it is away, looked for again."""

import asyncio
import json

import pytest

from api import key_fetch
from api import key_ring as ring
from api.access import AccessSettings
from api.bearers import Bearers
from api.errors import Refusal
from api.key_ring import KeyRing, key_ring
from api.keys import MAX_BYTES, BadKeys, parse
from tests.support.api import running_api, serving
from tests.support.bearers import bearing, key_set, signing_key, token
from tests.support.builders import T0

ONE, OTHER = (signing_key("ES256", kid) for kid in ("one", "other"))
WEAK = {"kty": "RSA", "kid": "w", "e": "AQAB", "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri"}


class Issuer:
    """Publishes keys, as an application that answers in any way."""

    def __init__(self, *keys):
        self.text = key_set(*keys)
        self.status = 200
        self.asked = 0
        self.silent = False

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        headers = [(b"location", b"/elsewhere")] if self.status == 302 else []
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        for at in range(0, len(self.text), 65536):
            piece = self.text[at : at + 65536].encode()
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})


@pytest.fixture
def issuer():
    return Issuer(ONE)


@pytest.fixture
async def address(issuer):
    async with serving(issuer) as url:
        yield f"{url}/jwks.json"


def bearers(keys):
    return Bearers(AccessSettings(), keys, lambda: T0)


def fetched(url, again_s=0.0):
    made = key_ring(AccessSettings(auth="jwt", jwt_jwks=url))
    return KeyRing(made._look, again_s)


async def accepts(keys, key):
    try:
        await bearers(keys).caller(token(key=key, alg="ES256"))
    except Refusal as refusal:
        return refusal.kind.error
    return True


async def test_a_new_key_is_fetched_when_a_token_names_it(issuer, address):
    keys = fetched(address)
    assert await accepts(keys, ONE) is True
    assert await accepts(keys, OTHER) == "UNAUTHENTICATED"
    issuer.text = key_set(ONE, OTHER)
    assert await accepts(keys, OTHER) is True


async def test_a_key_that_is_withdrawn_judges_no_more(issuer, address):
    keys = fetched(address)
    judge = bearers(keys)
    await judge.caller(token(key=ONE, alg="ES256"))
    issuer.text = key_set(OTHER)
    assert await accepts(keys, OTHER) is True
    with pytest.raises(Refusal):
        await judge.caller(token(key=ONE, alg="ES256"))


async def test_unknown_names_fetch_only_so_often(issuer, address):
    keys = fetched(address, 3600)
    assert await accepts(keys, ONE) is True
    verdicts = await asyncio.gather(*(accepts(keys, OTHER) for _ in range(50)))
    assert set(verdicts) == {"UNAUTHENTICATED"}
    assert issuer.asked == 1


async def test_many_that_come_at_once_wait_for_one_fetch(issuer, address):
    keys = fetched(address, 3600)
    assert set(await asyncio.gather(*(accepts(keys, ONE) for _ in range(20)))) == {True}
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 302},
        {"text": "no JSON"},
        {"text": "[" * 100_000},
        {"text": '{"keys":[]}'},
        {"text": " " * (MAX_BYTES + 1) + key_set(OTHER)},
        {"silent": True},
    ],
    ids=["500", "redirects", "no JSON", "nested without end", "no key", "too long", "silent"],
)
async def test_while_the_issuer_is_away_known_keys_go_on(issuer, address, fault, monkeypatch):
    keys = fetched(address)
    assert await accepts(keys, ONE) is True
    for name, value in fault.items():
        setattr(issuer, name, value)
    with monkeypatch.context() as impatient:
        if issuer.silent:
            impatient.setattr(key_fetch, "FETCH_TIMEOUT_S", 0.3)
        assert await accepts(keys, OTHER) == "UNAUTHENTICATED"
    assert await accepts(keys, ONE) is True
    issuer.silent, issuer.status, issuer.text = False, 200, key_set(OTHER)
    assert await accepts(keys, OTHER) is True


async def test_without_any_key_nobody_is_judged(issuer, address, caplog):
    issuer.status = 503
    keys = fetched(address)
    for _ in range(3):
        assert await accepts(keys, ONE) == "KEYS_UNAVAILABLE"
    assert caplog.text.count("keys of tokens cannot be had") == 1
    issuer.status = 200
    assert await accepts(keys, ONE) is True


async def test_an_address_that_nobody_answers_is_an_outage():
    assert await accepts(fetched("http://127.0.0.1:9/jwks.json"), ONE) == "KEYS_UNAVAILABLE"


async def test_the_outage_is_answered_503(issuer, address):
    issuer.status = 503
    async with running_api(auth="jwt", jwt_jwks=address) as api:
        answer = await api.http.get("/orders", headers=bearing(token(key=ONE, alg="ES256")))
        assert (answer.status_code, answer.json()["error"]) == (503, "KEYS_UNAVAILABLE")
        assert answer.headers["retry-after"] == "10"
        assert (await api.http.get("/health")).status_code == 200


async def test_whatever_goes_wrong_known_keys_go_on(caplog):
    async def look():
        if keys.seen:
            raise ZeroDivisionError
        return parse(key_set(ONE).encode())

    keys = KeyRing(look, 0.0)
    assert await accepts(keys, ONE) is True
    assert await accepts(keys, OTHER) == "UNAUTHENTICATED"
    assert await accepts(keys, ONE) is True
    assert "ZeroDivisionError" in caplog.text


async def test_a_file_is_read_again(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(key_set(ONE))
    keys = fetched(str(path))
    assert await accepts(keys, OTHER) == "UNAUTHENTICATED"
    path.write_text(key_set(ONE, OTHER))
    assert await accepts(keys, OTHER) is True
    path.unlink()
    assert await accepts(keys, OTHER) is True


async def test_keys_are_looked_at_from_time_to_time(monkeypatch):
    monkeypatch.setattr(ring, "REFRESH_S", 0.01)
    looked = asyncio.Semaphore(0)

    async def look():
        looked.release()
        return parse(key_set(ONE).encode())

    running = asyncio.create_task(KeyRing(look).run())
    async with asyncio.timeout(10):
        for _ in range(3):
            await looked.acquire()
    running.cancel()


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify, they say"},
        {"alg": "ES384"},
        {"alg": 7},
        {"kid": 7},
        {"crv": "P-384"},
        {"kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA"},
        {"x": "AAAA"},
        {"x": None},
        {"kty": ["EC"]},
    ],
    ids=str,
)
def test_what_is_no_key_for_tokens_is_passed_over(changes):
    with pytest.raises(BadKeys, match="no key for"):
        parse(key_set(ONE, **changes).encode())
    both = json.loads(key_set(ONE, **changes))["keys"] + json.loads(key_set(OTHER))["keys"]
    [key] = parse(json.dumps({"keys": both}).encode())
    assert key.kid == "other"


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "7", '{"keys":{}}', '{"keys":[7,null,[]]}', json.dumps({"keys": [WEAK]})],
    ids=["empty", "object", "list", "number", "no list", "no keys in it", "weak"],
)
def test_what_is_no_key_set_is_told(text):
    with pytest.raises(BadKeys):
        parse(text.encode())


def test_too_many_keys_are_no_key_set():
    with pytest.raises(BadKeys, match="at most 100"):
        parse(json.dumps({"keys": [{}] * 101}).encode())
