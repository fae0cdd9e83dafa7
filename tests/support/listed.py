"""Lists of orders, selected and sorted by plain Python: what a list must show, whoever reads it."""

from api.rows import Page
from api.selection import Place


def fits(row, wanted):
    """Return whether a list shows the order of this row."""
    moment, first, last = row.created_at, wanted.created_from, wanted.created_to
    return (
        (not wanted.statuses or row.status in wanted.statuses)
        and wanted.order_id in {None, row.order_id}
        and wanted.user_id in {None, row.user_id}
        and wanted.order_type in {None, row.order_type}
        and wanted.pair in {None, (row.token_in, row.token_out)}
        and wanted.venue in {None, row.selected_dex}
        and wanted.client_order_id in {None, row.client_order_id}
        and (wanted.tag is None or wanted.tag in row.tags)
        and wanted.cancel_requested in {None, row.cancel_requested}
        and (first is None or moment >= first)
        and (last is None or moment <= last)
    )


def listed(rows, wanted):
    """Return the rows that a list shows, in its sequence."""
    shown = [row for row in rows if fits(row, wanted)]
    return sorted(shown, key=_key, reverse=not wanted.ascending)


def page_of(rows, wanted, limit, place, head):
    """Return a page of the list."""
    shown = listed(rows, wanted)
    counted = wanted.filters.keys() <= {"user_id"} or (
        wanted.filters.keys() == {"statuses"} and len(wanted.statuses) == 1
    )
    left = [row for row in shown if place is None or _is_behind(row, place, wanted)]
    last = left[limit - 1 : limit] if len(left) > limit else []
    after = [Place(row.created_at, row.order_id) for row in last]
    return Page(left[:limit], len(shown) if counted else None, head, *after)


def _is_behind(row, place, wanted):
    key, at = _key(row), (place.created_at, place.order_id)
    return key > at if wanted.ascending else key < at


def _key(row):
    return row.created_at, row.order_id
