"""A small world for tests of the overlay: what a snapshot says, by outside ids, to be compared."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.schema import UNKNOWN
from recsvc.overlay.told import News, Pieces, Product, Value
from recsvc.snapshot import Snapshot

SINCE = 1_791_500_000
"""2026-10-08: the day before the tiny shop's clock."""
STORES = ("", "north", "south", "east")


def product(product_id: str, *, whole: bool = True, since: int = SINCE, **attributes: Value) -> Product:
    """Return a product as the store has it."""
    return Product(product_id, attributes, whole, since)


def says(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Return what a snapshot's catalogue says of each product, without what has no value."""
    catalogue = snapshot.catalogue
    out = {}
    for row in range(len(catalogue)):
        values = {name: catalogue.value(name, row) for name in catalogue.columns}
        out[catalogue.ids.id(row)] = {name: value for name, value in values.items() if value not in (None, [])}
    return out


def shelves(snapshot: Snapshot) -> dict[tuple[str, str], float | None]:
    """Return the pieces of each product in each store, and without a store; None where nobody told."""
    ids, stock = snapshot.catalogue.ids, snapshot.stock
    assert stock is not None
    rows = np.arange(len(ids), dtype=np.int32)
    out = {}
    for name in STORES:
        store = snapshot.stores.row(name) if name else UNKNOWN
        pieces = stock.of_store(rows, store)
        out |= {(ids.id(row), name): None if np.isnan(one) else float(one) for row, one in enumerate(pieces)}
    return out


@dataclass(slots=True)
class Told:
    """The store, as plain dicts: what puts and patches come to."""

    products: dict[str, Product] = field(default_factory=dict)
    pieces: dict[str, dict[str, float]] = field(default_factory=dict)

    def put(self, one: Product) -> News:
        """Take a whole product; return the news."""
        since = self.products[one.product_id].since if one.product_id in self.products else one.since
        self.products[one.product_id] = Product(one.product_id, one.attributes, True, since)
        return self._news(one.product_id)

    def patch(self, product_id: str, **attributes: Value) -> News:
        """Take some attributes; return the news."""
        before = self.products.get(product_id, Product(product_id, {}, False, SINCE))
        self.products[product_id] = Product(product_id, {**before.attributes, **attributes}, before.whole, before.since)
        return self._news(product_id)

    def stock(self, product_id: str, store_id: str, quantity: float) -> News:
        """Take pieces; return the news."""
        held = self.pieces.setdefault(product_id, {})
        if not store_id:
            held.clear()
        held[store_id] = quantity
        return News(pieces=self._pieces(product_id))

    def everything(self) -> News:
        """Return all that the store has."""
        return News(list(self.products.values()), [one for name in self.pieces for one in self._pieces(name)])

    def _pieces(self, product_id: str) -> list[Pieces]:
        return [Pieces(product_id, store, pieces) for store, pieces in self.pieces.get(product_id, {}).items()]

    def _news(self, product_id: str) -> News:
        return News([self.products[product_id]], self._pieces(product_id))
