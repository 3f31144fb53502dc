"""The usual price of a product whose catalogue row names none: what shoppers paid lately."""

from dataclasses import replace

import numpy as np

from models.catalogue import Catalogue
from models.columns import NumberColumn
from models.robust import HEAVY, weights_of
from models.schema import DAY, Doubles, Purchases
from training.read.shop_data import ShopData

PRICE_DAYS = 90
"""Days before a product's last sale whose prices count."""


def with_prices(data: ShopData, heavy: float = HEAVY) -> ShopData:
    """Return ``data`` with the usual price paid wherever the catalogue names none; ``heavy`` as in ``models.robust``."""
    catalogue = data.catalogue
    given = catalogue.columns.get("price")
    values = given.values if isinstance(given, NumberColumn) else np.full(len(catalogue), np.nan)
    filled = np.where(np.isnan(values), usual_price(data.purchases, heavy), values)
    if not np.isfinite(filled).any():
        return data
    columns = {**catalogue.columns, "price": NumberColumn(filled)}
    margin = columns.pop("margin", None)
    priced = Catalogue.of(catalogue.ids, columns, catalogue.version)
    derived = priced.columns.get("margin", margin)
    if isinstance(margin, NumberColumn) and isinstance(derived, NumberColumn):
        derived = NumberColumn(np.where(np.isnan(margin.values), derived.values, margin.values))
    if derived is not None:
        priced = replace(priced, columns={**priced.columns, "margin": derived})
    return replace(data, catalogue=priced)


def usual_price(purchases: Purchases, heavy: float = HEAVY) -> Doubles:
    """Return (n_products,) the median price of a piece over each product's last days of sale; NaN where never sold.

    Lines of heavy shoppers count for less: a wholesaler's price is not everybody's.
    """
    out = np.full(purchases.n_products, np.nan)
    known = np.flatnonzero(np.isfinite(purchases.price) & (purchases.price > 0))
    last = np.full(purchases.n_products, np.iinfo(np.int64).min)
    np.maximum.at(last, purchases.product[known], purchases.time[known])
    recent = known[purchases.time[known] >= last[purchases.product[known]] - PRICE_DAYS * DAY]
    order = recent[np.lexsort((purchases.price[recent], purchases.product[recent]))]
    weight = weights_of(purchases, heavy)[order]
    product, first = np.unique(purchases.product[order], return_index=True)
    if not len(product):
        return out
    upto = np.cumsum(weight)
    before = upto[first] - weight[first]
    whole = np.add.reduceat(weight, first)
    middle = np.searchsorted(upto, before + whole / 2 - 1e-6)  # a hair less: sums of fractions are not exact
    out[product] = purchases.price[order[middle]]
    return np.round(out, 2)
