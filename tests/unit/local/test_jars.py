import hashlib

import pytest

from local import jars
from local.errors import EngineError
from local.jars import Jar


def test_the_lock_names_kafka_its_logging_and_a_checksum_for_each():
    pinned = jars.pinned()
    coordinates = {f"{jar.group}:{jar.artifact}:{jar.version}" for jar in pinned}
    assert {jars.KAFKA, jars.LOGGING} <= coordinates
    assert all(len(jar.sha256) == 64 for jar in pinned)
    assert len({jar.filename for jar in pinned}) == len(pinned)


def test_a_folder_can_be_chosen_for_the_jars(monkeypatch, tmp_path):
    monkeypatch.setenv("ENGINE_KAFKA_JARS", str(tmp_path))
    assert jars.cache_directory() == tmp_path


def test_what_is_in_place_is_not_fetched_again(monkeypatch, tmp_path):
    monkeypatch.setenv("ENGINE_KAFKA_JARS", str(tmp_path))
    for jar in jars.pinned():
        (tmp_path / jar.filename).touch()
    assert jars.fetch() == tuple(tmp_path / jar.filename for jar in jars.pinned())


@pytest.mark.parametrize("right", [True, False])
def test_only_the_pinned_file_gets_into_place(tmp_path, right):
    fetched = tmp_path / "incoming.jar"
    fetched.write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest() if right else "0" * 64
    jar = Jar("group", "artifact", "1", sha256)
    if right:
        jars.put_in_place(jar, fetched, tmp_path)
    else:
        with pytest.raises(EngineError, match=r"artifact-1\.jar is not the pinned file"):
            jars.put_in_place(jar, fetched, tmp_path)
    assert (tmp_path / "artifact-1.jar").exists() is right
