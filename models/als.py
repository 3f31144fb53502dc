"""Matrix factorisation by alternating least squares. Source: Hu, Koren, Volinsky, Collaborative filtering for implicit
feedback datasets, ICDM 2008; fitted by ``implicit`` or on Spark, scored here with numpy alone."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.errors import NotFittedError
from models.interactions import Weighting, tastes, user_items
from models.remembered import Remembered
from models.schema import NOTHING, Arrays, Bools, Context, Floats, Ints, Longs, Scored, best, take
from models.statistics import Factoring


@dataclass
class ALS:
    """Products near the shopper's tastes in a space of ``factors`` dimensions.

    A shopper is folded in at each request from purchases, cart and session: one solve with the item factors, so that
    somebody who came after the training, or bought a minute ago, is treated like everybody else (section 5, eq. 4).
    """

    source: ClassVar[str] = "als"
    personal: ClassVar[bool] = True
    factors: int = 64
    regularization: float = 10.0
    alpha: float = 1.0
    """Confidence of a purchase is 1 + alpha; small values win where products are bought again and again."""
    iterations: int = 15
    next_iterations: int = 5
    """Of a fit that starts from the factors of an earlier one."""
    min_buyers: int = 3
    """Products with fewer buyers have no factors: noise, and a longer scan."""
    weighting: Weighting = field(default_factory=lambda: Weighting(binary=True))
    item_factors_: Floats | None = None
    """(n_kept, factors)"""
    kept_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """(n_kept,) product rows, ascending."""
    gram_: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """(factors, factors): item_factors_.T @ item_factors_ + regularization."""
    last_: Remembered[Floats | None] = field(default_factory=Remembered, repr=False, compare=False)
    """What was folded in last: one request asks for candidates, for scores and for facts."""

    def fit(self, data: Fitting) -> Self:
        """Learn item factors from the user-product matrix."""
        matrix = user_items(data, self.weighting)
        self.kept_ = np.flatnonzero(matrix.getnnz(axis=0) >= self.min_buyers).astype(np.int32)
        kept = matrix[:, self.kept_]
        if kept.nnz:
            factors = min(self.factors, max(1, min(kept.shape) - 1))
            begun = begin(data, self.source, self.kept_, factors)
            iterations = self.iterations if begun is None else self.next_iterations
            told = Factoring(factors, self.regularization, self.alpha, iterations, data.seed, data.threads, begun)
            self.item_factors_ = data.statistics.factors(kept, told)
        else:
            self.kept_, self.item_factors_ = self.kept_[:0], np.empty((0, 1), np.float32)
        self._finish()
        return self

    def _finish(self) -> None:
        self.last_ = Remembered()
        items = self._items()
        self.gram_ = (items.T @ items + self.regularization * np.eye(items.shape[1])).astype(np.float32)

    def arrays(self) -> Arrays:
        """Return item factors and their rows."""
        return {"item_factors": self._items(), "kept": self.kept_, "gram": self.gram_}

    def load(self, arrays: Arrays) -> Self:
        """Take item factors over."""
        self.last_, self.item_factors_ = Remembered(), take(arrays, "item_factors", np.float32)
        self.kept_, self.gram_ = take(arrays, "kept", np.int32), take(arrays, "gram", np.float32)
        return self

    def shopper(self, context: Context) -> Floats | None:
        """Return the (factors,) vector of the context's shopper, or None where nothing is known of any taste."""
        return self.last_.of(context, self._solved)

    def _solved(self, context: Context) -> Floats | None:
        items = self._items()
        rows, weights = tastes(context, self.weighting)
        places, inside = self._places(rows)
        if not inside.any():
            return None
        liked, trust = items[places[inside]], self.alpha * weights[inside].astype(np.float32)
        normal = self.gram_ + (liked * trust[:, None]).T @ liked
        wanted = ((1 + trust)[:, None] * liked).sum(axis=0)
        solved: Floats = np.linalg.solve(normal, wanted)
        return solved

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the nearest products; nothing for a shopper without any purchase, cart or session."""
        vector = self.shopper(context)
        return NOTHING if vector is None else best(self._items() @ vector, n, self.kept_)

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return preference of ``rows``: about 0 (no) to 1 (surely bought), never below 0."""
        vector, out = self.shopper(context), np.zeros(len(rows), np.float32)
        if vector is None:
            return out
        places, inside = self._places(rows)
        out[inside] = np.maximum(self._items()[places[inside]] @ vector, 0)
        return out

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say how many products the likeness is based on; nothing about a product that has no factors."""
        known = self._places(np.array([row], np.int32))[1][0]
        n = len(tastes(context, self.weighting)[0]) if known else 0
        return Fact("taste", "Shoppers with purchases like yours buy it", {"products": n}) if n else None

    def _places(self, rows: Ints) -> tuple[Longs, Bools]:
        """Return (n_rows,) places in ``kept_``, and which of them hold."""
        places = np.searchsorted(self.kept_, rows)
        inside = places < len(self.kept_)
        inside[inside] = self.kept_[places[inside]] == rows[inside]
        return places, inside

    def _items(self) -> Floats:
        if self.item_factors_ is None:
            raise NotFittedError("ALS: call fit() or load() first")
        return self.item_factors_


def begin(data: Fitting, source: str, kept: Ints, factors: int) -> Floats | None:
    """Return (n_kept, factors) the factors that an earlier fit ended with, 0 for products that it did not know.

    None where there was none, one with another number of factors, or one of other products alone.
    """
    earlier = data.start.get(source)
    if earlier is None or earlier["item_factors"].shape[1] != factors:
        return None
    rows, learned = take(earlier, "kept", np.int32), take(earlier, "item_factors", np.float32)
    begun: Floats = np.zeros((len(kept), factors), np.float32)
    _, here, there = np.intersect1d(kept, rows, assume_unique=True, return_indices=True)
    begun[here] = learned[there]
    return begun if len(here) else None
