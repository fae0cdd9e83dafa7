"""The report as a picture: each figure as a bar, as long as its part of what stands beside it."""

from html import escape

from bench.suite.figures import Figure, Report
from bench.suite.table import aim, number, part

WIDTH, LABELS, BARS, LINE, TOP = 1_080, 360, 420, 26, 64
GREEN, RED, GREY, BLUE = "#2a9d5c", "#c8442f", "#8a8f98", "#3b78c3"


def draw(report: Report) -> str:
    """Return the report as SVG. Figures with nothing comparable beside them are left out."""
    lines: list[str] = []
    y = TOP
    for row in report.rows:
        shown = [figure for figure in row.figures if figure.share is not None or figure.target]
        if not shown:
            continue
        lines.append(_text(16, y + 16, row.title, weight="bold"))
        y += LINE
        for figure in shown:
            lines += _bar(figure, y)
            y += LINE
        y += LINE // 3
    machine = report.machine
    about = f"{machine.cores} cores, everything on them; median of {report.rounds} rounds"
    note = "The bar is the figure as a part of the limit or baseline (the line) of the same run."
    head = [_text(16, 24, f"Order execution engine: {about}", weight="bold"), _text(16, 44, note)]
    size = f'width="{WIDTH}" height="{y + 16}" viewBox="0 0 {WIDTH} {y + 16}"'
    font = 'font-family="sans-serif" font-size="13"'
    ground = f'<rect width="{WIDTH}" height="{y + 16}" fill="white"/>'
    return "\n".join(
        (f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>', ground, *head, *lines, "</svg>")
    )


def _bar(figure: Figure, y: int) -> list[str]:
    share, against = _share(figure)
    full = BARS * 0.75
    color = {None: BLUE, True: GREEN, False: RED}[figure.holds]
    width = max(2.0, min(share * full, BARS))
    told = f"{number(figure.median)} {figure.unit} · {part(share)} {against}"
    line = f'<path d="M{LABELS + full:.0f} {y}v20" stroke="{GREY}" stroke-dasharray="3 2"/>'
    return [
        _text(LABELS - 8, y + 15, figure.name, anchor="end"),
        f'<rect x="{LABELS}" y="{y + 3}" width="{width:.0f}" height="15" fill="{color}"/>',
        line,
        _text(LABELS + BARS + 8, y + 15, told, size=11),
    ]


def _share(figure: Figure) -> tuple[float, str]:
    if figure.share is not None:
        return figure.share, figure.beside[0].name
    target = figure.target
    limit = (target.at_least or target.at_most or 0.0) if target else 0.0
    words = aim(target, figure.unit) if target else ""
    return (figure.median / limit if limit else 0.0), f"the target {words}"


def _text(
    x: int, y: int, text: str, *, anchor: str = "start", weight: str = "normal", size: int = 13
) -> str:
    how = f'text-anchor="{anchor}" font-weight="{weight}" font-size="{size}"'
    return f'<text x="{x}" y="{y}" {how}>{escape(text)}</text>'
