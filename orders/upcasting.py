"""Events of older schema versions as the present one writes them: pure steps, one a version.

A step takes a document of its version and returns what the next version would have written. Steps
are never changed once released: the logs that need them are kept for ever.
"""

from collections.abc import Callable

Document = dict[str, object]


def _name_no_client_order(document: Document) -> Document:
    """Version 2 knows client order ids; earlier placements had none."""
    if document.get("type") != "OrderPlaced":
        return document
    return {**document, "client_order_id": None}


def _tag_nothing(document: Document) -> Document:
    """Version 3 knows tags; earlier placements had none."""
    if document.get("type") != "OrderPlaced":
        return document
    return {**document, "tags": []}


def _add_nothing(document: Document) -> Document:
    """Version 4 knows more types of orders and events; what was written before has none of them."""
    return document


def _crowd_nothing(document: Document) -> Document:
    """Version 5 refuses the wishes an order has no room for; before, nobody answered them."""
    return document


STEPS: tuple[Callable[[Document], Document], ...] = (
    _name_no_client_order,
    _tag_nothing,
    _add_nothing,
    _crowd_nothing,
)
"""The step at index n leads from version n + 1 to version n + 2."""


def upcast(document: Document, version: int) -> Document:
    """Return a document of this version (from 1) as the newest version would have written it."""
    for step in STEPS[version - 1 :]:
        document = step(document)
    return {**document, "schema_version": len(STEPS) + 1}
