"""Fields of a request (device, weather, temperature) as values with a number each: texts by name, numbers by quantile."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.columns import Column, NumberColumn, TextColumn
from models.context_table import key_text
from models.schema import UNKNOWN, Arrays, Doubles, Ints, take
from models.strings import Strings

BINS = 8
"""Values of a number field at most, equally frequent."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """The values of one field."""

    name: str
    texts: Strings | None
    """Sorted by their bytes; None for numbers."""
    edges: Doubles
    """(n - 1,) ascending: a number belongs to the first bucket whose edge lies above it."""

    @classmethod
    def of(cls, name: str, column: Column) -> "Buckets | None":
        """Return the buckets of a column; None for tags."""
        if isinstance(column, TextColumn):
            return cls(name, column.vocabulary, np.empty(0))
        if not isinstance(column, NumberColumn):
            return None
        known = column.values[np.isfinite(column.values)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else known
        return cls(name, None, edges[edges > known.min(initial=np.inf)].astype(np.float64))

    def __len__(self) -> int:
        return len(self.edges) + 1 if self.texts is None else len(self.texts)

    def codes(self, column: Column) -> Ints:
        """Return (n_rows,) the bucket of each row of the column that the buckets were made of."""
        if isinstance(column, NumberColumn):
            out = np.searchsorted(self.edges, column.values, side="right").astype(np.int32)
            out[~np.isfinite(column.values)] = UNKNOWN
            return out
        return column.codes if isinstance(column, TextColumn) else np.full(0, UNKNOWN, np.int32)

    def code(self, value: str | float | None) -> int:
        """Return the bucket of a request's value; ``UNKNOWN`` where none is given, or training never saw it."""
        if value is None:
            return UNKNOWN
        if self.texts is None:
            try:
                number = float(value)
            except ValueError:
                return UNKNOWN
            return int(np.searchsorted(self.edges, number, side="right")) if np.isfinite(number) else UNKNOWN
        return self.texts.find(key_text(value) or "")

    def arrays(self) -> Arrays:
        """Return the texts or edges as arrays."""
        return {"edges": self.edges} if self.texts is None else self.texts.arrays("texts")

    @classmethod
    def load(cls, name: str, arrays: Arrays) -> "Buckets":
        """Return the buckets whose ``arrays()`` these are."""
        if "edges" in arrays:
            return cls(name, None, take(arrays, "edges", np.float64))
        return cls(name, Strings.load(arrays, "texts"), np.empty(0))


def columns_buckets(columns: Mapping[str, Column]) -> tuple[Buckets, ...]:
    """Return the buckets of every column that has any, by name."""
    made = (Buckets.of(name, column) for name, column in sorted(columns.items()))
    return tuple(one for one in made if one is not None)
