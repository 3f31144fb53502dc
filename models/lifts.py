"""How much more often a product is bought where something holds: this weekday, this weather, this kind of shopper."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from models.compiled import kernels
from models.distinct import first_places, numbered
from models.schema import UNKNOWN, Arrays, Doubles, Floats, Ints, Longs, taken

TABLE = 10_000_000
"""Cells of a field's values and all products that are counted in full, zeros too: 80 MB, and no sort of all lines."""
PRIOR = 10.0
"""Orders by which a lift is drawn to 0: what few orders say is hardly heard."""


@dataclass
class Lifts:
    """Counts of orders by value and product. A value is one of a field's: Friday, rain, 25 to 34 years old."""

    ptr_: Longs = field(default_factory=lambda: np.zeros(1, np.int64))
    """(n_values + 1,): value v has entries ptr_[v]:ptr_[v + 1], products ascending."""
    rows_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    count_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """Orders with the value and the product."""
    orders_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_values,) orders with the value."""
    share_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) of all orders."""

    def fit(
        self,
        values: Iterable[Ints],
        n_values: int,
        order: Ints,
        product: Ints,
        n_products: int,
        weight: Doubles | None = None,
    ) -> Self:
        """Learn from order lines.

        Args:
            values: of each field (n_lines,) its values, in [0, n_values), or ``UNKNOWN``; no two fields share one.
            n_values: how many.
            order: (n_lines,) with ``product`` a cell that is named once.
            product: (n_lines,)
            n_products: how many.
            weight: (n_lines,) how much the line's order counts; None: each as 1.
        """
        n = max(n_products, 1)
        counts_as = np.ones(len(order)) if weight is None else weight
        n_orders = counts_as[first_places(order)].sum() or 1.0
        self.share_ = (np.bincount(product, counts_as, n_products) / n_orders).astype(np.float32)
        by_field = [_counted(column, order, product, counts_as, n_values, n) for column in values]  # bounds memory
        found = np.concatenate([np.empty(0, np.int64), *(cells for cells, _, _ in by_field)])
        counts = np.concatenate([np.empty(0), *(count for _, count, _ in by_field)])
        by_value = np.argsort(found, kind="stable")
        cells = found[by_value]
        self.rows_, self.count_ = (cells % n).astype(np.int32), counts[by_value].astype(np.float32)
        self.ptr_ = np.searchsorted(cells // n, np.arange(n_values + 1)).astype(np.int64)
        orders = sum((one for _, _, one in by_field), np.zeros(n_values))
        self.orders_ = orders.astype(np.float32)
        return self

    def lifts(self, values: Ints | Longs, rows: Ints) -> Doubles:
        """Return (n_values, n_rows) log of orders with value and product over those expected by chance; 0 = as always."""
        out = np.empty((len(values), len(rows)))
        wanted = values.astype(np.int64)
        kernels().chances(wanted, self.ptr_, self.rows_, self.count_, self.orders_, self.share_, PRIOR, rows, out)
        logs: Doubles = np.log(out, out=out)
        return logs

    def arrays(self, name: str) -> Arrays:
        """Return the counts as arrays under ``name``."""
        return {f"{name}.{part}": getattr(self, f"{part}_") for part in PARTS}

    @classmethod
    def load(cls, arrays: Arrays, name: str) -> "Lifts":
        """Return the lifts that ``arrays`` holds under ``name``."""
        return cls(**{f"{part}_": array for part, array in taken(arrays, PARTS, f"{name}.").items()})


def _counted(
    values: Ints, order: Ints, product: Ints, counts_as: Doubles, n_values: int, n: int
) -> tuple[Longs, Doubles, Doubles]:
    """Return value * n + product of the cells that one field has, ascending, their orders, and (n_values,) its orders."""
    known = values != UNKNOWN
    if not known.all():
        values, order, product, counts_as = values[known], order[known], product[known], counts_as[known]
    low, width = int(values.min(initial=n_values)), int(order.max(initial=0)) + 1
    keys = (values - low).astype(np.int64) * n + product
    cells, counts = _summed(keys, counts_as, (int(values.max(initial=0)) - low + 1) * n)
    first = first_places(values.astype(np.int64) * width + order)
    orders: Doubles = np.bincount(values[first], counts_as[first], n_values).astype(np.float64)
    return cells + low * n, counts, orders


def _summed(keys: Longs, weight: Doubles, n_keys: int) -> tuple[Longs, Doubles]:
    """Return the distinct of (n,) ``keys`` in [0, n_keys), ascending, and the sums of their weights, each above 0."""
    if n_keys > len(keys) + TABLE:
        found, places = numbered(keys)
        return found, np.bincount(places, weight, len(found)).astype(np.float64)
    table: Doubles = np.asarray(np.bincount(keys, weight, max(n_keys, 1)), np.float64)
    found = np.flatnonzero(table).astype(np.int64)
    return found, table[found]


PARTS: Mapping[str, type[np.generic]] = {
    "ptr": np.int64, "rows": np.int32, "count": np.float32, "orders": np.float32, "share": np.float32,
}  # fmt: skip
