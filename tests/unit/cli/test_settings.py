"""`engine settings`: the list people configure by."""

import json
from dataclasses import fields

from typer.testing import CliRunner

from cli.main import app
from local.checks import MODELS
from local.options import Options
from runtime.settings import variable


def told(*arguments):
    result = CliRunner().invoke(app, ["settings", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    return result.output


def listed(*words):
    return {line["name"]: line for line in map(json.loads, told("--json", *words).splitlines())}


def test_every_setting_of_every_process_is_listed():
    assert listed().keys() == {variable(name) for model in MODELS for name in model.model_fields}


def test_every_setting_says_what_it_means():
    assert [name for name, line in listed().items() if not line["meaning"]] == []


def test_the_defaults_are_those_of_the_command():
    ours = {variable(field.name): field.default for field in fields(Options)[1:]}
    shared = {
        name: line["default"]
        for name, line in listed().items()
        if name in ours and ours[name] is not None
    }
    assert shared
    assert shared == {name: ours[name] for name in shared}


def test_words_choose():
    assert set(listed("quote", "latency")) == {"ENGINE_QUOTE_LATENCY_MS"}


def test_a_person_reads_whose_it_is_and_what_it_does():
    lines = [" ".join(line.split()) for line in told("execute", "latency").splitlines()]
    assert lines == [
        "Read by the simulated venues",
        "ENGINE_EXECUTE_LATENCY_MS Time of an execution. Default: 1000.",
    ]
