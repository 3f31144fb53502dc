"""What moves: products that sell faster than they used to, and products that are new."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.errors import NotFittedError
from models.lists import scores_of
from models.robust import line_weights
from models.schema import DAY, Arrays, Context, Doubles, Floats, Ints, Scored, best, take


@dataclass
class Trending:
    """Products whose sales of the last days exceed what the weeks before let expect.

    Score: excess over expectation in standard deviations of a Poisson count, (recent - expected) / sqrt(expected + 1),
    scaled to the highest; a shop-wide rise is taken out of the expectation. With no weeks before, nothing is expected
    and nothing trends.
    """

    source: ClassVar[str] = "trending"
    personal: ClassVar[bool] = False
    days: float = 7.0
    before: float = 56.0
    """Days before the recent ones that the expectation comes from."""
    length: int = 500
    found_: Scored | None = None
    growth_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_found,): recent rate over the rate before."""

    def fit(self, data: Fitting) -> Self:
        """Learn from purchase lines of the last ``days + before`` days."""
        age = (data.until - data.purchases.time) / DAY
        product, n, weight = data.purchases.product, data.purchases.n_products, line_weights(data)
        late, before = age <= self.days, (age > self.days) & (age <= self.days + self.before)
        recent = np.bincount(product[late], weight[late], n)
        earlier = np.bincount(product[before], weight[before], n)
        expected = earlier * (recent.sum() / (earlier.sum() or 1))
        excess: Doubles = (recent - expected) / np.sqrt(expected + 1)
        excess[(recent < 3) | (earlier.sum() == 0)] = 0
        self.found_ = best(np.maximum(excess / max(excess.max(initial=0.0), 1e-12), 0), self.length)
        self.growth_ = (recent / np.maximum(expected, 1))[self.found_.rows].astype(np.float32)
        return self

    def arrays(self) -> Arrays:
        """Return the ranked products, their scores and growth."""
        found = self._found()
        return {"rows": found.rows, "scores": found.scores, "growth": self.growth_}

    def load(self, arrays: Arrays) -> Self:
        """Take the ranked products over."""
        self.found_ = Scored(take(arrays, "rows", np.int32), take(arrays, "scores", np.float32))
        self.growth_ = take(arrays, "growth", np.float32)
        return self

    def candidates(self, context: Context, n: int) -> Scored:
        """Return what grows most: the same for every context."""
        found = self._found()
        return Scored(found.rows[:n], found.scores[:n])

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the excess of ``rows``."""
        return scores_of(self._found(), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say how much faster it sells, where that shows in one decimal."""
        place = np.flatnonzero(self._found().rows == row)
        times = round(float(self.growth_[place[0]]), 1) if len(place) else 1.0
        if times <= 1:
            return None
        return Fact("rising", "Sells {times} times as fast as in the weeks before", {"times": times})

    def _found(self) -> Scored:
        if self.found_ is None:
            raise NotFittedError("Trending: call fit() or load() first")
        return self.found_
