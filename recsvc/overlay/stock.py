"""Live stock: what was told over what the trained version knew, in layers, so that one change never copies all of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.beyond import values_at
from models.distinct import distinct
from models.ids import IdIndex
from models.schema import UNKNOWN, Doubles, Ints, Longs
from models.stock import EVERYWHERE, Stock
from recsvc.overlay.told import Pieces

MERGE = 8
"""A layer is merged into the one below where that is less than so many times as large."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of a table of numbers by key."""

    keys: Longs
    """(n,) ascending, distinct."""
    values: Doubles
    """(n,); NaN where there is none."""

    def find(self, keys: Longs, out: Doubles) -> None:
        """Put the values of those of ``keys`` that are here into ``out``, (n_keys,) both."""
        if len(self.keys):
            places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            hit = self.keys[places] == keys
            out[hit] = self.values[places[hit]]

    def under(self, newer: "Layer") -> "Layer":
        """Return both as one, the values of ``newer`` where both have a key."""
        every = np.concatenate([newer.keys, self.keys])
        keys, first = np.unique(every, return_index=True)
        return Layer(keys, np.concatenate([newer.values, self.values])[first])


Layers = tuple[Layer, ...]
"""The oldest and largest first; a newer one counts before an older one."""


def stacked(layers: Layers, newest: Layer) -> Layers:
    """Return ``layers`` with a newer one on top: small ones are merged, so that there are few of them."""
    below = list(layers)
    while below and len(below[-1].keys) < MERGE * len(newest.keys):
        newest = below.pop().under(newest)
    return (*below, newest) if len(newest.keys) else tuple(below)


@dataclass(frozen=True, slots=True)
class LiveStock:
    """Stock that goes on after the training; asked like ``models.stock.Stock``."""

    trained: Stock
    stores: IdIndex
    """The trained stores in their rows, and those that were told of since behind them."""
    cells: Layers = ()
    """By product row and store, see ``_key``."""
    totals: Layers = ()
    """By product row: pieces over all stores, of products that were told of."""
    shopwide: Longs = field(default_factory=lambda: np.empty(0, np.int64))
    """Sorted rows of products that were told of for the shop as a whole: what was trained counts no longer."""

    def of_store(self, rows: Ints, store: int) -> Doubles:
        """Return (n_rows,) pieces in ``store``, else those of no store, else (no store asked) of all; NaN = not told."""
        if store == UNKNOWN:
            out = values_at(self.trained.total, rows, np.nan)
            for layer in self.totals:
                layer.find(rows.astype(np.int64), out)
            return out
        there, anywhere = self._cells(rows, store), self._cells(rows, EVERYWHERE)
        return np.where(np.isnan(there), anywhere, there)

    def _cells(self, rows: Ints, store: int) -> Doubles:
        out = self._trained(rows, store)
        for layer in self.cells:
            layer.find(_key(rows, store), out)
        return out

    def _trained(self, rows: Ints, store: int) -> Doubles:
        """Return what the trained version knew, but for products that were told of for the shop as a whole."""
        none = np.full(len(rows), np.nan)
        if store >= self.trained.n_stores:
            return none
        found = self.trained.exactly(rows, store)
        if not len(self.shopwide):
            return found
        places = np.minimum(np.searchsorted(self.shopwide, rows), len(self.shopwide) - 1)
        return np.where(self.shopwide[places] == rows, none, found)


_STRIDE = 1 << 24
"""More stores than any shop has."""


def _key(rows: Ints | Longs, store: int | Longs) -> Longs:
    key: Longs = rows.astype(np.int64) * _STRIDE + store + 1
    return key


def with_pieces(stock: LiveStock, products: IdIndex, told: Sequence[Pieces]) -> LiveStock:
    """Return the stock with what was told; of products that nobody knows nothing is kept.

    Args:
        stock: so far.
        products: of the live catalogue.
        told: whole products, each with all its rows in the store, whichever of them changed.
    """
    rows = products.rows([one.product_id for one in told])
    known = [(row, one) for row, one in zip(rows.tolist(), told, strict=True) if row != UNKNOWN]
    if not known:
        return stock
    stores, places = _places(stock.stores, {one.store_id for _, one in known})
    row = np.array([row for row, _ in known], np.int64)
    store = np.array([places[one.store_id] for _, one in known], np.int64)
    fresh = _layer(_key(row, store), np.array([one.quantity for _, one in known], np.float64))
    shopwide = np.union1d(stock.shopwide, row[store == EVERYWHERE])
    changed = distinct(row)
    gone = _keys_in(stock.cells, changed[np.isin(changed, shopwide)])  # told of single stores, and no longer
    cells = stacked(stock.cells, Layer(gone, np.full(len(gone), np.nan)).under(fresh))
    total = Layer(changed, _totals(stock.trained, changed, fresh, shopwide))
    return LiveStock(stock.trained, stores, cells, stacked(stock.totals, total), shopwide)


def _places(stores: IdIndex, names: set[str]) -> tuple[IdIndex, dict[str, int]]:
    """Return the stores with those of ``names`` that are new, and the row of each name."""
    fresh = sorted(name for name in names if name and stores.row(name) == UNKNOWN)
    longer = stores.plus(fresh)
    return longer, {name: longer.row(name) if name else EVERYWHERE for name in names}


def _keys_in(layers: Layers, rows: Longs) -> Longs:
    """Return the distinct keys that any layer has of products."""
    found = [np.empty(0, np.int64)]
    for layer in layers:
        starts, ends = np.searchsorted(layer.keys, rows * _STRIDE), np.searchsorted(layer.keys, (rows + 1) * _STRIDE)
        found += [layer.keys[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return distinct(np.concatenate(found))


def _totals(trained: Stock, changed: Longs, fresh: Layer, shopwide: Longs) -> Doubles:
    """Return (n_changed,) pieces over all stores; below 0 counts as none."""
    place = np.searchsorted(changed, fresh.keys // _STRIDE)
    told: Doubles = np.bincount(place, np.maximum(fresh.values, 0), len(changed)).astype(np.float64)
    owner, store, held = trained.of_products(changed)
    silent = ~np.isin(changed[owner], shopwide) & ~np.isin(_key(changed[owner], store), fresh.keys)
    return told + np.bincount(owner[silent], np.maximum(held[silent], 0), len(changed)).astype(np.float64)


def _layer(keys: Longs, values: Doubles) -> Layer:
    """Return the layer of these cells; the last of equal keys counts."""
    distinct, last = np.unique(keys[::-1], return_index=True)
    return Layer(distinct, values[::-1][last])
