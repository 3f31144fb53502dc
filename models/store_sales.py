"""What each store sold lately, product by product: its own assortment and its own taste."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from models.base import Fitting
from models.compiled import kernels
from models.distinct import first_places, numbered
from models.lists import decay
from models.robust import line_weights
from models.schema import DAY, UNKNOWN, Arrays, Floats, Ints, Longs, taken

HALF_LIVES = (10.0, 45.0)
"""Days: this fortnight, this season."""
PRIOR = 20.0
"""Orders that the whole shop's share counts for in a store's."""
KEPT_DAYS = 200


@dataclass
class StoreSales:
    """Faded orders by store and product."""

    ptr_: Longs = field(default_factory=lambda: np.zeros(1, np.int64))
    """(n_stores + 1,): store s has entries ptr_[s]:ptr_[s + 1], products ascending."""
    rows_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    sold_: Floats = field(default_factory=lambda: np.empty((0, len(HALF_LIVES)), np.float32))
    """(n_entries, n_half_lives) faded orders that held the product."""
    last_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_entries,) days before the training's end at which it was last sold."""
    orders_: Floats = field(default_factory=lambda: np.empty((0, len(HALF_LIVES)), np.float32))
    """(n_stores, n_half_lives) faded orders."""
    share_: Floats = field(default_factory=lambda: np.empty((0, len(HALF_LIVES)), np.float32))
    """(n_products, n_half_lives) share of the faded orders of the whole shop."""

    def fit(self, data: Fitting, cells: Longs) -> Self:
        """Learn from purchases; ``cells`` (n_cells,) are the first lines of each product in each order."""
        lines, n = data.purchases, max(data.purchases.n_products, 1)
        age = (data.until - lines.time[cells]) / DAY
        cells, age = cells[age <= KEPT_DAYS], age[age <= KEPT_DAYS]
        faded = np.stack([decay(age, half_life) for half_life in HALF_LIVES], 1) * line_weights(data)[cells][:, None]
        orders = first_places(lines.order[cells])
        total = np.maximum(faded[orders].sum(axis=0), 1e-9)
        product, store = lines.product[cells], lines.store[cells]
        sums = [np.bincount(product, one, lines.n_products) for one in faded.T]
        self.share_ = (np.stack(sums, 1) / total).astype(np.float32)
        placed = np.flatnonzero(store != UNKNOWN)
        pairs, places = numbered(store[placed].astype(np.int64) * n + product[placed])
        self.ptr_ = np.searchsorted(pairs // n, np.arange(lines.n_stores + 1)).astype(np.int64)
        self.rows_ = (pairs % n).astype(np.int32)
        self.sold_ = np.stack([np.bincount(places, one[placed], len(pairs)) for one in faded.T], 1).astype(np.float32)
        last = np.full(len(pairs), np.inf)
        np.minimum.at(last, places, age[placed])
        self.last_ = last.astype(np.float32)
        at = orders[store[orders] != UNKNOWN]
        self.orders_ = np.stack([np.bincount(store[at], one[at], lines.n_stores) for one in faded.T], 1).astype(
            np.float32
        )
        return self

    def look(self, store: int, rows: Ints, out: Floats) -> None:
        """Write to ``out`` (3, n_rows) the shares of the store's orders, drawn to the shop's, and days since sold.

        Days are NaN where the store did not sell it; all are NaN for a store that nobody knows.
        """
        if not 0 <= store < len(self.ptr_) - 1:
            out[:] = np.nan
            return
        begin, end, orders = int(self.ptr_[store]), int(self.ptr_[store + 1]), self.orders_[store]
        kernels().sales(self.rows_, self.sold_, self.last_, self.share_, orders, PRIOR, begin, end, rows, out)

    def arrays(self, name: str) -> Arrays:
        """Return the sales as arrays under ``name``."""
        return {f"{name}.{part}": getattr(self, f"{part}_") for part in PARTS}

    @classmethod
    def load(cls, arrays: Arrays, name: str) -> "StoreSales":
        """Return the sales that ``arrays`` holds under ``name``."""
        return cls(**{f"{part}_": array for part, array in taken(arrays, PARTS, f"{name}.").items()})


PARTS: dict[str, type[np.generic]] = {
    "ptr": np.int64, "rows": np.int32, "sold": np.float32, "last": np.float32, "orders": np.float32, "share": np.float32,
}  # fmt: skip
