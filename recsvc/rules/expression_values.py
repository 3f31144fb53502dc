"""What expressions work with: columns by code, one value for all rows, and truth of three values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.columns import TagsColumn
from models.schema import Bools, Doubles, Ints

NO = np.zeros((), np.bool_)
YES = np.ones((), np.bool_)


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes, no, or neither (unknown); both of shape (n_rows,), or () for all rows alike."""

    yes: Bools
    no: Bools

    @classmethod
    def known(cls, yes: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_] = YES) -> "Truth":
        """Return ``yes`` where it is known, and unknown elsewhere."""
        return cls(yes & known, ~yes & known)


UNKNOWN_TRUTH = Truth(NO, NO)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of shape (n_rows,) or (); NaN is unknown."""

    values: Doubles


@dataclass(frozen=True, slots=True)
class Texts:
    """One text a row by its code, -1 is unknown."""

    codes: Ints
    strings: Sequence[str]
    find: Callable[[str], int]
    """Text -> code, or -1."""
    key: str
    """Names the strings: equal keys have equal codes."""


@dataclass(frozen=True, slots=True)
class OneText:
    """The same text for all rows, or none; ``literal`` if the file spells it out."""

    text: str | None
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags of rows; ``rows`` None means all."""

    column: TagsColumn
    rows: Ints | None


@dataclass(frozen=True, slots=True)
class OneTags:
    """The same tags for all rows, or unknown."""

    tags: frozenset[str] | None


Value: TypeAlias = Truth | Numbers | Texts | OneText | Tags | OneTags


def having(tags: Tags, codes: Ints) -> Bools:
    """Return (n_rows,): whether a row has one of the tag ``codes``."""
    column = tags.column
    if tags.rows is None:
        out = np.zeros(len(column.ptr) - 1, np.bool_)
        places = np.flatnonzero(np.isin(column.codes, codes))
        out[np.searchsorted(column.ptr, places, side="right") - 1] = True
        return out
    places, owner = tag_places(column, tags.rows)
    out = np.zeros(len(tags.rows), np.bool_)
    out[owner[np.isin(column.codes[places], codes)]] = True
    return out


def tag_places(column: TagsColumn, rows: Ints) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the places of all tags of ``rows`` in ``column.codes``, and which of ``rows`` each belongs to."""
    starts = column.ptr[rows]
    lengths = column.ptr[rows + 1] - starts
    owner = np.repeat(np.arange(len(rows)), lengths)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return starts[owner] + within, owner
