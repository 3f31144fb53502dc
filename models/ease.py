"""Products that a shopper's own products predict, by a linear model without hidden factors.

Source: Steck, Embarrassingly shallow autoencoders for sparse data, WWW 2019 (EASE); ``models.ease_solve`` solves it.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.ease_solve import Dual, best_by_blocks, most_bought, primal, spread
from models.errors import NotFittedError
from models.interactions import Weighting, by_recency, tastes, to_list, user_items
from models.lists import RankedLists, scores_of, summed
from models.remembered import Remembered
from models.schema import NO_HISTORY, Arrays, Context, Floats, Ints, Longs, Scored, best

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

DENSE = 200_000_000
"""Cells of shoppers x products that the dual may hold: 0.8 GB."""
ENTRIES = 10_000_000
"""Entries of all shoppers' lists together: 80 MB of an artifact, and the scores of 100,000 shoppers to work out at most."""
SHORTEST = 100
"""Entries of a shopper's list where there are so many shoppers that lists must be cut."""


@dataclass
class Ease:
    """The best products of each shopper: exact lists for those whom training knew, sums of weights for all others.

    With fewer shoppers than products the dual is solved, else the primal; both are exact. Where both are many, the
    ``most_products`` most bought products take part, and the shoppers of whom there is most room for lists are those
    with the latest purchases. Everybody else, and every session, is folded in at the request from ``neighbours``
    weights of each product.
    """

    source: ClassVar[str] = "ease"
    personal: ClassVar[bool] = True
    regularization: float = 500.0
    length: int = 300
    """Products of a shopper's list: as many of those that the shopper bought, and of others."""
    most_users: int = 12_000
    """Shoppers that the dual is solved for at most."""
    most_products: int = 10_000
    """Products that the primal is solved for at most: 4 bytes for each two of them."""
    offered: int = 4_000
    """Products that strangers are offered where the dual is solved: the most bought ones."""
    neighbours: int = 100
    """Weights kept of each product."""
    sessions: bool = True
    """Whether anybody new or any session will be asked for; without, the dual learns no weights of products."""
    min_buyers: int = 3
    weighting: Weighting = field(default_factory=Weighting)
    lists_: RankedLists | None = None
    """By user row."""
    weights_: RankedLists | None = None
    """By product row: the products that it speaks for most, and how much."""
    last_: Remembered[Scored] = field(default_factory=Remembered, repr=False, compare=False)
    """What was put together last: one request asks for candidates, for scores and for facts."""

    def fit(self, data: Fitting) -> Self:
        """Learn each shopper's list and each product's weights."""
        self.last_ = Remembered()
        matrix = user_items(data, self.weighting)
        kept = np.flatnonzero(matrix.getnnz(axis=0) >= self.min_buyers).astype(np.int32)
        active = np.flatnonzero(matrix.getnnz(axis=1) > 0)
        if not matrix[:, kept].nnz:
            none = RankedLists.none(0)
            self.lists_ = spread(none, active[:0], kept, matrix.shape[0])
            self.weights_ = spread(none, active[:0], kept, matrix.shape[1])
        elif self._small(len(active), len(kept)):
            self._fit_dual(matrix, active.astype(np.int64), kept, data)
        else:
            self._fit_primal(matrix, by_recency(data, active), kept, data)
        return self

    def _small(self, n_users: int, n_products: int) -> bool:
        """Return whether the dual is the smaller way, and fits into memory."""
        fits = n_users <= self.most_users and n_users * n_products <= DENSE
        return fits and (n_users <= n_products or n_products > self.most_products)

    def _fit_dual(self, matrix: "csr_matrix", active: Longs, kept: Ints, data: Fitting) -> None:
        users = matrix[active][:, kept].tocsc()
        offered = most_bought(users, self.offered if self.sessions else 0)
        dual = Dual.solve(users, self.regularization, offered)
        listed = to_list(data, active)
        rows = np.searchsorted(active, listed)
        mine = users.tocsr()[rows]
        found = best_by_blocks(
            *mine.shape, self.length, lambda start, end: dual.scores[rows[start:end]], data.threads, mine
        )
        self.lists_ = spread(found, listed, kept, matrix.shape[0])
        found = RankedLists.none(len(kept))
        if self.sessions:
            found = dual.weights(users, offered, self.neighbours, data.threads)
        self.weights_ = spread(found, kept.astype(np.int64), kept, matrix.shape[1])

    def _fit_primal(self, matrix: "csr_matrix", active: Longs, kept: Ints, data: Fitting) -> None:
        kept = kept[most_bought(matrix[:, kept], self.most_products)]
        users = matrix[:, kept].tocsr()
        weights = primal(users, self.regularization)
        length = min(self.length, max(SHORTEST, ENTRIES // max(len(active), 1)))
        active = to_list(data, np.sort(active[: ENTRIES // length]))
        mine = users[active]
        n = len(kept)
        found = best_by_blocks(len(active), n, length, lambda start, end: mine[start:end] @ weights, data.threads, mine)
        self.lists_ = spread(found, active, kept, matrix.shape[0])
        found = best_by_blocks(n, n, self.neighbours, lambda start, end: weights[start:end], data.threads)
        self.weights_ = spread(found, kept.astype(np.int64), kept, matrix.shape[1])

    def arrays(self) -> Arrays:
        """Return the lists and the weights."""
        lists, weights = self._learned()
        return {**lists.arrays("lists"), **weights.arrays("weights")}

    def load(self, arrays: Arrays) -> Self:
        """Take the lists and the weights over."""
        self.last_ = Remembered()
        self.lists_, self.weights_ = RankedLists.load(arrays, "lists"), RankedLists.load(arrays, "weights")
        return self

    def _all(self, context: Context) -> Scored:
        return self.last_.of(context, self._joined)

    def _joined(self, context: Context) -> Scored:
        """Return the shopper's list; without one, or with a session, also what the weights add."""
        lists, weights = self._learned()
        known = lists.list(context.user)
        if len(known) and not (len(context.recent) or len(context.cart)):
            return known
        seeds, trust = tastes(replace(context, history=NO_HISTORY) if len(known) else context, self.weighting)
        rows, scores, places = weights.joined(seeds)
        if not len(rows):
            return known
        rows, summed_ = summed(
            np.concatenate([known.rows, rows]), np.concatenate([known.scores, scores * trust[places]])
        )
        return best(summed_, len(rows), rows)

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the shopper's best products; nothing without any purchase, cart or session."""
        found = self._all(context)
        return Scored(found.rows[:n], found.scores[:n])

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the predictions for ``rows``; 0 for what is not in the shopper's list, nor spoken for."""
        return scores_of(self._all(context), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say that it goes with what the shopper buys."""
        return Fact("taste", "Goes with what you buy", {}) if row in self._all(context).rows else None

    def _learned(self) -> tuple[RankedLists, RankedLists]:
        if self.lists_ is None or self.weights_ is None:
            raise NotFittedError("Ease: call fit() or load() first")
        return self.lists_, self.weights_
