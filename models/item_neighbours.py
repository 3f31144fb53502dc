"""Products bought by the same shoppers. Neighbours are found by ``implicit`` and summed here with numpy alone."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.errors import NotFittedError
from models.interactions import Weighting, heaviest, tastes, user_items
from models.lists import RankedLists, summed
from models.offering import OffersAll
from models.schema import UNKNOWN, Arrays, Context, Doubles, Ints, Scored


@dataclass
class ItemNeighbours(OffersAll):
    """Sum of likenesses between the shopper's products (or the page's) and their neighbours.

    Likeness: dot product of the buyers' weights, divided by the norm of the shopper's own product to the power
    ``damping`` on both sides. 1 would be cosine, which favours rare noise; 0 is raw co-occurrence.
    """

    source: ClassVar[str] = "item-neighbours"
    personal: ClassVar[bool] = False
    neighbours: int = 60
    damping: float = 0.5
    most_products: int = 5000
    """Products of one shopper that pairs are counted for: those that weigh most."""
    weighting: Weighting = field(default_factory=Weighting)
    lists_: RankedLists | None = None

    def fit(self, data: Fitting) -> Self:
        """Learn the neighbours of each product."""
        from implicit.nearest_neighbours import ItemItemRecommender
        from scipy.sparse import diags_array

        matrix = heaviest(user_items(data, self.weighting), self.most_products)
        norms = np.sqrt(np.bincount(matrix.indices, matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[1]))
        scaled = (matrix @ diags_array(1 / np.maximum(norms, 1e-9) ** self.damping)).tocsr().astype(np.float64)

        model = ItemItemRecommender(K=self.neighbours + 1, num_threads=data.threads)
        model.fit(scaled, show_progress=False)
        pairs = model.similarity.tocoo()
        kept = (pairs.row != pairs.col) & (pairs.data > 0)
        self.lists_ = RankedLists.of(
            pairs.row[kept], pairs.col[kept], pairs.data[kept], matrix.shape[1], self.neighbours
        )
        return self

    def arrays(self) -> Arrays:
        """Return the neighbour lists."""
        return self._lists().arrays("lists")

    def load(self, arrays: Arrays) -> Self:
        """Take the neighbour lists over."""
        self.lists_ = RankedLists.load(arrays, "lists")
        return self

    def _seeds(self, context: Context) -> tuple[Ints, Doubles]:
        if context.page != UNKNOWN:
            return np.array([context.page], np.int32), np.ones(1)
        return tastes(context, self.weighting)

    def _all(self, context: Context) -> Scored:
        seeds, weights = self._seeds(context)
        rows, scores, places = self._lists().joined(seeds)
        found, likeness = summed(rows, scores * weights[places])
        return Scored(found, likeness.astype(np.float32))

    def fact(self, context: Context, row: int) -> Fact | None:
        """Name the shopper's product that speaks most for it."""
        seeds, weights = self._seeds(context)
        rows, scores, places = self._lists().joined(seeds)
        here = np.flatnonzero(rows == row)
        if not len(here):
            return None
        strongest = seeds[places[here[np.argmax(scores[here] * weights[places[here]])]]]
        return Fact("same-shoppers", "Bought by shoppers who buy {product}", {"product": int(strongest)})

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError("ItemNeighbours: call fit() or load() first")
        return self.lists_
