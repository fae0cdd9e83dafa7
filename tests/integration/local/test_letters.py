"""Dead letters as the command line shows them, on a real log."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from local import letters
from orders.admission import Flaw
from orders.wire import encode
from tests.integration.local.lettered import new_order, place_of

pytestmark = pytest.mark.integration


def test_without_dead_letters_the_list_says_so(bench):
    assert "no dead letters" in bench.run("list").output


def test_each_record_is_listed_once_the_newest_first(bench):
    first = bench.append(0, b"k", b"not JSON")
    bench.note(times=2)
    second = bench.append(1, b"k", encode(new_order()))
    bench.note()
    listed = bench.listed()
    assert {place_of(letter) for letter in listed} == {first, second}
    assert len(listed) == 2
    assert [letter["at"] for letter in listed] == sorted(
        (letter["at"] for letter in listed), reverse=True
    )
    by_place = {place_of(letter): letter for letter in listed}
    assert by_place[first]["reason"] == Flaw.NOT_AN_EVENT
    assert by_place[first]["topic"] == bench.topics.events
    assert by_place[first]["size"] == len(b"k" + b"not JSON")
    assert by_place[second]["reason"] == Flaw.WRONG_KEY
    shown = bench.run("list").output
    assert all(words in shown for words in (first, second, "WRONG_KEY", "Invalid JSON"))


def test_the_list_is_as_long_as_one_wants_and_of_one_reason(bench, monkeypatch):
    monkeypatch.setattr(letters, "WINDOW", 3)
    places = [bench.append(0, b"k", b"poison") for _ in range(8)]
    wrong = bench.append(0, b"k", encode(new_order()))
    bench.note()
    assert [place_of(one) for one in bench.listed("--limit", "2")] == [wrong, places[-1]]
    assert [place_of(one) for one in bench.listed("--reason", "WRONG_KEY")] == [wrong]
    assert len(bench.listed()) == 9
    assert bench.listed("--reason", "LATE_PLACEMENT") == []


def test_one_is_shown_with_the_whole_record_however_long(bench):
    value = json.dumps({"a": "x" * 1_040_000}).encode()
    place = bench.append(2, b"\xff", value)
    bench.note()
    told = json.loads(bench.run("show", place, "--json").stdout)
    assert (told["reason"], told["value"], told["keyBase64"]) == (
        "NOT_AN_EVENT",
        value.decode(),
        "/w==",
    )
    assert told["size"] == len(value) + 1
    shown = bench.run("show", place).output
    assert '"a": "xxx' in shown
    assert "NOT_AN_EVENT: " in shown


def test_what_is_shown_cannot_move_the_cursor(bench):
    value = json.dumps({**json.loads(encode(new_order())), "\x1b[2J": 1}, ensure_ascii=True)
    place = bench.append(0, b"k", value.encode())
    bench.note()
    for arguments in (("list",), ("show", place)):
        assert "\x1b" not in bench.run(*arguments).output


@pytest.mark.parametrize("command", ["show", "redrive"])
@pytest.mark.parametrize("place", ["3:99", "99:3"])
def test_a_dead_letter_that_is_not_there_is_a_sentence(bench, command, place):
    told = bench.run(command, place)
    assert told.exit_code == 1
    assert f"There is no dead letter {place}" in told.output


@pytest.mark.parametrize(
    "arguments",
    [
        *(("redrive",), ("redrive", "1:1", "--reason", "WRONG_KEY")),
        *(("show", "one"), ("list", "x")),
    ],
)
def test_a_wrong_usage_is_told(bench, arguments):
    assert bench.run(*arguments).exit_code == 2


@pytest.mark.parametrize("command", ["list", "redrive"])
def test_a_reason_that_there_is_not_is_told_with_those_there_are(bench, command):
    told = bench.run(command, "--reason", "WRONG_KYE")
    assert told.exit_code == 2
    assert all(flaw in told.output for flaw in Flaw)


def test_a_kafka_that_is_not_there_is_a_sentence():
    told = CliRunner().invoke(app, ["dead-letters", "list", "--kafka", "127.0.0.1:9"])
    assert told.exit_code == 1
    assert "Kafka at 127.0.0.1:9 cannot be read" in told.output


def test_topics_that_are_not_there_are_a_sentence(kafka):
    arguments = ["dead-letters", "list", "--kafka", kafka, "--topic-prefix", "nobodys."]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 1
    assert "no topic nobodys.orders.dead-letter" in told.output
