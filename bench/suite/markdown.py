"""The report as tables for a document."""

from bench.suite.figures import Figure, Report, RowReport
from bench.suite.table import aim, part, told

HEAD = "| figure | median (least to most) | beside it | target |\n|---|---|---|---|"


def write(report: Report) -> str:
    """Return a table for each row, with the load under which its figures were measured."""
    return "\n".join(_row(row) for row in report.rows)


def _row(row: RowReport) -> str:
    figures = row.figures
    loads = list(dict.fromkeys(figure.load for figure in figures))
    told_loads = "\n".join(f"{number}. {load}" for number, load in enumerate(loads, 1))
    lines = "\n".join(_line(figure, loads.index(figure.load) + 1) for figure in figures)
    failure = f"\nNot measured: {row.failure}\n" if row.failure else ""
    return f"### {row.title}\n\n{HEAD}\n{lines}\n\nLoads:\n\n{told_loads}\n{failure}"


def _line(figure: Figure, load: int) -> str:
    beside = "; ".join(f"{one.name}: {told(one)}" for one in figure.beside)
    share = f"{part(figure.share)} " if figure.share is not None else ""
    target = ""
    if figure.target is not None:
        target = f"{aim(figure.target, figure.unit)}: {'yes' if figure.holds else '**no**'}"
    return f"| {figure.name} ({load}) | {told(figure)} | {share}{beside} | {target} |"
