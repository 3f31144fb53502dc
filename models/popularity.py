"""What sells: the recency-weighted share of orders with a product, over the shop, in a store, in a category."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import Live, live_codes, values_at
from models.columns import TextColumn
from models.errors import NotFittedError
from models.lists import RankedLists, decay, scores_of
from models.robust import line_weights
from models.schema import DAY, NOTHING, UNKNOWN, Arrays, Context, Doubles, Floats, Ints, Scored, best, take
from models.signals import heaviest_of_visits


def weights_by_age(data: Fitting, half_life: float) -> Doubles:
    """Return (n_lines,) recency weights: 1 at ``until``, one half ``half_life`` days before; less for heavy shoppers."""
    return decay((data.until - data.purchases.time) / DAY, half_life) * line_weights(data)


def shares(data: Fitting, weights: Doubles, signs: Doubles | None = None) -> Doubles:
    """Return (n_products,) the weighted share of orders that hold each product, in [0, 1].

    Args:
        data: what is learned from.
        weights: (n_lines,) of the purchase lines.
        signs: (n_signals,) of the signals, or None: a shopper's day of them counts as so much of an order.
    """
    bought, total = data.statistics.sold(data.purchases, weights)
    if signs is not None and len(signs):
        bought = bought + np.bincount(data.signals.product, signs, data.purchases.n_products)
        total += heaviest_of_visits(data.signals, signs).sum()
    return np.minimum(bought / (total or 1.0), 1.0)


@dataclass
class Popularity:
    """Bestsellers of the whole shop."""

    source: ClassVar[str] = "popularity"
    personal: ClassVar[bool] = False
    half_life: float = 30.0
    """Days after which a purchase counts half."""
    length: int = 2000
    """Products kept in rank order; scores are kept for all."""
    scores_: Floats | None = None
    """(n_products,): share of the recency-weighted orders, in [0, 1]."""
    top_: Ints = field(default_factory=lambda: np.empty(0, np.int32))

    def fit(self, data: Fitting) -> Self:
        """Learn from purchase lines, and from signals by their weights."""
        signs = data.signals.weight * decay((data.until - data.signals.time) / DAY, self.half_life)
        self.scores_ = shares(data, weights_by_age(data, self.half_life), signs).astype(np.float32)
        self.top_ = best(self.scores_, self.length).rows
        return self

    def arrays(self) -> Arrays:
        """Return scores and order."""
        return {"scores": self._scores(), "top": self.top_}

    def load(self, arrays: Arrays) -> Self:
        """Take scores and order over."""
        self.scores_, self.top_ = take(arrays, "scores", np.float32), take(arrays, "top", np.int32)
        return self

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the ``n`` most popular products: the same for every context."""
        scores = self._scores()
        if n > len(self.top_):
            return best(scores, n)
        return Scored(self.top_[:n], scores[self.top_[:n]])

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the popularity of ``rows``."""
        return values_at(self._scores(), rows, 0)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say that it sells."""
        scores = self._scores()
        if row not in self.top_:
            return None
        place = int(np.count_nonzero(scores[self.top_] > scores[row])) + 1
        return Fact("popular", "Number {place} of what sells here", {"place": place})

    def _scores(self) -> Floats:
        if self.scores_ is None:
            raise NotFittedError("Popularity: call fit() or load() first")
        return self.scores_


@dataclass
class _PopularityBy:
    """Bestsellers by a key: one ranked list a key; scores are shares of the orders that hold the key."""

    half_life: float = 30.0
    prior: float = 20.0
    """Orders that the whole shop's share counts for: a key with few orders is drawn to what sells everywhere."""
    length: int = 500
    lists_: RankedLists | None = None

    def _fit_keys(self, data: Fitting, keys: Ints, n_keys: int) -> None:
        lines, weights = data.purchases, weights_by_age(data, self.half_life)
        key, product, bought, total = data.statistics.sold_by(lines, weights, keys, n_keys)
        overall = shares(data, weights)[product]
        share = (bought + self.prior * overall) / (total[key] + self.prior)
        self.lists_ = RankedLists.of(key, product, share, n_keys, self.length)

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError(f"{type(self).__name__}: call fit() or load() first")
        return self.lists_

    def arrays(self) -> Arrays:
        """Return the lists."""
        return self._lists().arrays("lists")

    def load(self, arrays: Arrays) -> Self:
        """Take the lists over."""
        self.lists_ = RankedLists.load(arrays, "lists")
        return self


@dataclass
class StorePopularity(_PopularityBy):
    """Bestsellers of the request's store."""

    source: ClassVar[str] = "store-popularity"
    personal: ClassVar[bool] = False

    def fit(self, data: Fitting) -> Self:
        """Learn from purchase lines that name a store."""
        self._fit_keys(data, data.purchases.store, data.purchases.n_stores)
        return self

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the store's bestsellers; nothing without a store."""
        found = self._lists().list(context.store)
        return Scored(found.rows[:n], found.scores[:n])

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the popularity of ``rows`` in the store."""
        return scores_of(self._lists().list(context.store), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say that it sells in this store."""
        place = np.flatnonzero(self._lists().list(context.store).rows == row)
        if not len(place):
            return None
        return Fact("popular-in-store", "Number {place} of what sells in this store", {"place": int(place[0]) + 1})


@dataclass
class CategoryPopularity(_PopularityBy):
    """Bestsellers of the page product's category."""

    source: ClassVar[str] = "category-popularity"
    personal: ClassVar[bool] = False
    codes_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """(n_products,) category code of each product."""

    def fit(self, data: Fitting) -> Self:
        """Learn from purchase lines and the catalogue's ``category`` column."""
        column = data.catalogue.columns.get("category")
        n = data.purchases.n_products
        if isinstance(column, TextColumn):
            self.codes_, n_keys = column.codes, len(column.vocabulary)
        else:
            self.codes_, n_keys = np.full(n, UNKNOWN, np.int32), 0
        self._fit_keys(data, self.codes_[data.purchases.product], n_keys)
        return self

    def arrays(self) -> Arrays:
        """Return lists and codes."""
        return {**super().arrays(), "codes": self.codes_}

    def load(self, arrays: Arrays) -> Self:
        """Take lists and codes over."""
        self.codes_ = take(arrays, "codes", np.int32)
        return super().load(arrays)

    def follow(self, live: Live) -> Self:
        """Return the model with the live catalogue's categories: a new product's page has its category's bestsellers."""
        return replace(self, codes_=live_codes(self.codes_, live))

    def _list(self, context: Context) -> Scored:
        seed = context.page if context.page != UNKNOWN else (int(context.cart[-1]) if len(context.cart) else UNKNOWN)
        return NOTHING if seed == UNKNOWN else self._lists().list(int(self.codes_[seed]))

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the bestsellers of the page's category, or of the last cart product's; nothing without either."""
        found = self._list(context)
        return Scored(found.rows[:n], found.scores[:n])

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the popularity of ``rows`` in the category."""
        return scores_of(self._list(context), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say that it sells in this category."""
        place = np.flatnonzero(self._list(context).rows == row)
        if not len(place):
            return None
        return Fact("popular-in-category", "Number {place} of what sells in its category", {"place": int(place[0]) + 1})
