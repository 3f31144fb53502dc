"""Products that came after the training: rows behind the end of what a model learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from models.catalogue import Catalogue
from models.columns import Column, TextColumn
from models.schema import UNKNOWN, Ints, Longs

_T = TypeVar("_T", bound=np.generic)


def values_at(array: npt.NDArray[_T], rows: Ints, absent: Any) -> npt.NDArray[_T]:
    """Return ``array[rows]``, with ``absent`` for rows behind its end; costs nothing while all rows lie inside."""
    try:
        return array[rows]
    except IndexError:
        out = np.full((len(rows), *array.shape[1:]), absent, array.dtype)
        inside = rows < len(array)
        out[inside] = array[rows[inside]]
        return out


@dataclass(frozen=True, slots=True)
class Live:
    """A catalogue that went on after a model was trained."""

    trained: Catalogue
    """The catalogue that the model learned from."""
    catalogue: Catalogue
    """The same products in the same rows as they are now, and the new ones behind them."""
    since: Longs
    """(n_new,) Unix seconds at which each new product was first told of."""

    @property
    def moved(self) -> frozenset[str]:
        """The names of columns that are not as they were at the training."""
        then, now = self.trained.columns, self.catalogue.columns
        return frozenset(name for name in {*then, *now} if then.get(name) is not now.get(name))

    @property
    def new_rows(self) -> Ints:
        """(n_new,) the rows of the new products."""
        return np.arange(len(self.trained), len(self.catalogue), dtype=np.int32)


@runtime_checkable
class Follows(Protocol):
    """A model that knows products by what the catalogue says of them, new ones too."""

    def follow(self, live: Live) -> Self:
        """Return the model as trained, with the live catalogue's products; self is not changed."""
        ...


def same_column(codes: Ints, columns: Mapping[str, Column]) -> str | None:
    """Return the name of the text column that has these (n_products,) ``codes``, or None."""
    for name, column in columns.items():
        if isinstance(column, TextColumn) and np.array_equal(column.codes, codes):
            return name
    return None


def live_codes(codes: Ints, live: Live) -> Ints:
    """Return (n_live,) codes of the live catalogue's products for a model that learned the ``codes`` of a text column.

    Where they are no column's, new products have none.
    """
    if not any(isinstance(live.catalogue.columns.get(one), TextColumn) for one in live.moved):
        return codes
    name = same_column(codes, live.trained.columns)
    column = live.catalogue.columns.get(name) if name is not None else None
    if isinstance(column, TextColumn):
        return column.codes
    return np.concatenate([codes, np.full(len(live.new_rows), UNKNOWN, np.int32)])
