"""Engines for fault drills, with servers of their own where those are to fail."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.disks import small_disk
from tests.support.drill import drilled
from tests.support.servers import new_database


@pytest.fixture(scope="module")
def tables(postgres, template_database) -> Iterator[dict[str, str]]:
    """Return the variables of an engine whose tables and ledger are on the session's PostgreSQL."""
    with new_database(postgres, template_database) as url, new_database(postgres) as chain:
        yield {"ENGINE_DATABASE_URL": url, "ENGINE_CHAIN_URL": chain}


@pytest.fixture(scope="module")
def on_a_small_disk(tmp_path_factory):
    """Return what runs an engine on a disk that can be filled: `(drill, disk)` in a context."""

    @contextmanager
    def run(megabytes, **environment):
        directory = tmp_path_factory.mktemp("disk") / "small"
        with (
            small_disk(directory, megabytes, lambda: drill.engine.description.pid) as disk,
            drilled(directory / "engine", **environment) as drill,
        ):
            yield drill, disk
            # What it wrote is to be read also when the disk is gone.
            shutil.copytree(directory / "engine" / "logs", directory.with_name("logs"))

    return run
