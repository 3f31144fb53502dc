"""Alternatives: products that share what the catalogue says about them, near the same price. Needs no purchase."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import Live, values_at
from models.catalogue import Catalogue
from models.columns import NumberColumn, TagsColumn, TextColumn
from models.compiled import kernels
from models.distinct import distinct
from models.errors import NotFittedError
from models.interactions import Weighting, heaviest, user_items
from models.lists import RankedLists
from models.popularity import weights_by_age
from models.price_band import OCTAVES, nearness
from models.product_fields import OWN_TEXTS
from models.schema import NO_ROWS, NOTHING, UNKNOWN, Arrays, Context, Doubles, Floats, Ints, Longs, Scored, best, take

MOST_CHOSEN, BLOCK = 1000, 2000
"""Products of one shopper that count for likeness by shoppers, and products that it is worked out for at once."""


@dataclass(frozen=True, slots=True)
class Later:
    """Products that came after the training, by the values that it knew."""

    lists: RankedLists
    """Products of each value, the newest first; its weight is the score."""
    ptr: Longs
    """(n_new + 1,): the i-th new product has values[ptr[i]:ptr[i + 1]]."""
    values: Ints


@dataclass
class Similar:
    """The share of the page product's information that a product has too, times nearness in price.

    A value held by n of N products weighs log(N / n) (Robertson, Understanding inverse document frequency, Journal of
    Documentation 2004). Each value keeps its ``length`` most bought products, so that a request never walks a whole
    category. Where the catalogue tells no likeness at all, each product stands for a value of its own, which the
    products hold that the same shoppers (or sessions) choose. Nearness in price is 2 ** -(log2(price ratio) /
    ``octaves``) ** 2: one half at a ratio of 2 ** octaves.
    """

    source: ClassVar[str] = "similar"
    personal: ClassVar[bool] = False
    length: int = 400
    octaves: float = OCTAVES
    choosers: float = 5.0
    """Without a catalogue: shoppers that likeness by shoppers is drawn to 0 by."""
    lists_: RankedLists | None = None
    """Products of each attribute value; its weight is the score."""
    ptr_: Longs = field(default_factory=lambda: np.zeros(1, np.int64))
    """(n_products + 1,): product i has values_[ptr_[i]:ptr_[i + 1]]."""
    values_: Ints = field(default_factory=lambda: NO_ROWS)
    price_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) NaN where unknown."""
    sold_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) recency-weighted purchases, as a share of the highest on a log scale."""
    later_: "Later | None" = None
    """Products that came after the training."""

    def fit(self, data: Fitting) -> Self:
        """Learn from the catalogue's text and tag columns."""
        n = len(data.catalogue)
        sold = np.log1p(np.bincount(data.purchases.product, weights_by_age(data, 60.0), minlength=n))
        self.sold_ = (sold / max(sold.max(initial=0.0), 1e-12)).astype(np.float32)
        price = data.catalogue.columns.get("price")
        self.price_ = (price.values if isinstance(price, NumberColumn) else np.full(n, np.nan)).astype(np.float32)
        told = telling(data.catalogue)
        if not told:
            self.ptr_, self.values_ = np.arange(n + 1, dtype=np.int64), np.arange(n, dtype=np.int32)
            self.lists_ = _by_choosers(data, self.choosers, self.length)
            return self
        rows, values, weights = [NO_ROWS], [NO_ROWS], [np.empty(0)]
        n_values = 0
        for column in told.values():
            row, code = _entries(column)
            holders = np.bincount(code, minlength=len(column.vocabulary))
            rows.append(row)
            values.append(code + np.int32(n_values))
            weights.append(np.log(n / holders[code]))
            n_values += len(column.vocabulary)
        self._keep(np.concatenate(rows), np.concatenate(values), np.concatenate(weights), n, n_values)
        return self

    def _keep(self, rows: Ints, values: Ints, weights: Doubles, n: int, n_values: int) -> None:
        by_product = np.argsort(rows, kind="stable")
        self.values_ = values[by_product].astype(np.int32)
        self.ptr_ = np.zeros(n + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=n), out=self.ptr_[1:])
        by_sales = RankedLists.of(values, rows, self.sold_[rows], n_values, self.length)
        weight = np.zeros(n_values)
        weight[values] = weights
        of_value = np.repeat(np.arange(n_values), np.diff(by_sales.ptr))
        self.lists_ = RankedLists(by_sales.ptr, by_sales.rows, weight[of_value].astype(np.float32))

    def arrays(self) -> Arrays:
        """Return the lists by value, each product's values, prices and sales."""
        own: Arrays = {"ptr": self.ptr_, "values": self.values_, "price": self.price_, "sold": self.sold_}
        return {**self._lists().arrays("lists"), **own}

    def load(self, arrays: Arrays) -> Self:
        """Take them over."""
        self.lists_ = RankedLists.load(arrays, "lists")
        self.ptr_, self.values_ = take(arrays, "ptr", np.int64), take(arrays, "values", np.int32)
        self.price_, self.sold_ = take(arrays, "price", np.float32), take(arrays, "sold", np.float32)
        return self

    def follow(self, live: Live) -> "Similar":
        """Return the model with live prices, and new products by the values that training knew."""
        price = live.catalogue.columns.get("price")
        values = price.values if isinstance(price, NumberColumn) else np.full(len(live.catalogue), np.nan)
        later = _later(live, self._lists(), self.length) if len(live.new_rows) else None
        return replace(self, price_=values.astype(np.float32), later_=later)

    def candidates(self, context: Context, n: int) -> Scored:
        """Return what is like the page's product, or the last product looked at; nothing without either."""
        seed = context.looked_at
        if seed == UNKNOWN:
            return NOTHING
        every = (self._lists(), *([] if self.later_ is None else [self.later_.lists]))
        rows = distinct(np.concatenate([one.joined(self._values(seed))[0] for one in every]))
        return best(self.score(context, rows), n, rows)

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the likeness of ``rows``, in [0, 1]; 0 for what shares nothing, or lies beyond the lists."""
        lists, seed = self._lists(), context.looked_at
        if seed == UNKNOWN:
            return np.zeros(len(rows), np.float32)
        values = self._values(seed)
        firsts = lists.ptr[values][lists.ptr[values] < lists.ptr[values + 1]]
        whole = max(float(lists.scores[firsts].sum()), 1e-12)  # every entry of a catalogue's value has its weight
        likeness = _shared(lists, values, whole, rows)
        if self.later_ is not None:
            likeness += _shared(self.later_.lists, values, whole, rows)
        near = nearness(values_at(self.price_, rows, np.nan), float(self.price_[seed]), self.octaves)
        scores: Doubles = likeness * (0.25 + 0.75 * near) * (0.8 + 0.2 * values_at(self.sold_, rows, 0))
        scores[rows == seed] = 0
        return scores.astype(np.float32)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Name the product that it is like."""
        seed = context.looked_at
        if seed == UNKNOWN:
            return None
        if len(self._lists()) == len(self.values_) and row in self._lists().list(seed).rows and row != seed:
            return Fact("same-choosers", "Chosen by those who choose {product}", {"product": seed})
        if set(self._values(row).tolist()).isdisjoint(self._values(seed).tolist()):
            return None
        return Fact("similar", "Similar to {product}", {"product": seed})

    def _values(self, row: int) -> Ints:
        """Return the attribute values of a product."""
        n_trained = len(self.ptr_) - 1
        if row < n_trained or self.later_ is None:
            return self.values_[self.ptr_[row] : self.ptr_[row + 1]]
        place, later = row - n_trained, self.later_
        return later.values[later.ptr[place] : later.ptr[place + 1]]

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError("Similar: call fit() or load() first")
        return self.lists_


