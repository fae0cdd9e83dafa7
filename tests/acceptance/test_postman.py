"""postman_collection.json run by newman against the running engine: see `make postman`."""

import pytest

from tests.support import newman

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]


def test_every_request_of_the_collection_gets_what_it_expects(shared_engine):
    told = newman.run(shared_engine.url, "--reporters", "cli", "--color", "off")
    assert told.returncode == 0, told.stdout + told.stderr


def test_an_expectation_that_fails_is_told(shared_engine):
    told = newman.run(f"{shared_engine.url}/nowhere", "--bail", "--color", "off")
    assert told.returncode == 1
    assert "AssertionError" in told.stdout
