"""The local clock, right as shipped, and as wrong as a test wants it."""

from datetime import timedelta

import pytest

from runtime.clock import local_clock, utc_now
from runtime.settings import Settings

OFFSETS = "worker-1=300000,api-1=-300000"


def test_as_it_is_shipped_the_clock_is_the_machines():
    assert local_clock(Settings()) is utc_now


@pytest.mark.parametrize(
    ("process", "minutes"), [("worker-1", 5), ("api-1", -5), ("worker-11", 0), ("delays", 0)]
)
def test_only_the_clock_of_the_named_process_is_wrong(process, minutes):
    settings = Settings(process=process, clock_offsets=OFFSETS)
    wrong_by = local_clock(settings)() - utc_now()
    assert abs(wrong_by - timedelta(minutes=minutes)) < timedelta(seconds=5)


def test_that_a_clock_is_wrong_is_logged(caplog):
    local_clock(Settings(process="api-1", clock_offsets=OFFSETS))
    assert "set wrong" in caplog.text


@pytest.mark.parametrize("text", ["worker-1", "worker-1=5m", "=5", "a=1 b=2", "a=1,,b=2"])
def test_offsets_that_make_no_sense_stop_the_start(text, monkeypatch, capsys):
    monkeypatch.setenv("ENGINE_CLOCK_OFFSETS", text)
    with pytest.raises(SystemExit):
        Settings.read()
    assert "ENGINE_CLOCK_OFFSETS" in capsys.readouterr().err
