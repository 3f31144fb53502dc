"""Pieces on the shelf, by product and store: one sorted key, found by binary search."""

from dataclasses import dataclass

import numpy as np

from models.beyond import values_at
from models.schema import UNKNOWN, Arrays, Doubles, Ints, Longs, take

EVERYWHERE = UNKNOWN
"""The store row of stock that is not kept by store."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What the shop told of its stock; silence is no sell-out."""

    keys: Longs
    """(n,) product row * (n_stores + 1) + store row + 1, ascending; column 0 is the stock that names no store."""
    quantity: Doubles
    """(n,)"""
    total: Doubles
    """(n_products,) over all stores; NaN where nothing was told."""
    n_stores: int

    @classmethod
    def of(cls, product: Ints, store: Ints, quantity: Doubles, n_products: int, n_stores: int) -> "Stock":
        """Return the stock of (n,) rows; the last of rows with one product and store counts."""
        keys = product.astype(np.int64) * (n_stores + 1) + store + 1
        distinct, last = np.unique(keys[::-1], return_index=True)
        kept = quantity[::-1][last]
        rows = distinct // (n_stores + 1)
        total = np.full(n_products, np.nan)
        total[rows] = 0
        np.add.at(total, rows, np.maximum(kept, 0))
        return cls(distinct, kept, total, n_stores)

    @classmethod
    def load(cls, arrays: Arrays) -> "Stock | None":
        """Return the stock of an artifact, or None where it has none."""
        if "keys" not in arrays:
            return None
        return cls(
            take(arrays, "keys", np.int64),
            take(arrays, "quantity", np.float64),
            take(arrays, "total", np.float64),
            int(take(arrays, "n_stores", np.int64)[0]),
        )

    def arrays(self) -> Arrays:
        """Return the stock as arrays for an artifact."""
        count = np.array([self.n_stores], np.int64)
        return {"keys": self.keys, "quantity": self.quantity, "total": self.total, "n_stores": count}

    def of_store(self, rows: Ints, store: int) -> Doubles:
        """Return (n_rows,) pieces in ``store``, else those of no store, else (no store asked) of all; NaN = not told."""
        if store == UNKNOWN:
            return values_at(self.total, rows, np.nan)
        there, anywhere = self.exactly(rows, store), self.exactly(rows, EVERYWHERE)
        return np.where(np.isnan(there), anywhere, there)

    def exactly(self, rows: Ints, store: int) -> Doubles:
        """Return (n_rows,) what was told of ``store`` itself, or of no store (``EVERYWHERE``); NaN = nothing."""
        wanted = rows.astype(np.int64) * (self.n_stores + 1) + store + 1
        places = np.minimum(np.searchsorted(self.keys, wanted), max(len(self.keys) - 1, 0))
        if not len(self.keys):
            return np.full(len(rows), np.nan)
        return np.where(self.keys[places] == wanted, self.quantity[places], np.nan)

    def of_products(self, rows: Longs) -> tuple[Longs, Longs, Doubles]:
        """Return all that was told of products: the place in ``rows``, the store row, and the pieces, of each entry."""
        width = self.n_stores + 1
        starts, ends = np.searchsorted(self.keys, rows * width), np.searchsorted(self.keys, (rows + 1) * width)
        places = np.repeat(np.arange(len(rows)), ends - starts)
        entries = np.arange(len(places)) - np.repeat(np.cumsum(ends - starts) - ends, ends - starts)
        return places, self.keys[entries] % width - 1, self.quantity[entries]
