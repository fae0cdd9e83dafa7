import pytest

from local.logfiles import LogFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "worker-1.log"


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def test_only_what_was_written_after_the_start_is_read(path):
    append(path, "of the last run\n")
    log = LogFile(path)
    append(path, "one\ntwo\n")
    assert log.new_lines() == ["one", "two"]
    assert log.new_lines() == []


def test_a_line_is_read_when_it_is_complete(path):
    log = LogFile(path)
    append(path, "half")
    assert log.new_lines() == []
    append(path, " a line\n")
    assert log.new_lines() == ["half a line"]


def test_a_file_that_is_not_there_has_no_lines(path):
    log = LogFile(path)
    assert log.new_lines() == []
    assert log.tail(5) == []


def test_a_file_that_grew_too_large_is_kept_aside_and_starts_again(path):
    log = LogFile(path, max_bytes=10)
    append(path, "more than ten bytes\n")
    assert log.new_lines() == ["more than ten bytes"]
    append(path, "next\n")
    assert log.new_lines() == ["next"]
    assert path.read_text() == "next\n"
    assert path.with_suffix(".1.log").read_text() == "more than ten bytes\n"


def test_a_flood_is_not_shown_in_full(path):
    log = LogFile(path, max_behind=20)
    append(path, "".join(f"line {number}\n" for number in range(100)))
    first, *rest = log.new_lines()
    assert "are only in" in first
    assert rest[-1] == "line 99"
    assert len(rest) < 5


def test_a_file_that_somebody_cut_is_read_from_its_beginning(path):
    log = LogFile(path)
    append(path, "something long\n")
    log.new_lines()
    path.write_text("new\n")
    assert log.new_lines() == ["new"]


def test_the_tail_is_the_last_lines(path):
    append(path, "a\nb\nc\n")
    assert LogFile(path).tail(2) == ["b", "c"]
