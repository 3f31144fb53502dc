"""Products that a shopper's own products predict, by a linear model without hidden factors.

Source: Steck, Embarrassingly shallow autoencoders for sparse data, WWW 2019 (EASE). Solved here by its dual, which is
exact on the whole catalogue and needs a matrix of users x users only: with K = X X' + lambda I and P = (X'X + lambda I)^-1,
X B = X - (X P) / diag(P) = X - K^-1 X / diag(P), and diag(P)_j = (1 - x_j' K^-1 x_j) / lambda (Woodbury).
"""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.errors import NotFittedError
from models.interactions import Weighting, user_items
from models.lists import RankedLists, scores_of
from models.schema import Arrays, Context, Floats, Ints, Longs, Scored

BLOCK = 4096


@dataclass
class Ease:
    """The best products of each known shopper, worked out at training; silent for everybody else.

    Where there are more than ``most_users`` shoppers, the dual would not fit: those with the most recent purchases
    are taken, and the others have no list.
    """

    source: ClassVar[str] = "ease"
    personal: ClassVar[bool] = True
    regularization: float = 500.0
    length: int = 300
    most_users: int = 12_000
    min_buyers: int = 3
    weighting: Weighting = field(default_factory=Weighting)
    lists_: RankedLists | None = None

    def fit(self, data: Fitting) -> Self:
        """Learn each shopper's list."""
        from scipy.linalg import cho_factor, cho_solve

        matrix = user_items(data, self.weighting)
        kept = np.flatnonzero(matrix.getnnz(axis=0) >= self.min_buyers).astype(np.int32)
        last = np.full(matrix.shape[0], np.iinfo(np.int64).min)
        known = data.purchases.user >= 0
        np.maximum.at(last, data.purchases.user[known], data.purchases.time[known])
        active = np.flatnonzero(matrix.getnnz(axis=1) > 0)
        active = np.sort(active[np.argsort(-last[active], kind="stable")][: self.most_users]).astype(np.int64)
        users = matrix[active][:, kept].tocsc()
        if not users.nnz:
            none = np.empty(0, np.int32)
            self.lists_ = RankedLists.of(none, none, np.empty(0), matrix.shape[0], self.length)
            return self
        gram = (users @ users.T).toarray()
        gram[np.diag_indices_from(gram)] += self.regularization
        factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
        scores = np.empty(users.shape, np.float32)
        for start in range(0, users.shape[1], BLOCK):
            block = users[:, start : start + BLOCK].toarray()
            solved = cho_solve(factor, block, check_finite=False)
            diagonal = (1 - np.einsum("ij,ij->j", block, solved)) / self.regularization
            scores[:, start : start + BLOCK] = block - solved / diagonal
        self.lists_ = self._best(scores, active, kept, matrix.shape[0])
        return self

    def _best(self, scores: Floats, active: Longs, kept: Ints, n_users: int) -> RankedLists:
        length = min(self.length, scores.shape[1])
        top = np.argpartition(-scores, length - 1, axis=1)[:, :length]
        values = np.take_along_axis(scores, top, axis=1)
        users, place = np.nonzero(values > 0)
        return RankedLists.of(
            active[users].astype(np.int32), kept[top[users, place]], values[users, place], n_users, length
        )

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
        """Return the predictions for ``rows``; 0 for what is not in the shopper's list."""
        return scores_of(self._lists().list(context.user), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say that it goes with what the shopper buys."""
        if row not in self._lists().list(context.user).rows:
            return None
        return Fact("taste", "Goes with what you buy", {})

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError("Ease: call fit() or load() first")
        return self.lists_
