import json

import pytest

from local.lines import Line, understand


@pytest.mark.parametrize(
    ("raw", "level", "text"),
    [
        (
            "2026-01-02T03:04:05.6Z [info     ] order routed action=x order_id=a process=api-1",
            "info",
            "order routed order_id=a",
        ),
        ("2026-01-02T03:04:05.6Z [warn   ] disk is slow (Log)", "warning", "disk is slow (Log)"),
        ("2026-01-02 03:04:05.678 UTC [42] LOG:  ready", "info", "ready"),
        ("2026-01-02 03:04:05.678 UTC [42] me@db FATAL:  no such role", "", None),
        ("2026-01-02 03:04:05.678 UTC [42] FATAL:  no such role", "error", "no such role"),
        ('{"level": "ERROR", "event": "boom", "timestamp": "now"}', "error", "boom"),
        ("Traceback (most recent call last):", "", "Traceback (most recent call last):"),
        ("{not json", "", "{not json"),
        ("[1, 2]", "", "[1, 2]"),
    ],
)
def test_a_line_of_any_program_is_understood(raw, level, text):
    assert understand("worker-1", raw) == Line("worker-1", level, raw if text is None else text)


@pytest.mark.parametrize(
    ("process", "level", "shown"),
    [
        ("worker-1", "info", True),
        ("worker-1", "", True),
        ("kafka", "info", False),
        ("kafka", "", False),
        ("kafka", "warning", True),
        ("kafka-2", "info", False),
        ("kafka-2", "error", True),
        ("postgres", "error", True),
    ],
)
def test_of_the_servers_only_what_is_wrong_is_shown(process, level, shown):
    assert Line(process, level, "text").noteworthy is shown


def test_a_readable_line_begins_with_the_process_and_the_level():
    assert Line("api-1", "info", "listening").readable() == "api-1       info     listening"


def test_a_line_without_a_level_is_information_in_json():
    assert json.loads(Line("api-1", "", "text").as_json(pid=1)) == {
        "process": "api-1",
        "level": "info",
        "event": "text",
        "pid": 1,
    }
