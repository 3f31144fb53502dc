"""What shoppers try for the first time now: where the discovery of a new product begins."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import values_at
from models.distinct import first_places
from models.errors import NotFittedError
from models.lists import decay
from models.robust import line_weights
from models.schema import DAY, UNKNOWN, Arrays, Context, Floats, Ints, Scored, best, take


@dataclass
class Newcomers:
    """A product's share of all first purchases of a product by a shopper, recency-weighted."""

    source: ClassVar[str] = "newcomers"
    personal: ClassVar[bool] = False
    half_life: float = 30.0
    length: int = 2000
    """Products kept in rank order: as many as a shopper of many products needs beside those."""
    scores_: Floats | None = None
    """(n_products,) in [0, 1]."""
    top_: Ints | None = None

    def fit(self, data: Fitting) -> Self:
        """Learn from the first purchase of each product by each shopper."""
        lines, n = data.purchases, max(data.purchases.n_products, 1)
        known = np.flatnonzero(lines.user != UNKNOWN)
        first = first_places(lines.user[known].astype(np.int64) * n + lines.product[known])
        faded = decay((data.until - lines.time[known[first]]) / DAY, self.half_life) * line_weights(data)[known[first]]
        sums = np.bincount(lines.product[known[first]], faded, lines.n_products)
        self.scores_ = (sums / max(sums.sum(), 1e-12)).astype(np.float32)
        self.top_ = best(self.scores_, self.length).rows
        return self

    def arrays(self) -> Arrays:
        """Return scores and order."""
        scores = self._scores()
        return {"scores": scores, "top": best(scores, self.length).rows if self.top_ is None else self.top_}

    def load(self, arrays: Arrays) -> Self:
        """Take scores and order over."""
        self.scores_, self.top_ = take(arrays, "scores", np.float32), take(arrays, "top", np.int32)
        return self

    def candidates(self, context: Context, n: int) -> Scored:
        """Return what is tried most: the same for every context."""
        scores = self._scores()
        if self.top_ is None or n > len(self.top_):
            return best(scores, n)
        return Scored(self.top_[:n], scores[self.top_[:n]])

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the share of ``rows`` in first purchases."""
        return values_at(self._scores(), rows, 0)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say that others try it now."""
        if self.top_ is None or row not in self.top_[:100]:
            return None
        return Fact("tried", "Many shoppers try it now for the first time", {})

    def _scores(self) -> Floats:
        if self.scores_ is None:
            raise NotFittedError("Newcomers: call fit() or load() first")
        return self.scores_
