"""Rows on their way from who folded them to who numbers them."""

import struct

import pytest

from projections.copying import Copied, Gap


def number(seq):
    return struct.pack(">q", seq)


def test_numbers_are_put_where_the_gaps_are():
    gap = Gap()
    rows = Copied((b"first" + number(gap.number), b"second" + number(gap.number) + b"end"), 2)
    assert b"".join(gap.opened(rows).numbered(41).pieces) == (
        b"first" + number(41) + b"second" + number(42) + b"end"
    )


def test_rows_without_an_event_have_no_gap():
    assert Gap().opened(Copied((b"begin", b"end"), 0)).numbered(1) == Copied((b"beginend",), 0)


def test_what_holds_the_number_of_the_gap_by_chance_is_not_taken():
    gap = Gap()
    with pytest.raises(ValueError, match="1 rows in 3 pieces"):
        gap.opened(Copied((number(gap.number) + b"one" + number(gap.number),), 1))
