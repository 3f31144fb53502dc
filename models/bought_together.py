"""What completes an order: the smoothed conditional probability of a product, given a product of the same order."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import values_at
from models.compiled import kernels, places_in
from models.errors import NotFittedError
from models.lists import RankedLists, decay, summed
from models.remembered import Remembered
from models.robust import line_weights
from models.schema import (
    DAY,
    NOTHING,
    UNKNOWN,
    Arrays,
    Bools,
    Context,
    Doubles,
    Floats,
    Ints,
    Purchases,
    Scored,
    best,
    take,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass
class BoughtTogether:
    """P(j in the order | i in the order), recency-weighted, drawn to P(j) by ``prior`` pseudo-orders.

    Raw lift and cosine favour rare noise: with few orders of i the estimate must fall back on what sells anyway.
    Several seeds (a cart) share their evidence: the mean over seeds.
    """

    source: ClassVar[str] = "bought-together"
    personal: ClassVar[bool] = False
    half_life: float = 180.0
    """Days after which an order counts half."""
    prior: float = 30.0
    """Orders that the popularity of j counts for."""
    length: int = 150
    largest: int = 100
    """Products of one order that pairs are counted for; further ones of a larger order are left out."""
    popular: int = 500
    lists_: RankedLists | None = None
    """Weighted number of orders with both, by product."""
    counts_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """(n_pairs,) number of orders with both, of any age; in the order of ``lists_``."""
    orders_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) weighted number of orders with the product."""
    share_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) of all orders, in [0, 1]."""
    top_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    by_shopper_: Bools = field(default_factory=lambda: np.zeros(1, np.bool_))
    """(1,) whether an order here is all that a shopper has: no order of this shop holds two products."""
    last_: Remembered[tuple[Ints, Doubles, float]] = field(default_factory=Remembered, repr=False, compare=False)

    def fit(self, data: Fitting) -> Self:
        """Learn pair counts by order."""
        self.last_ = Remembered()
        baskets, weights = self._baskets(data)
        self.orders_ = (weights @ baskets).astype(np.float32)
        self.share_ = (self.orders_ / max(float(weights.sum()), 1e-12)).astype(np.float32)
        self.top_ = best(self.share_, self.popular).rows
        self.lists_, self.counts_ = data.statistics.pairs(baskets, weights, self.length)
        return self

    def _baskets(self, data: Fitting) -> "tuple[csr_matrix, Doubles]":
        """Return which products each order holds, and each order's weight; shoppers, where no order holds two products."""
        lines, counts = data.purchases, line_weights(data)
        matrix = _holds(lines.order, lines, lines.n_orders)
        single = len(lines) > 0 and int(np.diff(matrix.indptr).max()) < 2
        self.by_shopper_ = np.array([single])
        if single:
            lines, counts = lines.where(lines.user != UNKNOWN), counts[lines.user != UNKNOWN]
            matrix = _holds(lines.user, lines, lines.n_users)
        basket = lines.user if single else lines.order
        place = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], np.diff(matrix.indptr))
        matrix.data[:] = place < self.largest
        matrix.eliminate_zeros()
        when = np.zeros(matrix.shape[0], np.int64)
        np.maximum.at(when, basket, lines.time)
        present = (np.diff(matrix.indptr) > 0).astype(np.float64)
        present[basket] *= counts  # all lines of a basket are one shopper's
        return matrix, decay((data.until - when) / DAY, self.half_life) * present

    def arrays(self) -> Arrays:
        """Return pair counts and order counts."""
        counts = {"orders": self.orders_, "share": self.share_, "top": self.top_, "both": self.counts_}
        return {**self._lists().arrays("pairs"), **counts, "by_shopper": self.by_shopper_}

    def load(self, arrays: Arrays) -> Self:
        """Take pair counts and order counts over."""
        self.last_, self.lists_ = Remembered(), RankedLists.load(arrays, "pairs")
        self.orders_, self.share_ = take(arrays, "orders", np.float32), take(arrays, "share", np.float32)
        self.top_, self.counts_ = take(arrays, "top", np.int32), take(arrays, "both", np.int32)
        self.by_shopper_ = take(arrays, "by_shopper", np.bool_)
        return self

    def _seeds(self, context: Context) -> Ints:
        if context.page != UNKNOWN:
            return np.array([context.page], np.int32)
        return context.cart if len(context.cart) else context.recent[-1:]

    def _all(self, context: Context) -> tuple[Ints, Doubles, float]:
        return self.last_.of(context, lambda context: self._probability(self._seeds(context)))

    def _probability(self, seeds: Ints) -> tuple[Ints, Doubles, float]:
        """Return paired rows, the mean over seeds of pairs / (orders + prior), and the mean share of the prior."""
        rows, pairs, places = self._lists().joined(seeds)
        base = values_at(self.orders_, seeds, 0) + self.prior
        each = pairs / base[places] / len(seeds)
        found, evidence = (rows, each.astype(np.float64)) if len(seeds) == 1 else summed(rows, each)
        return found, evidence, float(np.mean(self.prior / base))

    def candidates(self, context: Context, n: int) -> Scored:
        """Return what shares orders with the page's product, else the cart, else the last product looked at."""
        seeds = self._seeds(context)
        if not len(seeds):
            return NOTHING
        found = self._all(context)[0]
        rows = np.concatenate([found, self.top_[places_in(found, self.top_) < 0]]).astype(np.int32)
        return best(self.score(context, rows), n, rows)

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the probability of ``rows`` in the order, in [0, 1]; 0 without any seed, and for the seeds."""
        seeds = self._seeds(context)
        if not len(seeds):
            return np.zeros(len(rows), np.float32)
        found, evidence, prior = self._all(context)
        seeds, wanted = np.ascontiguousarray(seeds), np.ascontiguousarray(rows, np.int32)
        out = np.empty(len(rows), np.float32)
        kernels().paired(found, evidence, self.share_, prior, seeds, wanted, out)
        return out

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say in how many orders, and how much more often than chance, it goes with the seed that it goes with most."""
        lists, strongest = self._lists(), (0.0, UNKNOWN, 0)
        for seed in self._seeds(context).tolist():
            for place in np.flatnonzero(lists.list(seed).rows == row).tolist():
                entry = int(lists.ptr[seed]) + place
                strongest = max(strongest, (float(lists.scores[entry]), seed, int(self.counts_[entry])))
        weight, seed, orders = strongest
        if orders < 2:
            return None
        times = weight / max(float(self.orders_[seed] * self.share_[row]), 1e-9)
        if times < 1.05:
            return None
        where = "by {orders} shoppers" if self.by_shopper_[0] else "in {orders} orders"
        return Fact(
            "bought-together",
            f"Bought with {{product}} {where}, {{times}} times more often than chance",
            {"product": seed, "orders": orders, "times": round(times, 1)},
        )

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError("BoughtTogether: call fit() or load() first")
        return self.lists_


def _holds(baskets: Ints, lines: Purchases, n: int) -> "csr_matrix":
    """Return the (n, n_products) matrix of 1 where a basket holds a product."""
    from scipy.sparse import csr_matrix

    matrix = csr_matrix((np.ones(len(lines), np.float32), (baskets, lines.product)), shape=(n, lines.n_products))
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix
