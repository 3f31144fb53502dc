"""How near the lists of a product page lie to its product: complements are other things, substitutes are like it."""

from dataclasses import dataclass

import numpy as np

from models.base import Fitting
from models.columns import NumberColumn, TextColumn
from models.kinds import kind_codes
from models.pairs import paired
from models.schema import UNKNOWN, Bools, Doubles, Ints, Longs
from training.read.shop_data import ShopData
from training.split import Requests

NEAR = 1.25
"""Prices within this factor of the page's count as near."""
ALIKE = "similar-items"
"""The carousel of substitutes, asked with the pages of the complements."""
TRUTH = "bought with it"


@dataclass(frozen=True, slots=True)
class NearPage:
    """Products beside a page's product; a figure is None where the shop does not know what it is made from."""

    row: str
    """The carousel, or ``TRUTH``: what was really bought in one order with the page's product."""
    pairs: int
    """Pages with a product beside it."""
    kind: float | None
    """Share of the page's own kind."""
    category: float | None
    """Share of the page's own category."""
    ratio: float | None
    """Median price over the page's price."""
    near: float | None
    """Share with a price within a factor of ``NEAR``."""

    def plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        figures = {"kind": self.kind, "category": self.category, "price ratio": self.ratio, f"within {NEAR}": self.near}
        told = {name: None if one is None else round(one, 5) for name, one in figures.items()}
        return {"pairs": self.pairs, **told}


@dataclass(frozen=True, slots=True)
class Likeness:
    """What makes products alike; every array has shape (n_products,)."""

    kind: Ints
    category: Ints
    price: Doubles

    @classmethod
    def of(cls, known: ShopData, until: int) -> "Likeness":
        """Return it for the products of ``known``; ``UNKNOWN`` and NaN where there is nothing known."""
        columns, n = known.catalogue.columns, len(known.products)
        category, price = columns.get("category"), columns.get("price")
        codes = category.codes if isinstance(category, TextColumn) else np.full(n, UNKNOWN, np.int32)
        prices = price.values if isinstance(price, NumberColumn) else np.full(n, np.nan)
        kinds = kind_codes(Fitting(known.purchases, known.catalogue, until))[0]
        return cls(paired(kinds, codes), codes, prices)


def near_page(task: Requests, lists: dict[str, Longs], alike: Likeness) -> list[NearPage]:
    """Return a row for each of ``lists``, (n_requests, depth) product rows by carousel, and one for the ``TRUTH``."""
    rows = [_row(name, np.repeat(task.page, shown.shape[1]), shown.ravel(), alike) for name, shown in lists.items()]
    sizes = [len(found) for found in task.truth]
    return [*rows, _row(TRUTH, np.repeat(task.page, sizes), np.concatenate(task.truth).astype(np.int64), alike)]


def _row(name: str, page: Ints, beside: Longs, alike: Likeness) -> NearPage:
    """Return the figures of (n_pairs,) products ``beside`` their pages."""
    there = beside != UNKNOWN
    page, beside = page[there], beside[there]
    price, other = alike.price[page], alike.price[beside]
    known = (price > 0) & (other > 0)  # NaN is neither
    ratio = other[known] / price[known]
    near = (ratio <= NEAR) & (ratio >= 1 / NEAR)
    median = float(np.median(ratio)) if len(ratio) else None
    kind, category = (_same(codes[page], codes[beside]) for codes in (alike.kind, alike.category))
    return NearPage(name, len(page), kind, category, median, _mean(near))


def _same(one: Ints, other: Ints) -> float | None:
    known = (one != UNKNOWN) & (other != UNKNOWN)
    return _mean(one[known] == other[known])


def _mean(values: Bools) -> float | None:
    return float(values.mean()) if len(values) else None
