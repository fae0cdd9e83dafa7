"""`engine token create`: a token that the engine of the same secret accepts."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from api.access import AccessSettings
from api.bearers import Bearers
from api.key_ring import key_ring
from api.scopes import Scope
from cli.main import app
from tests.support.bearers import SECRET

ANN = ("--user", "ann", "--scope", "orders:read", "--scope", "orders:write")


def create(*arguments, **environment):
    return CliRunner().invoke(
        app, ["token", "create", *arguments], env={"ENGINE_JWT_SECRET": SECRET, **environment}
    )


async def caller_of(token, **settings):
    chosen = AccessSettings(auth="jwt", jwt_secret=SECRET, **settings)
    return await Bearers(chosen, key_ring(chosen), lambda: datetime.now(UTC)).caller(token)


async def test_the_engine_takes_it():
    result = create(*ANN)
    assert result.exit_code == 0
    caller = await caller_of(result.stdout.strip())
    assert (caller.user_id, caller.scopes) == ("ann", {Scope.READ, Scope.WRITE})
    left = caller.expires_at - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1, seconds=10)


async def test_scripts_are_told_what_is_in_it():
    told = json.loads(create(*ANN, "--ttl", "90s", "--json").stdout)
    assert (told["userId"], told["scopes"]) == ("ann", ["orders:read", "orders:write"])
    caller = await caller_of(told["token"], jwt_leeway_s=0)
    assert caller.expires_at == datetime.fromisoformat(told["expiresAt"])


async def test_it_is_of_the_issuer_and_for_whom_the_engine_expects():
    names = {"ENGINE_JWT_ISSUER": "me", "ENGINE_JWT_AUDIENCE": "them"}
    token = create(*ANN, **names).stdout.strip()
    assert await caller_of(token, jwt_issuer="me", jwt_audience="them")


@pytest.mark.parametrize("secret", ["", "too short"])
def test_without_a_secret_it_says_what_to_set(secret):
    result = create(*ANN, ENGINE_JWT_SECRET=secret)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ENGINE_JWT_SECRET is ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--user", "", "--scope", "admin"),
        ("--user", "a\nb", "--scope", "admin"),
        ("--user", "ann", "--scope", "orders"),
        ("--user", "ann"),
        ("--scope", "admin"),
        (*ANN, "--ttl", "1"),
        (*ANN, "--ttl", "0s"),
        (*ANN, "--ttl", "367d"),
        (*ANN, "--ttl", "1 h"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_wrong_usage(arguments):
    result = create(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
