"""Fetching jars from a Maven repository: a real one, over HTTP, on this machine."""

import gc
import hashlib
import threading
import warnings
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local import jars
from local.errors import EngineError
from local.jars import Jar

pytestmark = pytest.mark.integration
CONTENT = b"PK of a jar"
RIGHT = hashlib.sha256(CONTENT).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return an empty cache whose jars come from a repository with org.example:thing:1.0."""
    place = tmp_path / "repository" / "org" / "example" / "thing" / "1.0"
    place.mkdir(parents=True)
    (place / "thing-1.0.jar").write_bytes(CONTENT)
    handler = partial(Quiet, directory=str(tmp_path / "repository"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("ENGINE_MAVEN_URL", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("ENGINE_KAFKA_JARS", str(tmp_path / "cache"))
        yield tmp_path / "cache"
        server.shutdown()
        thread.join()
    with warnings.catch_warnings():
        # jgo leaves the connections of its downloads to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_a_missing_jar_is_fetched_once(cache, capsys):
    jar = Jar("org.example", "thing", "1.0", RIGHT)
    assert jars.fetch([jar]) == (cache / "thing-1.0.jar",)
    assert (cache / "thing-1.0.jar").read_bytes() == CONTENT
    assert "Fetching Apache Kafka" in capsys.readouterr().err
    jars.fetch([jar])
    assert capsys.readouterr().err == ""
    assert [path.name for path in cache.iterdir()] == ["thing-1.0.jar"]


def test_another_file_than_the_pinned_one_is_refused(cache):
    with pytest.raises(EngineError, match="not the pinned file"):
        jars.fetch([Jar("org.example", "thing", "1.0", "0" * 64)])
    assert list(cache.iterdir()) == []


def test_a_jar_that_is_nowhere_is_told_by_its_name(cache):
    with pytest.raises(EngineError, match=r"Cannot fetch other-2\.0\.jar after 3 tries"):
        jars.fetch([Jar("org.example", "other", "2.0", RIGHT)])
