"""postman_collection.json run by newman against the running engine: see `make postman`."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support import newman
from tests.support.bearers import SECRET, token

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]


def test_every_request_of_the_collection_gets_what_it_expects(shared_engine):
    told = newman.run(shared_engine.url, "--reporters", "cli", "--color", "off")
    assert told.returncode == 0, told.stdout + told.stderr


def test_it_runs_against_an_engine_that_asks_for_tokens(
    make_engine, on_session_servers, monkeypatch
):
    jwt = {"ENGINE_AUTH": "jwt", "ENGINE_JWT_SECRET": SECRET}
    engine = make_engine(**on_session_servers, **jwt)
    engine.start()
    end = datetime.now(UTC) + timedelta(minutes=5)
    for user in ("ann", "ann", "bob"):
        monkeypatch.setenv("ENGINE_TOKEN", token(user, exp=end.timestamp()))
        told = newman.run(engine.url, "--reporters", "cli", "--color", "off")
        assert told.returncode == 0, told.stdout + told.stderr


def test_an_expectation_that_fails_is_told(shared_engine):
    told = newman.run(f"{shared_engine.url}/nowhere", "--bail", "--color", "off")
    assert told.returncode == 1
    assert "AssertionError" in told.stdout
