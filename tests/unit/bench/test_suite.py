"""The report of the benchmark suite: what is enough, what is told, and what goes wrong."""

import io
from xml.etree import ElementTree

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from bench.__main__ import main
from bench.suite import chart, markdown, run, table
from bench.suite.figures import Beside, Figure, Report, Target
from bench.suite.row import Bench, Row
from bench.suite.rows import IN_TURN, ROWS

BASE = Beside(name="a <bare> route", values=(100, 200, 400), unit="orders/s")


def figure(*values, target=None, beside=(BASE,), unit="orders/s"):
    return Figure(
        name="intake", values=values, unit=unit, load="none", beside=beside, target=target
    )


def reports_of(*rows, in_turn=None):
    names = in_turn or [row.name for row in rows]
    return run.run(rows, names, Bench(rounds=1, short=True, seed=1), lambda _: None)


def report_of(*rows):
    *_, last = reports_of(*rows)
    return last


def row_of(*figures, name="row"):
    return Row(name, f"Title of {name}", lambda _: iter(figures))


def test_a_figure_is_the_middle_of_its_rounds_and_a_part_of_what_stands_beside_it():
    found = figure(30, 10, 100)
    assert (found.median, found.spread) == (30, (10, 100))
    assert found.share == 30 / 200


@pytest.mark.parametrize(
    ("target", "holds"),
    [
        (None, None),
        (Target(at_least=100), True),
        (Target(at_least=101), False),
        (Target(at_most=99), False),
        (Target(at_least=0.5, share=True), True),
        (Target(at_least=0.51, share=True), False),
        (Target(at_most=0.5, share=True), True),
    ],
)
def test_a_target_is_a_limit_or_a_share_of_what_stands_beside_it(target, holds):
    assert figure(100, target=target).holds is holds


def test_what_has_another_unit_is_no_part_of_it():
    assert figure(100, unit="ms").share is None


def test_a_row_that_cannot_be_measured_keeps_its_figures_and_the_other_rows():
    def breaks(_bench):
        yield figure(1)
        raise RuntimeError("the venue is closed")

    broken, whole = report_of(Row("a", "A", breaks), row_of(figure(2), name="b")).rows
    assert [one.median for one in broken.figures] == [1]
    assert broken.failure == "RuntimeError: the venue is closed"
    report = report_of(Row("a", "A", breaks))
    assert "Not measured: RuntimeError: the venue is closed" in markdown.write(report)
    assert whole.failure is None
    assert [one.median for one in whole.figures] == [2]


def test_what_was_measured_is_told_after_each_row_in_the_sequence_of_the_rows():
    rows = [row_of(figure(1), name="a"), row_of(figure(2), name="b")]
    told = [[row.name for row in report.rows] for report in reports_of(*rows, in_turn=["b", "a"])]
    assert told == [["b"], ["a", "b"]]


def test_a_report_is_read_again_as_it_was_written():
    report = report_of(row_of(figure(30, target=Target(at_least=0.1, share=True))))
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_every_way_to_tell_it_has_the_figure_its_base_and_whether_it_is_enough():
    report = report_of(row_of(figure(30, target=Target(at_least=0.6, share=True))))
    out = io.StringIO()
    table.show(report, Console(file=out, width=200))
    for told in (out.getvalue(), markdown.write(report)):
        assert "15% of a <bare> route: 200 (100 to 400) orders/s" in told
        assert "≥ 60%: " in told
    assert "NO" in out.getvalue()
    assert "**no**" in markdown.write(report)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--chart", "nowhere/at-all.svg"], "there is no folder nowhere"),
        (["--json", "nowhere/at-all.json"], "there is no folder nowhere"),
        (["--again", "nowhere.json"], "does not exist"),
        (["--again", __file__], "is no report"),
        (["--only", "nonsense"], "no row nonsense"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_measured(options, why):
    program = typer.Typer()
    program.command()(main)
    result = CliRunner().invoke(program, options, env={"COLUMNS": "500"})
    assert result.exit_code == 2
    assert why in result.output


def test_the_chart_is_a_picture_with_a_bar_for_each_figure_that_can_be_compared():
    alone = figure(7, beside=())
    report = report_of(row_of(figure(30), figure(900), alone))
    picture = ElementTree.fromstring(chart.draw(report))  # noqa: S314  (drawn here)
    bars = [one for one in picture if one.tag.endswith("rect")][1:]
    assert len(bars) == 2
    assert "15% of a <bare> route" in "".join(picture.itertext())


def test_every_row_has_its_turn():
    assert sorted(IN_TURN) == sorted(row.name for row in ROWS)
