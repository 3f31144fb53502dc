"""What came lately: for this shopper, the new products of the kinds that are bought, by how they sell for their age."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import Live, live_codes, values_at
from models.columns import NumberColumn
from models.errors import NotFittedError
from models.held_places import holding
from models.kinds import kind_codes
from models.lists import decay, scores_of
from models.moments import ages
from models.robust import line_weights
from models.schema import DAY, UNKNOWN, Arrays, Bools, Context, Doubles, Floats, Ints, Longs, Scored, best, take

NEVER = np.int64(np.iinfo(np.int64).max)
MOST = 10_000
"""Arrivals that are kept while new products come in, the newest."""


@dataclass
class NewArrivals:
    """Products that came lately, by ``available_from`` where the catalogue has it, else by first sale.

    Score: sales a day, drawn to those of all new products where there are few days or sales; times the root of how much
    the shopper buys of its kind (recency-weighted share of lines, plus a little for what all buy). For strangers, and
    where no attribute tells kinds, sales alone. A product first sold in the first ``days`` of the data is not taken for
    new: nobody knows when it came. Those that came after the training have every third place, until none is left: in the
    order of their sales they would stand in the middle, where a shop with many arrivals shows nobody anything.
    """

    source: ClassVar[str] = "new-arrivals"
    personal: ClassVar[bool] = True
    days: float = 60.0
    """How long a product is new."""
    half_life: float = 120.0
    """Days after which a purchase says half as much of a shopper's kinds."""
    others: float = 0.02
    """What all shoppers' share of a kind counts for beside the shopper's own."""
    length: int = 500
    rows_: Ints | None = None
    """(n_new,) new products, ascending."""
    since_: Longs = field(default_factory=lambda: np.empty(0, np.int64))
    """(n_new,) Unix seconds of arrival; may lie after the end of training."""
    sold_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_new,) sales a day, as a share of the best new product's."""
    usual_: Floats = field(default_factory=lambda: np.ones(1, np.float32))
    """(1,) the same of a product that came a moment ago."""
    codes_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """(n_products,) kinds; see ``models.kinds``."""
    share_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_kinds,) of all lines."""
    untried_: Bools = field(default_factory=lambda: np.empty(0, np.bool_))
    """(n_new,) which came after the training; empty without any."""

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
        sold = np.bincount(lines.product, line_weights(data), lines.n_products).astype(np.float64)
        self._fit_sales(sold[self.rows_], data.until)
        self.codes_, n_kinds = kind_codes(data)
        kinds = self.codes_[lines.product]
        self.share_ = (np.bincount(kinds[kinds != UNKNOWN], minlength=n_kinds) / max(len(lines), 1)).astype(np.float32)
        return self

    def _fit_sales(self, sold: Doubles, until: int) -> None:
        age = np.maximum((until - self.since_) / DAY, 0)
        mean = (float(sold.sum()) + 1) / max(float(age.sum()), 1.0)
        rates = (sold + 1) / (age + 1 / mean)
        most = max(float(rates.max(initial=0)), mean)
        self.sold_, self.usual_ = (rates / most).astype(np.float32), np.array([mean / most], np.float32)

    def arrays(self) -> Arrays:
        """Return arrival moments, sales and kinds."""
        sales: Arrays = {"rows": self._rows(), "since": self.since_, "sold": self.sold_, "usual": self.usual_}
        return {**sales, "codes": self.codes_, "share": self.share_}

    def load(self, arrays: Arrays) -> Self:
        """Take arrival moments, sales and kinds over."""
        self.rows_, self.since_ = take(arrays, "rows", np.int32), take(arrays, "since", np.int64)
        self.sold_, self.usual_ = take(arrays, "sold", np.float32), take(arrays, "usual", np.float32)
        self.codes_, self.share_ = take(arrays, "codes", np.int32), take(arrays, "share", np.float32)
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
        sold = np.where(sold > 0, sold, self.usual_).astype(np.float32)
        untried = ~np.isin(newest, self._rows())
        codes = live_codes(self.codes_, live)
        return replace(self, rows_=newest, since_=since[newest], sold_=sold, codes_=codes, untried_=untried)

    def candidates(self, context: Context, n: int) -> Scored:
        """Return what is new at the context's moment, the best for this shopper."""
        return best(self._scores(context), min(n, self.length), self._rows())

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the scores of ``rows``; 0 for what has not arrived, or is ``days`` old."""
        return scores_of(Scored(self._rows(), self._scores(context)), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say since when it is here, while it is new."""
        place = np.flatnonzero(self._rows() == row)
        if not len(place) or not self._new(context.at)[place[0]]:
            return None
        return Fact(
            "new",
            "New: first listed or sold {days} days ago",
            {"days": int((context.at - self.since_[place[0]]) // DAY)},
        )

    def _new(self, at: int) -> Bools:
        age = (at - self.since_) / DAY
        new: Bools = (age >= 0) & (age <= self.days)
        return new

    def _scores(self, context: Context) -> Floats:
        rows, scores = self._rows(), np.where(self._new(context.at), self.sold_, 0)
        kinds = values_at(self.codes_, context.history.product, UNKNOWN)
        known = kinds != UNKNOWN
        if known.any():
            age = ages(context.history, context.at)
            faded = decay(age - age.min(), self.half_life)  # from the last purchase on: no old history fades to nothing
            taste = np.zeros(max(len(self.share_), int(self.codes_.max()) + 1))
            taste[: len(self.share_)] = self.others * self.share_
            np.add.at(taste, kinds[known], faded[known] / faded.sum())
            mine = values_at(self.codes_, rows, UNKNOWN)
            scores = scores * np.sqrt(np.where(mine != UNKNOWN, taste[mine], taste.mean()))
        if self.untried_.any():
            untried = np.flatnonzero(self.untried_ & (scores > 0))
            scores = holding(scores, untried[np.lexsort((-self.since_[untried], -scores[untried]))])
        return scores.astype(np.float32)

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
