"""What clients of the engine were told: which orders it accepted, and which it refused."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audit.admission import home_of
from audit.chapter import Chapter
from audit.errors import Unusable
from audit.findings import Findings

_ORDER_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Lists:
    """Order ids that were answered 202 or 201, and ids that came with a 503.

    `quarantined` are those of which an impossible event in an engine's own name is known of.
    """

    accepted: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    quarantined: frozenset[str] = frozenset()


def is_order_id(text: str) -> bool:
    """Return whether a text is written as an order's id."""
    return bool(_ORDER_ID.fullmatch(text))


def read_ids(path: Path | None) -> frozenset[str]:
    """Return the order ids of a file, one a line; raise `Unusable` for anything else in it."""
    if path is None:
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip() and not is_order_id(line.strip()):
            raise Unusable(f"{path}, line {number}: {line.strip()[:80]!r} is no order id")
    return frozenset(line.strip() for line in lines if line.strip())


class Roll:
    """The lists, called partition by partition: I2 and I10."""

    def __init__(self, lists: Lists, partitions: int) -> None:
        self._accepted = _by_home(lists.accepted, partitions)
        self._refused = _by_home(lists.refused, partitions)
        self._void: set[str] = set()

    def call(self, chapter: Chapter, findings: Findings) -> None:
        """Look for the partition's orders among its stories, as they stand at the log's end."""
        stories, refused = chapter.stories, self._refused.get(chapter.number, [])
        for order_id in self._accepted.get(chapter.number, ()):
            findings.checked("I2")
            if order_id not in stories:
                late = order_id in chapter.late
                where = "is in the log too late to count" if late else "is not in the log"
                findings.broken("I2", f"order {order_id}: was accepted and {where}")
        in_doubt = chapter.late.union(refused)
        findings.checked("I10", len(in_doubt))
        self._void |= in_doubt - stories.keys()
        for told in filter(None, map(chapter.unplaced, sorted(in_doubt))):
            findings.broken("I10", told)

    def is_void(self, order_id: str) -> bool:
        """Return whether the order was refused, or placed too late, and is in no called partition.

        Nothing of it may be anywhere.
        """
        return order_id in self._void


def _by_home(order_ids: Iterable[str], partitions: int) -> dict[int, list[str]]:
    homes: dict[int, list[str]] = {}
    for order_id in sorted(order_ids):
        homes.setdefault(home_of(order_id, partitions), []).append(order_id)
    return homes
