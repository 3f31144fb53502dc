"""What the catalogue lists, the newest first: all that there is to show of a shop of which nothing is learned yet."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import Live, values_at
from models.catalogue import Catalogue
from models.columns import NumberColumn
from models.schema import NO_ROWS, Arrays, Context, Doubles, Floats, Ints, Longs, Scored, take


@dataclass
class Listed:
    """Every product by the moment of its arrival: ``available_from``, else since when it was told of.

    Those of one moment are in the order of their ids, whatever rows they have: workers that heard of them in another order
    agree. Nothing is learned from purchases, so it can say something before there is any version.
    """

    source: ClassVar[str] = "listed"
    personal: ClassVar[bool] = False
    order_: Ints = field(default_factory=lambda: NO_ROWS)
    """(n_products,) all rows, the newest first."""
    scores_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) by row, in (0, 1]; falls in even steps from the newest to the oldest."""

    def fit(self, data: Fitting) -> Self:
        """Take the catalogue over; a product without a date came before all others."""
        return self._over(data.catalogue, np.zeros(len(data.catalogue), np.int64))

    def arrays(self) -> Arrays:
        """Return the order."""
        return {"order": self.order_}

    def load(self, arrays: Arrays) -> Self:
        """Take the order over."""
        self.order_ = take(arrays, "order", np.int32)
        self.scores_ = _falling(self.order_)
        return self

    def follow(self, live: Live) -> Self:
        """Return the same over the live catalogue."""
        return replace(self)._over(live.catalogue, np.concatenate([np.zeros(len(live.trained), np.int64), live.since]))

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the ``n`` newest products: the same for every context."""
        newest = self.order_[:n]
        return Scored(newest, self.scores_[newest])

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return the scores of ``rows``."""
        return values_at(self.scores_, rows, 0)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Return nothing: that a product is listed is no reason to buy it."""
        return None

    def _over(self, catalogue: Catalogue, since: Longs) -> Self:
        came: Doubles = since.astype(np.float64)
        given = catalogue.columns.get("available_from")
        if isinstance(given, NumberColumn):
            came = np.where(np.isnan(given.values), came, given.values)
        by_id = np.array(sorted(range(len(catalogue)), key=catalogue.ids.texts.raw), np.int32)
        self.order_ = by_id[np.argsort(-came[by_id], kind="stable")]
        self.scores_ = _falling(self.order_)
        return self


def _falling(order: Ints) -> Floats:
    """Return (n_products,) scores by row that fall from 1 along ``order``."""
    scores = np.empty(len(order), np.float32)
    scores[order] = 1 - np.arange(len(order)) / max(len(order), 1)
    return scores
