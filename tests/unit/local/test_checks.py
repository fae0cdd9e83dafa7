from pathlib import Path

import pytest

from local import checks
from local.errors import Misconfigured
from local.options import Options

ANYWHERE = Path("engine")


def test_variables_that_something_reads_are_let_through():
    checks.require_known(
        [
            "ENGINE_WORKERS",
            "ENGINE_RAYDIUM_FEE",
            "ENGINE_URL",
            "ENGINE_TEST_KAFKA",
            "ENGINES",
            "HOME",
        ]
    )


def test_a_misspelt_variable_is_told_with_the_one_that_was_meant():
    sentence = r"^ENGINE_WORKRES is no setting.*ENGINE_WORKERS\?$"
    with pytest.raises(Misconfigured, match=sentence):
        checks.require_known(["ENGINE_WORKRES"])


def test_a_variable_like_no_other_is_to_be_unset():
    with pytest.raises(Misconfigured, match="ENGINE_QQQ is no setting of the engine: unset it"):
        checks.require_known(["ENGINE_QQQ"])


def test_the_choices_of_a_plain_start_are_valid():
    checks.require_valid(Options(ANYWHERE))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kafka", "a:b"),
        ("database_url", "nonsense"),
        ("database_url", "postgresql://[x"),
        ("chain_url", "postgresql:///chain?no_such=1"),
        ("topic_prefix", "a b"),
        ("log_level", "bogus"),
    ],
)
def test_a_bad_choice_is_told_by_its_variable(name, value):
    with pytest.raises(Misconfigured, match=f"^ENGINE_{name.upper()} is "):
        checks.require_valid(Options(ANYWHERE, **{name: value}))


def test_what_only_one_process_reads_is_looked_at_too(monkeypatch):
    monkeypatch.setenv("ENGINE_RAYDIUM_FEE", "much")
    with pytest.raises(Misconfigured, match="ENGINE_RAYDIUM_FEE is 'much'"):
        checks.require_valid(Options(ANYWHERE))


@pytest.mark.parametrize(("kafka", "prefix"), [("a:b", ""), ("a:1", "a b")])
def test_an_address_or_a_prefix_that_cannot_be_one_is_refused(kafka, prefix):
    with pytest.raises(Misconfigured, match="ENGINE_"):
        checks.require_address(kafka, prefix)
