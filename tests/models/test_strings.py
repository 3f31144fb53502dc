"""Tables of texts: any text comes back, and only what is there is found."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.schema import UNKNOWN
from models.strings import Strings, encode

any_text = st.text(st.characters(exclude_categories=()), max_size=8)
"""Every code point, lone surrogates too."""


@given(st.lists(any_text, max_size=20))
@example(["", "\ud800", "é", "e\u0301", "\U0001f9c0", "\0", "00012"])
def test_every_text_comes_back(texts: list[str]) -> None:
    """In order, after a trip through arrays, whatever the code points are."""
    table = Strings.load(Strings.of(texts).arrays("t"), "t")
    assert list(table) == texts
    assert len(table) == len(texts)


@given(st.sets(any_text, max_size=20), any_text)
def test_find_is_exact(texts: set[str], other: str) -> None:
    """A sorted table finds its own texts at their rows, and nothing else."""
    ordered = sorted(texts, key=encode)
    table = Strings.of(ordered)
    assert [table.find(text) for text in ordered] == list(range(len(ordered)))
    assert table.find(other) == (ordered.index(other) if other in texts else UNKNOWN)


def test_a_row_outside_is_an_index_error() -> None:
    """No row counts from the end: -1 is the row of what is unknown."""
    table = Strings.of(["a", "b"])
    for row in (-1, 2):
        with pytest.raises(IndexError, match=r"outside 0 … 1"):
            table[row]


def test_two_spellings_of_one_letter_are_two_texts() -> None:
    """Nothing is normalised: an id is its code points."""
    table = Strings.of(sorted(["é", "e\u0301"], key=encode))
    assert table.find("é") != table.find("e\u0301")
    assert table.data.dtype == np.uint8


def test_texts_behind_a_sorted_table_are_found_and_move_nothing() -> None:
    """The rows before stay what they were; a table that grew writes itself whole."""
    table = Strings.of(["a", "c"])
    longer = table.plus(["b"]).plus(["", "d"])
    assert list(longer) == ["a", "c", "b", "", "d"] and len(table) == 2
    assert [longer.find(text) for text in ("a", "c", "b", "d", "x")] == [0, 1, 2, 4, UNKNOWN]
    assert table.plus([]) is table
    assert list(Strings.load(longer.arrays("t"), "t")) == list(longer)
    with pytest.raises(IndexError):
        longer[5]
