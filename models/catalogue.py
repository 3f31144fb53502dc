"""The products of a shop as columns: what rules test, carousels show and models read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.columns import Column, NumberColumn, column_arrays, load_columns
from models.ids import IdIndex
from models.schema import Arrays, Bools, Doubles, Ints


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every known product, by row; a product that was only ever bought has no values.

    ``columns`` holds what the shop gave: name, category, brand, price, cost, tags, image, url, available (0: withdrawn),
    available_from and available_until (Unix seconds) and any declared attribute; ``margin`` = (price - cost) / price is
    added by ``of``.
    """

    ids: IdIndex
    columns: Mapping[str, Column]
    version: str
    """Changes whenever a value changes: what was worked out over columns is kept by it."""

    @classmethod
    def of(cls, ids: IdIndex, columns: Mapping[str, Column], version: str) -> "Catalogue":
        """Return the catalogue with its derived columns; every column has ``len(ids)`` rows."""
        price, cost = columns.get("price"), columns.get("cost")
        derived: dict[str, Column] = {}
        if "margin" not in columns and isinstance(price, NumberColumn) and isinstance(cost, NumberColumn):
            derived["margin"] = NumberColumn(margins(price.values, cost.values))
        return cls(ids, {**columns, **derived}, version)

    @classmethod
    def load(cls, ids: IdIndex, arrays: Arrays, version: str) -> "Catalogue":
        """Return the catalogue of an artifact's ``products`` arrays."""
        return cls.of(ids, load_columns(arrays), version)

    def arrays(self) -> Arrays:
        """Return the columns as arrays for an artifact."""
        return column_arrays(dict(self.columns))

    def __len__(self) -> int:
        return len(self.ids)

    def value(self, name: str, row: int) -> str | float | list[str] | None:
        """Return the value of a column at ``row``, or None where there is no such column or value."""
        column = self.columns.get(name)
        return None if column is None else column.value(row)

    def on_sale(self, rows: Ints, at: int) -> Bools:
        """Return (n_rows,): ``available`` is not 0, and available_from <= ``at`` (Unix seconds) < available_until.

        What is not set holds always.
        """
        out = np.ones(len(rows), np.bool_)
        offered = self.columns.get("available")
        if isinstance(offered, NumberColumn):
            out &= offered.values[rows] != 0
        for name, holds in (("available_from", np.less_equal), ("available_until", np.greater)):
            column = self.columns.get(name)
            if isinstance(column, NumberColumn):
                values = column.values[rows]
                out &= holds(values, at) | np.isnan(values)
        return out


def margins(price: Doubles, cost: Doubles) -> Doubles:
    """Return (n,) (price - cost) / price; NaN where either is unknown, or nothing is asked for."""
    paid = np.where(price > 0, price, np.nan)
    return (paid - cost) / paid
