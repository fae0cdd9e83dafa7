import io
import json

import pytest

from local import console as module
from local.console import Console


@pytest.fixture
def out():
    return io.StringIO()


def test_what_the_engine_says_is_on_the_terminal_and_in_its_log(tmp_path, out):
    Console(tmp_path / "logs" / "engine.log", as_json=False, out=out).say("ready after 4.2 s")
    assert out.getvalue() == "engine      info     ready after 4.2 s\n"
    assert (tmp_path / "logs" / "engine.log").read_text().endswith("] ready after 4.2 s\n")


def test_json_is_one_object_a_line(tmp_path, out):
    console = Console(tmp_path / "engine.log", as_json=True, out=out)
    console.say("stopping", "warning")
    console.show("worker-1", '{"event": "routed"}')
    console.show("worker-1", "not json")
    first, second, third = map(json.loads, out.getvalue().splitlines())
    assert (first["process"], first["level"], first["event"]) == ("engine", "warning", "stopping")
    assert second == {"event": "routed"}
    assert third == {"process": "worker-1", "level": "info", "event": "not json"}


def test_the_chatter_of_the_servers_stays_in_their_files(tmp_path, out):
    console = Console(tmp_path / "engine.log", as_json=False, out=out)
    console.show("kafka", "2026-01-02T03:04:05.6Z [info   ] started (KafkaServer)")
    console.show("kafka", "2026-01-02T03:04:05.6Z [error  ] disk full (KafkaServer)")
    assert out.getvalue() == "kafka       error    disk full (KafkaServer)\n"


def test_colours_are_for_terminals(tmp_path, out):
    out.isatty = lambda: True
    Console(tmp_path / "engine.log", as_json=False, out=out).say("broken", "error")
    assert out.getvalue().startswith("\x1b[31m")


def test_a_terminal_that_went_away_stops_nothing(tmp_path):
    class Closed(io.StringIO):
        """A terminal whose window was closed."""

        def write(self, _text):
            raise BrokenPipeError

    console = Console(tmp_path / "engine.log", as_json=False, out=Closed())
    console.say("one")
    console.say("two")
    assert len((tmp_path / "engine.log").read_text().splitlines()) == 2


def test_the_log_of_the_engine_does_not_grow_for_ever(tmp_path, out, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    console = Console(tmp_path / "engine.log", as_json=False, out=out)
    for text in ("one", "two", "three"):
        console.say(text)
    assert (tmp_path / "engine.log").read_text().count("\n") == 1
    assert "two" in (tmp_path / "engine.1.log").read_text()