def _shared(lists: RankedLists, values: Ints, whole: float, rows: Ints) -> Doubles:
    """Return (n_rows,) the sum of the weights, as parts of the ``whole``, of the ``values`` that ``rows`` have."""
    out = np.empty(len(rows))
    wanted = np.ascontiguousarray(rows, np.int32)
    kernels().shared(lists.ptr, lists.rows, lists.scores, values, whole, wanted, out)
    return out


def telling(catalogue: Catalogue) -> dict[str, TextColumn | TagsColumn]:
    """Return the columns whose values several products share, by name; nearly every product's own tells no likeness."""
    out: dict[str, TextColumn | TagsColumn] = {}
    for name, column in sorted(catalogue.columns.items()):
        if isinstance(column, NumberColumn) or name in OWN_TEXTS:
            continue
        count = len(column.codes) if isinstance(column, TagsColumn) else np.count_nonzero(column.codes != UNKNOWN)
        if count and len(column.vocabulary) <= 0.5 * count:
            out[name] = column
    return out


def _by_choosers(data: Fitting, prior: float, length: int) -> RankedLists:
    """Return for each product those of the same shoppers: shared / (root of both numbers + prior), 1 = the very same."""
    chosen = heaviest(user_items(data, Weighting(binary=True)), MOST_CHOSEN).astype(np.float64)
    by_product, n = chosen.T.tocsr(), chosen.shape[1]
    root, found = np.sqrt(np.diff(by_product.indptr)), [RankedLists.of(NO_ROWS, NO_ROWS, np.empty(0), 0, length)]
    for start in range(0, n, BLOCK):  # memory stays bounded
        pairs = (by_product[start : start + BLOCK] @ chosen).tocoo()
        one, other = pairs.row + np.int64(start), pairs.col
        like, apart = pairs.data / (root[one] * root[other] + prior), one != other
        keys = pairs.row[apart].astype(np.int64)
        found.append(RankedLists.of(keys, other[apart].astype(np.int32), like[apart], min(BLOCK, n - start), length))
    ptr = np.cumsum(np.concatenate([[0], *(np.diff(one.ptr) for one in found)])).astype(np.int64)
    return RankedLists(ptr, *(np.concatenate([getattr(one, part) for one in found]) for part in ("rows", "scores")))


