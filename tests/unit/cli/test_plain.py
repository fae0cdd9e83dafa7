"""What others wrote cannot do anything to a terminal."""

import pytest

from cli.plain import as_members, plain, pretty


def test_nothing_unprintable_is_left():
    assert plain("a\x1b[31m\r\n\u202eb") == "a\\x1b[31m\\r\\n\\u202eb"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "(none)"),
        (b"", ""),
        (b'{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}'),
        (b'{"a":"\\u001b"}', '{\n  "a": "\\u001b"\n}'),
        (b"{\x1b[2J", "{\\x1b[2J"),
        (b"\xff\xfe", "(no text) b'\\xff\\xfe'"),
        (b"[" * 5000, "[" * 5000),
    ],
)
def test_a_value_is_told_as_well_as_it_can_be(value, told):
    assert pretty(value) == told


def test_bytes_that_are_no_text_are_told_in_base64():
    assert as_members("key", b"k") == {"key": "k"}
    assert as_members("key", None) == {"key": None}
    assert as_members("key", b"\xff") == {"keyBase64": "/w=="}
