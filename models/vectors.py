"""Alternatives by the vectors that a shop gives its products: what looks alike in a picture, or reads alike in a text."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import values_at
from models.columns import NumberColumn
from models.errors import NotFittedError
from models.lists import RankedLists
from models.offering import OffersAll
from models.price_band import OCTAVES, nearness
from models.schema import NOTHING, UNKNOWN, Arrays, Context, Floats, Ints, Longs, Scored, take

BLOCK = 2_000_000
"""Cosines that are held at once: 8 MB."""
MANY, FEWER = 50_000, 64
"""With more products than this, of longer vectors only the directions in which they differ most are kept."""


@dataclass
class Vectors(OffersAll):
    """The cosine of two products' vectors, where it is above 0, times nearness in price; ``length`` neighbours each.

    Large catalogues of long vectors are laid on their main axes first, which keeps cosines nearly as they are.

    Source: Eckart, Young, The approximation of one matrix by another of lower rank, Psychometrika 1936.
    """

    source: ClassVar[str] = "vectors"
    personal: ClassVar[bool] = False
    length: int = 60
    octaves: float = OCTAVES
    near_: RankedLists | None = None
    """Neighbours of each product by cosine; none of a product without a vector."""
    price_: Floats = field(default_factory=lambda: np.empty(0, np.float32))

    def fit(self, data: Fitting) -> Self:
        """Learn neighbours from ``data.vectors``."""
        n = len(data.catalogue)
        price = data.catalogue.columns.get("price")
        self.price_ = (price.values if isinstance(price, NumberColumn) else np.full(n, np.nan)).astype(np.float32)
        length = np.linalg.norm(data.vectors, axis=1) if data.vectors.size else np.zeros(n)
        given = np.flatnonzero(length > 0).astype(np.int32)
        units = (
            (data.vectors[given] / length[given, None]).astype(np.float32)
            if len(given)
            else np.empty((0, 1), np.float32)
        )
        if len(given) > MANY and units.shape[1] > FEWER:
            turned = units @ np.linalg.eigh(units.T @ units)[1][:, -FEWER:]
            units = turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
        self.near_ = _neighbours(units, given, n, self.length)
        return self

    def arrays(self) -> Arrays:
        """Return the neighbours and the prices."""
        return {**self._near().arrays("near"), "price": self.price_}

    def load(self, arrays: Arrays) -> Self:
        """Take them over."""
        self.near_, self.price_ = RankedLists.load(arrays, "near"), take(arrays, "price", np.float32)
        return self

    def _all(self, context: Context) -> Scored:
        seed = context.looked_at
        found = self._near().list(seed)
        if not len(found):
            return NOTHING
        own = float(values_at(self.price_, np.array([seed], np.int32), np.nan)[0])
        near = nearness(values_at(self.price_, found.rows, np.nan), own, self.octaves)
        return Scored(found.rows, (found.scores * (0.25 + 0.75 * near)).astype(np.float32))

    def fact(self, context: Context, row: int) -> Fact | None:
        """Name the product that it is like."""
        seed = context.looked_at
        like = seed != UNKNOWN and row in self._near().list(seed).rows.tolist()
        return Fact("similar", "Similar to {product}", {"product": seed}) if like else None

    def _near(self) -> RankedLists:
        if self.near_ is None:
            raise NotFittedError("Vectors: call fit() or load() first")
        return self.near_


def _neighbours(units: Floats, given: Ints, n: int, length: int) -> RankedLists:
    """Return the ``length`` nearest of each product by the cosine of ``units`` (n_given, n_dimensions), if above 0."""
    keys: list[Longs] = [np.empty(0, np.int64)]
    rows, scores = [given[:0]], [np.empty(0, np.float32)]
    step = max(1, BLOCK // max(len(given), 1))
    kept = min(length + 1, len(given))
    for start in range(0, len(given), step):
        cosine = units[start : start + step] @ units.T
        place = np.arange(len(cosine))
        cosine[place, start + place] = -1
        nearest = np.argpartition(-cosine, kept - 1, axis=1)[:, :kept]
        value = np.take_along_axis(cosine, nearest, axis=1)
        block, column = np.nonzero(value > 0)
        keys.append(given[start + block].astype(np.int64))
        rows.append(given[nearest[block, column]])
        scores.append(np.minimum(value[block, column], 1))
    return RankedLists.of(np.concatenate(keys), np.concatenate(rows), np.concatenate(scores), n, length)
