"""Copies of the supervisor, which must be as processes that were started anew."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
]


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Return what the supervisor said, and the folder with what its copies wrote."""
    folder = tmp_path_factory.mktemp("copies")
    script = Path(__file__).with_name("copying_supervisor.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    return done.stdout.splitlines(), folder


def found(folder, name):
    return json.loads((folder / f"{name}.log").read_text())


def test_a_copy_has_nothing_of_the_supervisor(ended):
    _, folder = ended
    one = found(folder, "one")
    assert one["variable"] == "one"
    assert one["folder"] == str(folder)
    assert one["files"] == [one["kept"]]
    assert one["pipe"]
    assert one["interrupt"]
    assert one["terminate"]
    assert one["blocked"] == []
    assert one["quiet"] == logging.NOTSET


def test_no_two_copies_draw_the_same(ended):
    _, folder = ended
    for ours, others in zip(
        found(folder, "one")["random"], found(folder, "other")["random"], strict=True
    ):
        assert ours != others


def test_it_ends_as_python_does(ended):
    said, folder = ended
    assert said[:7] == ["before", "0", "0", "2", "1", "0", "1"]
    assert (folder / "SystemExit('words').log").read_text() == "words\n"
    assert (folder / "ValueError('wrong').log").read_text().endswith("ValueError: wrong\n")


def test_one_that_is_stopped_at_once_is_not_taken_for_the_supervisor(ended):
    said, _ = ended
    assert said[7] == "{-15}"
