"""PARTITION:OFFSET, as people name a record of the log."""

from dataclasses import dataclass
from typing import Annotated

import typer

from orders.admission import Flaw


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in the log."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"


def parse_place(text: str) -> Place:
    """Return the place that a text names; raise BadParameter."""
    partition, _, offset = text.partition(":")
    if not (_is_number(partition) and _is_number(offset)):
        raise typer.BadParameter(f"{text!r} is no PARTITION:OFFSET, such as 3:17")
    return Place(int(partition), int(offset))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


ReasonOption = Annotated[Flaw | None, typer.Option(help="Only what was not admitted for this.")]
