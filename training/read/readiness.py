"""What each carousel will be able to do with a shop's data: for whom, or on which pages, its own sources can fill it.

Counted from the data alone, before anything is trained; what a source cannot fill, the carousel's fallbacks do.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from models.carousels import Carousel
from models.columns import NumberColumn, TextColumn
from models.moments import timed
from models.robust import weights_of
from models.schema import DAY, UNKNOWN, Bools, Longs
from models.shop import Shop
from models.similar import telling
from models.statistics import first_lines
from training.read.shop_data import ShopData

BUYERS = 3
"""Shoppers without whom a product has no likeness."""
TOGETHER = 5
"""Orders with something else in them, from which on a product has companions."""
RECENT_DAYS = 90
NEW_DAYS = 60
TREND_DAYS = 7
RISING = 3
"""Lines of the last week without which nothing trends."""


@dataclass(frozen=True, slots=True)
class Ready:
    """How far a carousel's own sources reach."""

    carousel: str
    of: str
    """shoppers, product pages, stores or products"""
    ready: int
    total: int
    """For products: how many make it full."""
    needs: str
    """What makes one ready."""

    @property
    def share(self) -> float:
        """Share of ``total`` that is ready, in [0, 1]."""
        return min(self.ready / self.total, 1.0) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class _Counts:
    """What the sources' needs are read from."""

    data: ShopData
    heavy: float
    sold: Longs
    """(n_products,) lines."""
    buyers: Longs
    """(n_products,) shoppers."""
    pairs: tuple[Longs, Longs]
    """User and product of each that a shopper bought."""

    @property
    def known(self) -> Bools:
        """Return (n_users,): has bought something."""
        return np.bincount(self.pairs[0], minlength=len(self.data.users)) > 0

    def distinct(self, products: Bools) -> Longs:
        """Return (n_users,) how many of the ``products`` each shopper bought."""
        return np.bincount(self.pairs[0], products[self.pairs[1]], len(self.data.users)).astype(np.int64)


def readiness(shop: Shop, data: ShopData) -> tuple[Ready, ...]:
    """Return what each carousel of the shop can do, in the shop's order."""
    lines = data.purchases
    named = np.flatnonzero(lines.user != UNKNOWN)
    cells = named[first_lines(lines.user[named], lines.product[named], max(lines.n_products, 1))]
    pairs = lines.user[cells].astype(np.int64), lines.product[cells].astype(np.int64)
    n = len(data.products)
    counts = _Counts(
        data,
        shop.training.heavy_shoppers,
        np.bincount(lines.product, minlength=n),
        np.bincount(pairs[1], minlength=n),
        pairs,
    )
    return tuple(one for name, carousel in shop.carousels.items() for one in _carousel(name, carousel, counts))


def _carousel(name: str, carousel: Carousel, counts: _Counts) -> Iterator[Ready]:
    size, known = carousel.size, counts.known
    for of, needs, total in (("shoppers", SHOPPERS, known), ("product pages", PAGES, counts.sold > 0)):
        mine = [needs[source] for source in carousel.sources if source in needs]
        if mine:
            ready = np.any([find(counts, size) for find, _ in mine], axis=0) & total
            told = ", or ".join(dict.fromkeys(why.format(size=size, buyers=BUYERS) for _, why in mine))
            yield Ready(name, of, int(ready.sum()), int(total.sum()), told)
    if "store-popularity" in carousel.sources and counts.data.purchases.n_stores and len(carousel.sources) == 1:
        yield Ready(
            name,
            "stores",
            _stores(counts, size),
            len(counts.data.stores),
            f"{size} products sold in {RECENT_DAYS} days",
        )
    if not any(source in SHOPPERS or source in PAGES for source in carousel.sources):
        for source in carousel.sources:
            if source in SHOP:
                find, why = SHOP[source]
                yield Ready(name, "products", find(counts), size, why)


def _again(counts: _Counts, size: int) -> Bools:
    return counts.distinct(counts.sold > 0) >= size


def _taste(counts: _Counts, size: int) -> Bools:
    alike = counts.buyers >= BUYERS
    ready: Bools = (counts.distinct(alike) > 0) & (alike.sum() > size)
    return ready


def _kinds(counts: _Counts, size: int) -> Bools:
    category = counts.data.catalogue.columns.get("category")
    if not isinstance(category, TextColumn):
        return np.zeros(len(counts.data.users), np.bool_)
    ready: Bools = (counts.distinct(category.codes != UNKNOWN) > 0) & (_sold(counts) > size)
    return ready


