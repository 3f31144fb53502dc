"""Products that shoppers with like purchases buy.

Source: Faggioli, Polato, Aiolli, Recency aware collaborative filtering for next basket recommendation, UMAP 2020
(UP-CF): neighbours by what was bought, their recent frequencies as the prediction, likeness raised to a power.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.ease_solve import best_by_blocks, spread
from models.errors import NotFittedError
from models.interactions import Weighting, by_recency, to_list, user_items
from models.lists import RankedLists, scores_of
from models.schema import Arrays, Context, Floats, Ints, Longs, Scored

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

DENSE = 20
"""So many times ``neighbours`` there may be shoppers for the weights of a block to be laid out in full, zeros too: up to there the
product of a sparse and a full matrix is quicker than that of two sparse ones."""


@dataclass
class UserNeighbours:
    """The best products of each known shopper, worked out at training; silent for everybody else.

    The work grows with the square of the shoppers, so neighbours are sought among the ``most_users`` with the most
    recent purchases, and only these get a list.
    """

    source: ClassVar[str] = "user-neighbours"
    personal: ClassVar[bool] = True
    neighbours: int = 200
    power: float = 2.0
    """Of the cosine: large = the nearest alone count."""
    length: int = 300
    """Products of a shopper's list: as many of those that the shopper bought, and of others."""
    min_buyers: int = 3
    most_users: int = 15_000
    weighting: Weighting = field(default_factory=lambda: Weighting(half_life=180.0))
    lists_: RankedLists | None = None

    def fit(self, data: Fitting) -> Self:
        """Learn each shopper's list."""
        matrix = user_items(data, self.weighting)
        kept = np.flatnonzero(matrix.getnnz(axis=0) >= self.min_buyers).astype(np.int32)
        near = matrix[:, kept].tocsr()
        active = np.flatnonzero(np.diff(near.indptr) > 0)
        active = np.sort(by_recency(data, active)[: self.most_users])
        near = near[active]
        norms = np.sqrt(np.asarray(near.multiply(near).sum(axis=1)).ravel())
        unit = near.multiply(1 / np.maximum(norms, 1e-12)[:, None]).tocsr()
        mean = _by_product(near) if len(active) <= DENSE * self.neighbours else lambda chosen: (chosen @ near).toarray()
        listed = to_list(data, active)
        rows = np.searchsorted(active, listed)
        mine = near[rows]
        found = best_by_blocks(
            *mine.shape, self.length, lambda start, end: mean(self._chosen(unit, rows[start:end])), data.threads, mine
        )
        self.lists_ = spread(found, listed, kept, matrix.shape[0])
        return self

    def _chosen(self, unit: "csr_matrix", users: Longs) -> "csr_matrix":
        """Return (n_block, n_users) the weights of the neighbours of each of ``users``; they add up to 1."""
        from scipy.sparse import csr_matrix

        like = (unit[users] @ unit.T).toarray()
        like[np.arange(len(like)), users] = 0
        k = min(self.neighbours, like.shape[1])
        top = np.argpartition(-like, k - 1, axis=1)[:, :k]
        weight = np.take_along_axis(like, top, axis=1) ** self.power
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        return csr_matrix((weight.ravel(), top.ravel(), np.arange(len(like) + 1) * k), shape=like.shape)

    def arrays(self) -> Arrays:
        """Return the lists."""
        return self._lists().arrays("lists")

    def load(self, arrays: Arrays) -> Self:
        """Take the lists over."""
        self.lists_ = RankedLists.load(arrays, "lists")
        return self

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the shopper's best products; nothing for somebody whom training did not know."""
        found = self._lists().list(context.user)
        return Scored(found.rows[:n], found.scores[:n])

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the neighbours' weight of ``rows``; 0 for what is not in the shopper's list."""
        return scores_of(self._lists().list(context.user), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say that shoppers alike buy it."""
        if row not in self._lists().list(context.user).rows:
            return None
        return Fact("neighbours", "Shoppers with purchases like yours buy it", {})

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError("UserNeighbours: call fit() or load() first")
        return self.lists_


def _by_product(near: "csr_matrix") -> "Callable[[csr_matrix], Floats]":
    """Return the function that gives (n_block, n_products) mean weights for (n_block, n_users) weights of neighbours."""
    by_product = near.T.tocsr()

    def mean(chosen: "csr_matrix") -> Floats:
        out: Floats = (by_product @ np.ascontiguousarray(chosen.toarray().T)).T
        return out

    return mean
