"""Matrix factorisation by alternating least squares. Source: Hu, Koren, Volinsky, Collaborative filtering for implicit
feedback datasets, ICDM 2008; fitted by ``implicit`` or on Spark, scored here with numpy alone."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.ease_solve import best_by_blocks, spread
from models.errors import NotFittedError
from models.interactions import Weighting, by_recency, tastes, to_list, user_items
from models.lists import RankedLists
from models.remembered import Remembered
from models.schema import (
    NO_ROWS,
    NOTHING,
    UNKNOWN,
    Arrays,
    Bools,
    Context,
    Doubles,
    Floats,
    Ints,
    Longs,
    Scored,
    best,
    take,
)
from models.statistics import Factoring

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

CELLS = 1_000_000_000
"""Shoppers x products that are scored at training: some ten seconds of a core."""
ENTRIES = 10_000_000
"""Entries of all shoppers' lists together: 80 MB of an artifact."""


@dataclass
class ALS:
    """Products near the shopper's tastes in a space of ``factors`` dimensions.

    A shopper is folded in from purchases, cart and session: one solve with the item factors (section 5, eq. 4). Training
    does so for the shoppers with the latest purchases, and lists their nearest products; a request does it for
    everybody else, and for whoever has a session or bought something since.
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
    length: int = 300
    """Products of a shopper's list: as many of those that the shopper bought, and of others."""
    weighting: Weighting = field(default_factory=lambda: Weighting(binary=True))
    item_factors_: Floats | None = None
    """(n_kept, factors)"""
    kept_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """(n_kept,) product rows, ascending."""
    gram_: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """(factors, factors): item_factors_.T @ item_factors_ + regularization."""
    users_: Ints = field(default_factory=lambda: NO_ROWS)
    """(n_listed,) rows of the shoppers that training folded in, ascending."""
    lines_: Ints = field(default_factory=lambda: NO_ROWS)
    """(n_listed,) purchase lines that each was folded in with."""
    vectors_: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """(n_listed, factors)"""
    lists_: RankedLists = field(default_factory=lambda: RankedLists.none(0))
    """By place in ``users_``."""
    last_: Remembered[Floats | None] = field(default_factory=Remembered, repr=False, compare=False)
    """What was folded in last: one request asks for candidates, for scores and for facts."""

    def fit(self, data: Fitting) -> Self:
        """Learn item factors from the user-product matrix."""
        matrix = user_items(data, self.weighting)
        self.kept_ = np.flatnonzero(matrix.getnnz(axis=0) >= self.min_buyers).astype(np.int32)
        kept = matrix[:, self.kept_]
        if kept.nnz:
            factors = min(self.factors, max(1, min(kept.shape) - 1))
            begun = begin(data, self.source, self.kept_, factors) if data.statistics.goes_on else None
            iterations = self.iterations if begun is None else self.next_iterations
            told = Factoring(factors, self.regularization, self.alpha, iterations, data.seed, data.threads, begun)
            self.item_factors_ = data.statistics.factors(kept, told)
        else:
            self.kept_, self.item_factors_ = self.kept_[:0], np.empty((0, 1), np.float32)
        items = self._items()
        self.gram_ = (items.T @ items + self.regularization * np.eye(items.shape[1])).astype(np.float32)
        self._fold_in(data, kept.tocsr())
        self.last_ = Remembered()
        return self

    def _fold_in(self, data: Fitting, matrix: "csr_matrix") -> None:
        """Fold in as many of the (n_users, n_kept) ``matrix`` as there is time and room for, and list their products."""
        most = min(ENTRIES // (2 * self.length), CELLS // max(matrix.shape[1], 1))
        active = np.flatnonzero(np.diff(matrix.indptr) > 0)
        active = to_list(data, np.sort(by_recency(data, active)[:most]))
        mine, items = matrix[active], self._items()
        vectors = [
            self._vector(mine.indices[start:end], mine.data[start:end]) for start, end in pairwise(mine.indptr.tolist())
        ]
        self.vectors_ = np.array(vectors, np.float32).reshape(len(active), items.shape[1])
        found = best_by_blocks(
            *mine.shape, self.length, lambda start, end: self.vectors_[start:end] @ items.T, data.threads, mine
        )
        self.lists_ = spread(found, np.arange(len(active)), self.kept_, len(active))
        lines = data.purchases
        counted = np.bincount(lines.user[lines.user != UNKNOWN], minlength=lines.n_users)
        self.users_, self.lines_ = active.astype(np.int32), counted[active].astype(np.int32)

    def arrays(self) -> Arrays:
        """Return item factors and their rows, and what is known of the shoppers that were folded in."""
        items: Arrays = {"item_factors": self._items(), "kept": self.kept_, "gram": self.gram_}
        users: Arrays = {"users": self.users_, "lines": self.lines_, "vectors": self.vectors_}
        return {**items, **users, **self.lists_.arrays("lists")}

    def load(self, arrays: Arrays) -> Self:
        """Take them over."""
        self.last_, self.item_factors_ = Remembered(), take(arrays, "item_factors", np.float32)
        self.kept_, self.gram_ = take(arrays, "kept", np.int32), take(arrays, "gram", np.float32)
        self.users_, self.lines_ = take(arrays, "users", np.int32), take(arrays, "lines", np.int32)
        self.vectors_, self.lists_ = take(arrays, "vectors", np.float32), RankedLists.load(arrays, "lists")
        return self

    def shopper(self, context: Context) -> Floats | None:
        """Return the (factors,) vector of the context's shopper, or None where nothing is known of any taste."""
        place = self._listed(context)
        return (
            self.last_.of(context, self._solved) if place == UNKNOWN or _in_session(context) else self.vectors_[place]
        )

    def _listed(self, context: Context) -> int:
        """Return the place in ``users_`` of a shopper of whose purchases no more is known than then."""
        place = int(np.searchsorted(self.users_, context.user))
        known = place < len(self.users_) and self.users_[place] == context.user
        return place if known and len(context.history) == self.lines_[place] else UNKNOWN

    def _solved(self, context: Context) -> Floats | None:
        rows, weights = tastes(context, self.weighting)
        places, inside = self._places(rows)
        return self._vector(places[inside], weights[inside]) if inside.any() else None

    def _vector(self, places: Ints | Longs, weights: Floats | Doubles) -> Floats:
        """Return the (factors,) vector of who chose the products at ``places`` of ``kept_``, with ``weights``."""
        liked, trust = self._items()[places], self.alpha * weights.astype(np.float32)
        normal = self.gram_ + (liked * trust[:, None]).T @ liked
        wanted = ((1 + trust)[:, None] * liked).sum(axis=0)
        solved: Floats = np.linalg.solve(normal, wanted)
        return solved

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the nearest products; nothing for a shopper without any purchase, cart or session.

        A session orders the list of a shopper who has one anew; what it brings beyond comes from other sources.
        """
        items, place = self._items(), self._listed(context)
        if place != UNKNOWN:
            found = self.lists_.list(place)
            if _in_session(context):
                return best(self.score(context, found.rows), n, found.rows)
            return Scored(found.rows[:n], found.scores[:n])
        vector = self.shopper(context)
        return NOTHING if vector is None else best(items @ vector, n, self.kept_)

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return preference of ``rows``: about 0 (no) to 1 (surely bought), never below 0."""
        items = self._items()
        vector, out = self.shopper(context), np.zeros(len(rows), np.float32)
        if vector is None:
            return out
        places, inside = self._places(rows)
        out[inside] = np.maximum(items[places[inside]] @ vector, 0)
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


def _in_session(context: Context) -> bool:
    return bool(len(context.cart) or len(context.recent))


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
