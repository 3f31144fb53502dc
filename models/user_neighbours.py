"""Products that shoppers with like purchases buy.

Source: Faggioli, Polato, Aiolli, Recency aware collaborative filtering for next basket recommendation, UMAP 2020
(UP-CF): neighbours by what was bought, their recent frequencies as the prediction, likeness raised to a power.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.ease_solve import best_by_blocks, spread
from models.errors import NotFittedError
from models.interactions import Weighting, by_recency, user_items
from models.lists import RankedLists, scores_of
from models.schema import Arrays, Context, Floats, Ints, Scored

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


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
        found = best_by_blocks(
            *near.shape, self.length, lambda start, end: self._block(unit, near, start, end), data.threads, near
        )
        self.lists_ = spread(found, active, kept, matrix.shape[0])
        return self

    def _block(self, unit: "csr_matrix", near: "csr_matrix", start: int, end: int) -> Floats:
        """Return (n_block, n_products) the mean weight among the neighbours of each user of a block."""
        from scipy.sparse import csr_matrix

        like = (unit[start:end] @ unit.T).toarray()
        own = np.arange(len(like))
        like[own, start + own] = 0
        k = min(self.neighbours, like.shape[1])
        top = np.argpartition(-like, k - 1, axis=1)[:, :k]
        weight = np.take_along_axis(like, top, axis=1) ** self.power
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        chosen = csr_matrix((weight.ravel(), top.ravel(), np.arange(len(like) + 1) * k), shape=like.shape)
        out: Floats = (chosen @ near).toarray().astype(np.float32)
        return out

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
