"""Settings of who may: a bad one stops the start with a sentence, and no secret is in it."""

import json

import pytest
from pydantic import SecretStr, ValidationError
from typer.testing import CliRunner

from api.settings import ApiSettings
from cli.main import app
from runtime.settings import complaint
from tests.support.bearers import SECRET, key_set, signing_key

SHORT = "31 bytes are too few, as always"
NOWHERE = "/nowhere/jwks.json"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"auth": "basic"}, "ENGINE_AUTH is 'basic': Input should be 'none' or 'jwt'."),
        ({"auth": "jwt"}, "ENGINE_AUTH is 'jwt': it needs one of ENGINE_JWT_SECRET and "),
        ({"auth": "jwt", "jwt_secret": "", "jwt_jwks": ""}, "ENGINE_AUTH is 'jwt': it needs one "),
        (
            {"auth": "jwt", "jwt_secret": SECRET, "jwt_jwks": "https://a.example/jwks"},
            "ENGINE_AUTH is 'jwt': it needs one of ENGINE_JWT_SECRET and ENGINE_JWT_JWKS.",
        ),
        (
            {"jwt_secret": SHORT},
            "ENGINE_JWT_SECRET is not accepted: it must have 32 bytes or more.",
        ),
        ({"jwt_jwks": NOWHERE}, f"ENGINE_JWT_JWKS is '{NOWHERE}': it cannot be read (No such file"),
        ({"jwt_leeway_s": "much"}, "ENGINE_JWT_LEEWAY_S is 'much': "),
        ({"jwt_leeway_s": 301}, "ENGINE_JWT_LEEWAY_S is 301: "),
        ({"rate_limit_orders": -1}, "ENGINE_RATE_LIMIT_ORDERS is -1: "),
        (
            {"rate_limit_store": f"mongodb://me:{SHORT}@host"},
            "ENGINE_RATE_LIMIT_STORE is not accepted: it must be redis://host:port, rediss://, ",
        ),
        ({"cors_origins": "https://a.example/, x"}, "ENGINE_CORS_ORIGINS is "),
        ({"cors_origins": "a.example"}, "ENGINE_CORS_ORIGINS is 'a.example': a.example is no ori"),
        (
            {"trusted_proxies": "proxy"},
            "ENGINE_TRUSTED_PROXIES is 'proxy': 'proxy' does not appear",
        ),
        (
            {"database_url": f"mysql://me:{SHORT}@host/db"},
            "ENGINE_DATABASE_URL is 'mysql://…@host/db': ",
        ),
    ],
    ids=str,
)
def test_a_bad_one_is_told_by_its_variable(settings, sentence):
    with pytest.raises(ValidationError) as caught:
        ApiSettings(**settings)
    told = complaint(caught.value)
    assert told.startswith(sentence)
    assert told.endswith(".")
    assert not told.endswith("..")
    assert SHORT not in told
    assert SECRET not in told


def test_a_key_set_is_read_at_the_start(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(key_set(signing_key("ES256")))
    assert ApiSettings(auth="jwt", jwt_jwks=str(path)).auth == "jwt"
    path.write_text('{"keys":[]}')
    with pytest.raises(ValidationError, match="no key for RS256"):
        ApiSettings(jwt_jwks=str(path))


@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "valkeys"])
def test_stores_are_taken_by_either_name(scheme):
    store = f"{scheme}://:secret@host:6379/0"
    chosen = ApiSettings(rate_limit_store=store).rate_limit_store
    assert chosen.get_secret_value() == store


def test_by_default_everybody_may_all_as_often_as_they_like():
    settings = ApiSettings()
    assert settings.auth == "none"
    assert "everybody" in settings.who_may
    limits = settings.orders_per_second, settings.reads_per_second, settings.sockets_at_once
    assert limits == (0, 0, 0)
    assert (settings.origins, settings.proxies) == ([], [])


def test_bearers_are_limited_unless_it_is_said_that_they_are_not():
    settings = ApiSettings(auth="jwt", jwt_secret=SECRET, rate_limit_reads=0)
    assert settings.orders_per_second > 100
    assert settings.reads_per_second == 0
    assert settings.sockets_at_once > 100
    assert "token" in settings.who_may


def test_lists_may_have_blanks():
    settings = ApiSettings(cors_origins="https://a.example, *", trusted_proxies="::1, 10.0.0.0/8 ")
    assert settings.origins == ["https://a.example", "*"]
    assert settings.proxies == ["::1", "10.0.0.0/8"]


def test_secrets_are_not_written(monkeypatch):
    store = "redis://:hush-hush@host:6379"
    settings = ApiSettings(jwt_secret=SECRET, rate_limit_store=store)
    assert isinstance(settings.jwt_secret, SecretStr)
    written = f"{settings!r} {settings} {settings.model_dump_json()}"
    assert SECRET not in written
    assert "hush-hush" not in written
    monkeypatch.setenv("ENGINE_JWT_SECRET", SECRET)
    monkeypatch.setenv("ENGINE_RATE_LIMIT_STORE", store)
    told = [CliRunner().invoke(app, ["settings", *more]).output for more in ([], ["--json"])]
    assert SECRET not in "".join(told)
    assert "hush-hush" not in "".join(told)
    lines = map(json.loads, told[1].splitlines())
    [secret] = [one for one in lines if one["name"] == "ENGINE_JWT_SECRET"]
    assert secret["default"] is None
