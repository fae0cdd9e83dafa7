"""Orders end to end, a minute at a time, with venues that answer at once and with those as shipped.

`python -m bench.sustained`: an engine of its own for each, beside each other and loaded by turns,
for the machine's own speed changes within minutes; the other one is idle meanwhile, at an eighth of
a core. A round of the suite is over in seconds, of which the waiting for venues at its beginning
and its end is a part.
"""

from collections.abc import Sequence
from statistics import harmonic_mean, mean
from typing import Annotated

import typer

from bench.clocks import SORTS
from bench.suite.end_to_end import LEAST, WARM_UP, completed
from bench.suite.load import warm_up
from bench.suite.row import AT_ONCE, SHIPPED
from bench.supervised import supervised

WITHIN = 0.9
"""The part of the rate that is left when each order waits for its venues."""

Found = Sequence[dict[str, float]]


def main(
    orders: Annotated[int, typer.Option(help="How many are placed in a turn.")] = 170_000,
    turns: Annotated[int, typer.Option(min=1, help="How many turns either has.")] = 2,
) -> None:
    """Measure both and tell the CPU of an order; fail when a rate is below its limit."""
    at_once: list[dict[str, float]] = []
    shipped: list[dict[str, float]] = []
    with supervised(*AT_ONCE.options) as quick, supervised(*SHIPPED.options) as slow:
        for engine in (quick, slow):
            warm_up(engine, WARM_UP)
        for number in range(turns):
            both = (quick, at_once), (slow, shipped)
            for engine, found in both if number % 2 == 0 else both[::-1]:
                found.append(completed(engine, orders))
    rate, slower = _told("venues answer at once", at_once), _told("venues as shipped", shipped)
    print(f"at least {LEAST:,} orders/s wanted")
    print(f"as shipped {slower / rate:.0%} of at once, at least {WITHIN:.0%} wanted")
    if rate < LEAST or slower < WITHIN * rate:
        raise SystemExit("too slow")


def _told(what: str, found: Found) -> float:
    rates = [one["rate"] for one in found]
    rate = harmonic_mean(rates)
    print(f"{what}: {rate:,.0f} orders/s ({', '.join(f'{one:,.0f}' for one in rates)})")
    parts = ", ".join(f"{sort} {_mean(found, sort):,.0f}" for sort in SORTS)
    print(f"    {_mean(found, 'sum'):,.0f} µs of CPU an order: {parts}")
    return rate


def _mean(found: Found, column: str) -> float:
    return mean(one[column] for one in found)


if __name__ == "__main__":
    typer.run(main)
