"""Bestsellers of the kinds of product that this shopper buys: known needs, met by known and new products alike."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import Live, live_codes
from models.columns import TextColumn
from models.distinct import distinct
from models.errors import NotFittedError
from models.lists import RankedLists, decay, summed
from models.moments import ages
from models.offering import OffersAll
from models.popularity import shares, weights_by_age
from models.product_fields import OWN_TEXTS
from models.schema import NOTHING, UNKNOWN, Arrays, Context, Ints, Scored, take

GROUPS = 0.2
"""An attribute groups products where it has at most this many values for each of those that have one."""
PURE = 0.8
"""Share of the products of a value, over all values, that lie in their value's main category."""


def kind_codes(data: Fitting) -> tuple[Ints, int]:
    """Return (n_products,) codes of the finest text attribute that says what a product is, and how many codes there are.

    Such an attribute groups products, most products have it, and it keeps to categories: red wine does, 750 ml does
    not. Where no attribute is like that, the category itself counts, or without one the finest attribute that groups;
    without any, every product is ``UNKNOWN``.
    """
    n, columns = len(data.catalogue), data.catalogue.columns
    texts = [c for name, c in sorted(columns.items()) if isinstance(c, TextColumn) and name not in OWN_TEXTS]
    groups = [column for column in texts if 1 < len(column.vocabulary) <= GROUPS * np.sum(column.codes != UNKNOWN)]
    category = columns.get("category")
    whats = [c for c in groups if isinstance(category, TextColumn) and _tells_what(c, category)] or groups
    if not whats:
        return np.full(n, UNKNOWN, np.int32), 0
    finest = max(whats, key=lambda column: len(column.vocabulary))
    return finest.codes, len(finest.vocabulary)


def _tells_what(column: TextColumn, category: TextColumn) -> bool:
    known = column.codes != UNKNOWN
    width = len(category.vocabulary) + 1
    cells, count = np.unique(
        column.codes[known].astype(np.int64) * width + category.codes[known] + 1, return_counts=True
    )
    main = np.zeros(len(column.vocabulary), np.int64)
    np.maximum.at(main, cells // width, count)
    return bool(known.mean() >= PURE and main.sum() >= PURE * known.sum())


@dataclass
class Kinds(OffersAll):
    """The share of the shopper's recency-weighted lines in a kind, times a product's share of the kind's orders."""

    source: ClassVar[str] = "kinds"
    personal: ClassVar[bool] = True
    half_life: float = 120.0
    kinds: int = 60
    """Kinds of a shopper that count, the most bought first."""
    length: int = 8
    lists_: RankedLists | None = None
    codes_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    later_: RankedLists | None = None
    """Products of each kind that came after the training, the newest first: each counts as the middle of its kind's list."""

    def fit(self, data: Fitting) -> Self:
        """Learn the bestsellers of each kind."""
        self.codes_, n_kinds = kind_codes(data)
        sold = shares(data, weights_by_age(data, 45.0))
        rows = np.flatnonzero((self.codes_ != UNKNOWN) & (sold > 0)).astype(np.int32)
        of_kind = np.bincount(self.codes_[rows], sold[rows], n_kinds)
        share = sold[rows] / of_kind[self.codes_[rows]]
        self.lists_ = RankedLists.of(self.codes_[rows], rows, share, n_kinds, self.length)
        return self

    def arrays(self) -> Arrays:
        """Return the lists and each product's kind."""
        return {**self._lists().arrays("lists"), "codes": self.codes_}

    def load(self, arrays: Arrays) -> Self:
        """Take them over."""
        self.lists_, self.codes_ = RankedLists.load(arrays, "lists"), take(arrays, "codes", np.int32)
        return self

    def follow(self, live: Live) -> "Kinds":
        """Return the model with the live catalogue's kinds, and new products of them."""
        codes, rows = live_codes(self.codes_, live), live.new_rows
        known = (codes[rows] != UNKNOWN) & (codes[rows] < len(self._lists()))
        later = None
        if known.any():
            kinds, since = codes[rows[known]], live.since[known].astype(np.float64)
            newest = RankedLists.of(kinds, rows[known], since, len(self._lists()), self.length)
            middle = np.array([_middle(self._lists().list(kind)) for kind in distinct(kinds).tolist()])
            of_kind = np.repeat(middle, np.diff(newest.ptr)[distinct(kinds)])
            later = RankedLists(newest.ptr, newest.rows, of_kind.astype(np.float32))
        return replace(self, codes_=codes, later_=later)

    def _all(self, context: Context) -> Scored:
        lists, codes = self._lists(), self.codes_[context.history.product]
        used = codes != UNKNOWN
        if not used.any():
            return NOTHING
        faded = decay(ages(context.history, context.at)[used], self.half_life)
        bought, weights = summed(codes[used], faded)
        top = np.argsort(-weights, kind="stable")[: self.kinds]
        rows, scores, places = lists.joined(bought[top])
        if self.later_ is not None:
            more = self.later_.joined(bought[top])
            rows, scores, places = (np.concatenate(parts) for parts in zip((rows, scores, places), more, strict=True))
        told = scores * weights[top][places] / max(float(weights.sum()), 1e-12)
        return Scored(rows, told.astype(np.float32))

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say how often this kind was bought."""
        kind = self.codes_[row]
        if kind == UNKNOWN or not self.score(context, np.array([row], np.int32))[0]:
            return None
        orders = len(distinct(context.history.order[self.codes_[context.history.product] == kind]))
        if self.later_ is not None and row in self.later_.list(int(kind)).rows:
            return Fact("new-of-kind", "New, of a kind that you bought in {orders} orders", {"orders": orders})
        return Fact("kind", "Sells best of a kind that you bought in {orders} orders", {"orders": orders})

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError("Kinds: call fit() or load() first")
        return self.lists_


def _middle(listed: Scored) -> float:
    return float(np.median(listed.scores)) if len(listed) else 0.0