def _later(live: Live, lists: RankedLists, length: int) -> Later:
    """Return the new products by the values of the trained ``lists``."""
    n_trained, n_new = len(live.trained), len(live.new_rows)
    places, values, n_values = [NO_ROWS], [NO_ROWS], 0
    for name, trained in telling(live.trained).items():
        column = live.catalogue.columns.get(name)
        if isinstance(column, TextColumn | TagsColumn):
            row, code = _entries(column.take(live.new_rows))
            known = code < len(trained.vocabulary)
            places.append(row[known])
            values.append(code[known] + np.int32(n_values))
        n_values += len(trained.vocabulary)
    place, value = np.concatenate(places), np.concatenate(values)
    order = np.argsort(place, kind="stable")
    ptr = np.zeros(n_new + 1, np.int64)
    np.cumsum(np.bincount(place, minlength=n_new), out=ptr[1:])
    newest = RankedLists.of(
        value, place + np.int32(n_trained), live.since[place].astype(np.float64), len(lists), length
    )
    of_value = np.repeat(np.arange(len(lists)), np.diff(newest.ptr))
    weights = lists.scores[lists.ptr[of_value]]
    return Later(RankedLists(newest.ptr, newest.rows, weights), ptr, value[order])


def _entries(column: TextColumn | TagsColumn) -> tuple[Ints, Ints]:
    """Return row and code of every value that the column holds."""
    if isinstance(column, TagsColumn):
        return np.repeat(np.arange(len(column.ptr) - 1, dtype=np.int32), np.diff(column.ptr)), column.codes
    rows = np.flatnonzero(column.codes != UNKNOWN).astype(np.int32)
    return rows, column.codes[rows]