def _together(counts: _Counts, size: int) -> Bools:
    lines = counts.data.purchases
    cells = first_lines(lines.order, lines.product, max(lines.n_products, 1))
    basket, product = lines.order[cells].astype(np.int64), lines.product[cells].astype(np.int64)
    if len(basket) and int(np.bincount(basket).max()) < 2:  # no order holds two: a shopper's whole set stands for one
        basket, product = counts.pairs
    in_basket = np.bincount(basket)[basket] if len(basket) else basket
    orders = np.bincount(product[in_basket > 1], minlength=len(counts.sold))
    others = np.bincount(product, in_basket - 1, len(counts.sold))
    ready: Bools = (orders >= TOGETHER) & (others >= size)
    return ready


def _alike(counts: _Counts, size: int) -> Bools:
    told = telling(counts.data.catalogue)
    if not told:
        return _co_bought(counts, size)  # the model goes by who chooses what, then
    ready = np.zeros(len(counts.sold), np.bool_)
    for column in told.values():
        if isinstance(column, TextColumn) and len(column.vocabulary):
            members = np.bincount(column.codes[column.codes != UNKNOWN], minlength=len(column.vocabulary))
            ready |= (column.codes != UNKNOWN) & (members[column.codes] > size)
    return ready


def _co_bought(counts: _Counts, size: int) -> Bools:
    alike: Bools = counts.buyers >= BUYERS
    return alike if alike.sum() > size else ~alike & alike


def _in_category(counts: _Counts, size: int) -> Bools:
    column = counts.data.catalogue.columns.get("category")
    if not isinstance(column, TextColumn) or not len(column.vocabulary):
        return np.zeros(len(counts.sold), np.bool_)
    inside: Bools = (column.codes != UNKNOWN) & (counts.sold > 0)
    sold = np.bincount(column.codes[inside], minlength=len(column.vocabulary))
    inside &= sold[column.codes] > size
    return inside


def _recent(counts: _Counts, days: int) -> Bools:
    lines = counts.data.purchases
    late: Bools = lines.time >= lines.time.max(initial=0) - days * DAY
    return late


def _stores(counts: _Counts, size: int) -> int:
    lines, recent = counts.data.purchases, _recent(counts, RECENT_DAYS) & (counts.data.purchases.store != UNKNOWN)
    cells = np.flatnonzero(recent)
    cells = cells[first_lines(lines.store[cells], lines.product[cells], max(lines.n_products, 1))]
    return int((np.bincount(lines.store[cells], minlength=lines.n_stores) >= size).sum())


def _sold(counts: _Counts) -> int:
    return int((counts.sold > 0).sum())


def _rising(counts: _Counts) -> int:
    lines = counts.data.purchases
    if not timed(lines) or lines.time.max() - lines.time.min() <= TREND_DAYS * DAY:
        return 0
    late = _recent(counts, TREND_DAYS)
    weight = weights_of(lines, counts.heavy)
    return int((np.bincount(lines.product[late], weight[late], len(counts.sold)) >= RISING).sum())


def _new(counts: _Counts) -> int:
    lines = counts.data.purchases
    if not timed(lines):
        return 0
    since = np.full(len(counts.sold), np.inf)
    np.minimum.at(since, lines.product, lines.time)
    since[since < lines.time.min() + NEW_DAYS * DAY] = np.inf
    given = counts.data.catalogue.columns.get("available_from")
    if isinstance(given, NumberColumn):
        since = np.where(np.isnan(given.values), since, given.values)
    return int(((since >= lines.time.max() - NEW_DAYS * DAY) & (since < np.inf)).sum())


Needs = Mapping[str, tuple[Callable[[_Counts, int], Bools], str]]
_TASTE = (_taste, f"a product bought that {BUYERS} shoppers have")
SHOPPERS: Needs = {
    "buy-again": (_again, "{size} products bought"),
    "als": _TASTE,
    "ease": _TASTE,
    "user-neighbours": _TASTE,
    "kinds": (_kinds, "a product bought whose category is known"),
}
"""Source -> for whom it can fill a carousel, and what that takes."""
PAGES: Needs = {
    "bought-together": (_together, f"{TOGETHER} orders with something else"),
    "similar": (_alike, "{size} others of its category, brand or another attribute; without any, {buyers} buyers"),
    "item-neighbours": (_co_bought, f"{BUYERS} buyers"),
    "category-popularity": (_in_category, "{size} others sold in its category"),
}
SHOP: Mapping[str, tuple[Callable[[_Counts], int], str]] = {
    "popularity": (_sold, "sold"),
    "newcomers": (_sold, "sold"),
    "trending": (_rising, f"{RISING} lines in the last {TREND_DAYS} days"),
    "new-arrivals": (_new, f"first seen in the last {NEW_DAYS} days"),
}
