"""Columns of a table (products, users): text by vocabulary, numbers, and lists of tags; all map from disk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from models.schema import UNKNOWN, Arrays, Bools, Doubles, Ints, Longs, take
from models.strings import Strings, encode

Kind: TypeAlias = Literal["text", "number", "tags"]


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One text a row, or none."""

    codes: Ints
    """(n_rows,): place in ``vocabulary``; ``UNKNOWN`` where the row has no value."""
    vocabulary: Strings
    """Distinct values, sorted by their bytes."""
    kind: Kind = "text"

    def value(self, row: int) -> str | None:
        """Return the text of ``row``, or None."""
        code = int(self.codes[row])
        return None if code == UNKNOWN else self.vocabulary[code]

    def take(self, rows: Bools | Ints | Longs) -> "TextColumn":
        """Return the column of ``rows`` (a mask, or places) with the same vocabulary."""
        return TextColumn(self.codes[rows], self.vocabulary)


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """One number a row, or none."""

    values: Doubles
    """(n_rows,): NaN where the row has no value; never infinite."""
    kind: Kind = "number"

    def value(self, row: int) -> float | None:
        """Return the number of ``row``, or None."""
        number = float(self.values[row])
        return None if np.isnan(number) else number

    def take(self, rows: Bools | Ints | Longs) -> "NumberColumn":
        """Return the column of ``rows`` (a mask, or places)."""
        return NumberColumn(self.values[rows])


@dataclass(frozen=True, slots=True)
class TagsColumn:
    """Any number of texts a row."""

    ptr: Longs
    """(n_rows + 1,): row i has codes[ptr[i]:ptr[i + 1]]."""
    codes: Ints
    vocabulary: Strings
    kind: Kind = "tags"

    def value(self, row: int) -> list[str]:
        """Return the texts of ``row``, sorted."""
        return [self.vocabulary[int(code)] for code in self.codes[self.ptr[row] : self.ptr[row + 1]]]

    def take(self, rows: Ints | Longs) -> "TagsColumn":
        """Return the column of ``rows`` (places) with the same vocabulary."""
        starts, lengths = self.ptr[rows], self.ptr[rows + 1] - self.ptr[rows]
        ptr = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=ptr[1:])
        places = np.arange(ptr[-1]) + np.repeat(starts - ptr[:-1], lengths)
        return TagsColumn(ptr, self.codes[places], self.vocabulary)


Single: TypeAlias = TextColumn | NumberColumn
"""At most one value a row."""
Column: TypeAlias = Single | TagsColumn


def _vocabulary(texts: Iterable[str]) -> tuple[Strings, dict[str, int]]:
    ordered = sorted(set(texts), key=encode)
    return Strings.of(ordered), {text: code for code, text in enumerate(ordered)}


def text_column(values: Sequence[str | None]) -> TextColumn:
    """Return the column of ``values``; None and "" are no value."""
    vocabulary, codes = _vocabulary(value for value in values if value)
    return TextColumn(np.array([codes[v] if v else UNKNOWN for v in values], np.int32), vocabulary)


def tags_column(values: Sequence[Sequence[str] | None]) -> TagsColumn:
    """Return the column of lists of texts; blanks and repeats inside a list are left out."""
    clean = [sorted({tag for tag in row or () if tag}, key=encode) for row in values]
    vocabulary, codes = _vocabulary(tag for row in clean for tag in row)
    ptr = np.zeros(len(clean) + 1, np.int64)
    np.cumsum([len(row) for row in clean], out=ptr[1:])
    return TagsColumn(ptr, np.array([codes[tag] for row in clean for tag in row], np.int32), vocabulary)


def number_column(values: Sequence[float | None] | Doubles) -> NumberColumn:
    """Return the column of numbers; None, NaN and infinities are no value."""
    numbers = np.array([np.nan if v is None else v for v in values], np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return NumberColumn(numbers)


def column_arrays(columns: dict[str, Column]) -> Arrays:
    """Return the columns as arrays named ``{column}.{kind}.{part}``."""
    out: dict[str, npt.NDArray[Any]] = {}
    for name, column in columns.items():
        stem = f"{name}.{column.kind}"
        if isinstance(column, NumberColumn):
            out[f"{stem}.values"] = column.values
            continue
        out |= {f"{stem}.codes": column.codes, **column.vocabulary.arrays(f"{stem}.vocabulary")}
        if isinstance(column, TagsColumn):
            out[f"{stem}.ptr"] = column.ptr
    return out


def load_columns(arrays: Arrays) -> dict[str, Column]:
    """Return the columns that ``column_arrays`` wrote."""
    out: dict[str, Column] = {}
    for stem in sorted({".".join(key.split(".")[:2]) for key in arrays}):
        name, kind = stem.split(".")
        if kind == "number":
            out[name] = NumberColumn(take(arrays, f"{stem}.values", np.float64))
            continue
        codes = take(arrays, f"{stem}.codes", np.int32)
        vocabulary = Strings.load(arrays, f"{stem}.vocabulary")
        if kind == "tags":
            out[name] = TagsColumn(take(arrays, f"{stem}.ptr", np.int64), codes, vocabulary)
        else:
            out[name] = TextColumn(codes, vocabulary)
    return out
