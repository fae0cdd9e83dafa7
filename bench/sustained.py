"""Orders end to end for a minute on end, with venues that answer at once and with those as shipped.

`python -m bench.sustained`: an engine of its own for each, gone at its end. A round of the suite is
over in seconds, of which the waiting for venues at its beginning and its end is a part.
"""

from collections.abc import Mapping
from typing import Annotated

import typer

from bench.clocks import SORTS
from bench.suite.end_to_end import LEAST, WARM_UP, completed
from bench.suite.load import warm_up
from bench.suite.row import AT_ONCE, SHIPPED, Setting
from bench.supervised import supervised

WITHIN = 0.9
"""The part of the rate that is left when each order waits for its venues."""


def main(
    orders: Annotated[int, typer.Option(help="How many are placed: a minute's.")] = 200_000,
) -> None:
    """Measure both and tell the CPU of an order; fail when a rate is below its limit."""
    rate = _told("venues answer at once", AT_ONCE, orders, LEAST)
    shipped = _told("venues as shipped", SHIPPED, orders, WITHIN * rate)
    if rate < LEAST or shipped < WITHIN * rate:
        raise SystemExit("too slow")


def _told(what: str, setting: Setting, orders: int, least: float) -> float:
    with supervised(*setting.options) as engine:
        warm_up(engine, WARM_UP)
        found = completed(engine, orders)
    rate = found["rate"]
    print(f"{what}: {rate:,.0f} orders/s for {orders / rate:.0f} s, at least {least:,.0f} wanted")
    print(f"    {found['sum']:,.0f} µs of CPU an order: {_parts(found)}")
    return rate


def _parts(found: Mapping[str, float]) -> str:
    return ", ".join(f"{sort} {found[sort]:,.0f}" for sort in SORTS)


if __name__ == "__main__":
    typer.run(main)
