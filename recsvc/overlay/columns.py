"""Columns with other values in some rows: a column that nothing changes is the same object still, no row is copied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.columns import Column, Kind, NumberColumn, TagsColumn, TextColumn, number_column
from models.schema import UNKNOWN, Bools, Doubles, Ints, Longs
from models.strings import Strings
from recsvc.overlay.told import Product, Value

MANY = 8
"""A vocabulary is read through once for more than one text in 8 of it, and searched for fewer."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What products say of one attribute, (n_told,) each; a product that is silent keeps the trained value."""

    rows: Ints
    values: Sequence[Value]
    silent: Bools


def cells_of(products: Sequence[Product], rows: Ints, name: str) -> Cells:
    """Return what ``products`` in ``rows`` say of the attribute ``name``."""
    values = [one.attributes.get(name) for one in products]
    silent = [not one.whole and name not in one.attributes for one in products]
    return Cells(rows, values, np.array(silent, np.bool_))


def empty_column(kind: Kind, n_rows: int) -> Column:
    """Return a column without any value."""
    if kind == "number":
        return NumberColumn(np.full(n_rows, np.nan))
    empty = Strings.of(())
    if kind == "text":
        return TextColumn(np.full(n_rows, UNKNOWN, np.int32), empty)
    return TagsColumn(np.zeros(n_rows + 1, np.int64), np.empty(0, np.int32), empty)


def longer(column: Column, n_rows: int) -> Column:
    """Return ``column`` with rows without a value behind it, up to ``n_rows``; itself where it has as many."""
    if isinstance(column, NumberColumn):
        more = n_rows - len(column.values)
        return NumberColumn(np.concatenate([column.values, np.full(more, np.nan)])) if more else column
    if isinstance(column, TextColumn):
        more = n_rows - len(column.codes)
        none = np.full(more, UNKNOWN, np.int32)
        return TextColumn(np.concatenate([column.codes, none]), column.vocabulary) if more else column
    more = n_rows + 1 - len(column.ptr)
    ends = np.full(more, column.ptr[-1], np.int64)
    return TagsColumn(np.concatenate([column.ptr, ends]), column.codes, column.vocabulary) if more else column


def told(column: Column, trained: Column | None, cells: Cells) -> tuple[Column, Ints]:
    """Return ``column`` with the values that ``cells`` say, and the rows that have another value now.

    Args:
        column: of the live catalogue, with a row for each product.
        trained: the same of the trained version, whose values hold where ``cells`` are silent; it has fewer rows.
        cells: rows are distinct.
    """
    if isinstance(column, NumberColumn):
        return _numbers(column, trained, cells)
    return _texts(column, trained, cells) if isinstance(column, TextColumn) else _tags(column, trained, cells)


def _numbers(column: NumberColumn, trained: Column | None, cells: Cells) -> tuple[Column, Ints]:
    given = [value if isinstance(value, int | float) else None for value in cells.values]
    wanted = number_column(given).values
    if isinstance(trained, NumberColumn) and cells.silent.any():
        known = cells.silent & (cells.rows < len(trained.values))
        wanted[known] = trained.values[cells.rows[known]]
    before = column.values[cells.rows]
    moved = (wanted != before) & ~(np.isnan(wanted) & np.isnan(before))
    if not moved.any():
        return column, cells.rows[:0]
    values: Doubles = np.array(column.values)
    values[cells.rows[moved]] = wanted[moved]
    return NumberColumn(values), cells.rows[moved]


def _texts(column: TextColumn, trained: Column | None, cells: Cells) -> tuple[Column, Ints]:
    texts = [value if isinstance(value, str) and value else None for value in cells.values]
    vocabulary, places = _added(column.vocabulary, {text for text in texts if text is not None})
    wanted = np.array([UNKNOWN if text is None else places[text] for text in texts], np.int32)
    if isinstance(trained, TextColumn) and cells.silent.any():  # the live vocabulary begins with the trained one
        known = cells.silent & (cells.rows < len(trained.codes))
        wanted[known] = trained.codes[cells.rows[known]]
    moved = wanted != column.codes[cells.rows]
    if not moved.any():
        return column, cells.rows[:0]
    codes: Ints = np.array(column.codes)
    codes[cells.rows[moved]] = wanted[moved]
    return TextColumn(codes, vocabulary), cells.rows[moved]


def _tags(column: TagsColumn, trained: Column | None, cells: Cells) -> tuple[Column, Ints]:
    wanted: list[list[str]] = []
    for row, value, silent in zip(cells.rows.tolist(), cells.values, cells.silent.tolist(), strict=True):
        if silent:
            held = isinstance(trained, TagsColumn) and row < len(trained.ptr) - 1
            wanted.append(trained.value(row) if held and trained is not None else [])  # type: ignore[arg-type]
        else:
            tags = value if isinstance(value, list | tuple) else ()
            wanted.append(sorted({tag for tag in tags if tag}))
    moved = [place for place, row in enumerate(cells.rows.tolist()) if sorted(column.value(row)) != wanted[place]]
    if not moved:
        return column, cells.rows[:0]
    vocabulary, places = _added(column.vocabulary, {tag for place in moved for tag in wanted[place]})
    rows = cells.rows[moved]
    codes = [[places[tag] for tag in wanted[place]] for place in moved]
    return _respliced(column, vocabulary, rows, codes), rows


def _respliced(column: TagsColumn, vocabulary: Strings, rows: Ints, codes: Sequence[Sequence[int]]) -> TagsColumn:
    """Return ``column`` with the ``codes`` of each of ``rows`` in place of its own."""
    lengths: Longs = np.diff(column.ptr)
    gone = np.zeros(len(lengths), np.bool_)
    gone[rows] = True
    owner = np.repeat(np.arange(len(lengths)), lengths)
    kept = ~gone[owner]
    fresh = [len(one) for one in codes]
    owners = np.concatenate([owner[kept], np.repeat(rows, fresh)])
    every = np.concatenate([column.codes[kept], np.array([code for one in codes for code in one], np.int32)])
    ptr = np.zeros(len(lengths) + 1, np.int64)
    lengths[rows] = fresh
    np.cumsum(lengths, out=ptr[1:])
    return TagsColumn(ptr, every[np.argsort(owners, kind="stable")], vocabulary)


def _added(vocabulary: Strings, texts: set[str]) -> tuple[Strings, Mapping[str, int]]:
    """Return the vocabulary with those of ``texts`` that it lacks behind it, and the code of each."""
    if len(texts) * MANY > len(vocabulary):
        known = {text: code for code, text in enumerate(vocabulary) if text in texts}
    else:
        known = {text: code for text in texts if (code := vocabulary.find(text)) != UNKNOWN}
    fresh = sorted(texts - known.keys())
    return vocabulary.plus(fresh), known | {text: len(vocabulary) + place for place, text in enumerate(fresh)}
