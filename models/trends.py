"""What moves: products that sell faster than they used to, and products that are new."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import Live
from models.columns import NumberColumn
from models.errors import NotFittedError
from models.lists import scores_of
from models.robust import line_weights
from models.schema import DAY, Arrays, Context, Doubles, Floats, Ints, Longs, Scored, best, take


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


NEVER = np.int64(np.iinfo(np.int64).max)
MOST = 10_000
"""Arrivals that are kept while new products come in, the newest."""


@dataclass
class NewArrivals:
    """Products that came lately, by ``available_from`` where the catalogue has it, else by first sale.

    Score: 2 ** (-age / half_life), raised by up to half for what sells already. A product first sold in the first
    ``days`` of the data is not taken for new: nobody knows when it came.
    """

    source: ClassVar[str] = "new-arrivals"
    personal: ClassVar[bool] = False
    days: float = 60.0
    half_life: float = 14.0
    length: int = 500
    rows_: Ints | None = None
    """(n_new,) new products, ascending."""
    since_: Longs = field(default_factory=lambda: np.empty(0, np.int64))
    """(n_new,) Unix seconds of arrival; may lie after the end of training."""
    sold_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_new,) purchase lines as a share of the most sold new product's."""

    def fit(self, data: Fitting) -> Self:
        """Learn arrival moments, and how well each new product sells."""
        lines = data.purchases
        since = np.full(lines.n_products, NEVER)
        np.minimum.at(since, lines.product, lines.time)
        if len(lines):
            since[since < lines.time.min() + self.days * DAY] = NEVER
        given = data.catalogue.columns.get("available_from")
        if isinstance(given, NumberColumn):
            known = ~np.isnan(given.values)
            since[known] = given.values[known].astype(np.int64)
        self.rows_ = np.flatnonzero((since >= data.until - self.days * DAY) & (since < NEVER)).astype(np.int32)
        self.since_ = since[self.rows_]
        sold = np.bincount(lines.product, line_weights(data), lines.n_products)[self.rows_]
        self.sold_ = (sold / (sold.max(initial=0) or 1)).astype(np.float32)
        return self

    def arrays(self) -> Arrays:
        """Return arrival moments and sales."""
        return {"rows": self._rows(), "since": self.since_, "sold": self.sold_}

    def load(self, arrays: Arrays) -> Self:
        """Take arrival moments and sales over."""
        self.rows_, self.since_ = take(arrays, "rows", np.int32), take(arrays, "since", np.int64)
        self.sold_ = take(arrays, "sold", np.float32)
        return self

    def follow(self, live: Live) -> "NewArrivals":
        """Return the model with new products, by ``available_from`` or since they were told of, and with moved dates."""
        if not len(live.new_rows) and "available_from" not in live.moved:
            return self
        since = np.full(len(live.catalogue), NEVER)
        since[self._rows()] = self.since_
        since[live.new_rows] = live.since
        for moved, given in _moved(live):
            since[moved] = given
        came = np.flatnonzero(since < NEVER)
        newest: Ints = np.sort(came[np.argsort(-since[came], kind="stable")][:MOST]).astype(np.int32)
        sold = scores_of(Scored(self._rows(), self.sold_), newest)
        return replace(self, rows_=newest, since_=since[newest], sold_=sold)

    def candidates(self, context: Context, n: int) -> Scored:
        """Return what came last before the context's moment."""
        return best(self._fresh(context.at), min(n, self.length), self._rows())

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return newness at the context's moment; 0 for what has not arrived, or is ``days`` old."""
        return scores_of(Scored(self._rows(), self._fresh(context.at)), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say since when it is here, while it is new."""
        place = np.flatnonzero(self._rows() == row)
        if not len(place) or not self._fresh(context.at)[place[0]]:
            return None
        return Fact(
            "new",
            "New: first listed or sold {days} days ago",
            {"days": int((context.at - self.since_[place[0]]) // DAY)},
        )

    def _fresh(self, at: int) -> Floats:
        age = (at - self.since_) / DAY
        fresh = np.exp2(-np.maximum(age, 0) / self.half_life) * (2 / 3 + self.sold_ / 3)
        return np.where((age >= 0) & (age <= self.days), fresh, 0).astype(np.float32)

    def _rows(self) -> Ints:
        if self.rows_ is None:
            raise NotFittedError("NewArrivals: call fit() or load() first")
        return self.rows_


def _moved(live: Live) -> Iterator[tuple[Longs, Longs]]:
    """Yield rows whose ``available_from`` is another one than at the training, and these moments."""
    now, then = (one.columns.get("available_from") for one in (live.catalogue, live.trained))
    if isinstance(now, NumberColumn) and now is not then:
        before = np.full(len(live.catalogue), np.nan)
        before[: len(live.trained)] = then.values if isinstance(then, NumberColumn) else np.nan
        rows = np.flatnonzero(~np.isnan(now.values) & (now.values != before))
        yield rows, now.values[rows].astype(np.int64)
