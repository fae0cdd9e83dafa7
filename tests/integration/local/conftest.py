"""Where dead letters are written and looked at."""

import pytest

from tests.integration.local.lettered import Bench


@pytest.fixture
def bench(kafka, topics):
    return Bench(kafka, topics)
