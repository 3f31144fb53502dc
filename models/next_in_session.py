"""What follows in a session: products looked at or bought soon after, where the lines of an order come one after another.

Source: Ludewig, Jannach, Evaluation of session-based recommendation algorithms, UMUAI 2018, section 3.1 (sequential
rules: a pair counts 1 / distance); here with the way back at a discount, smoothed, and summed over the last products.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import values_at
from models.errors import NotFittedError
from models.lists import RankedLists, decay, summed
from models.offering import OffersAll
from models.schema import (
    DAY,
    NOTHING,
    UNKNOWN,
    Arrays,
    Context,
    Doubles,
    Floats,
    Ints,
    Longs,
    Purchases,
    Scored,
    take,
)


@dataclass
class NextInSession(OffersAll):
    """How often another product came soon after the last ones of this session, by their visits.

    Silent in a shop whose orders name one moment for all that they hold: nothing says what came first there.
    """

    source: ClassVar[str] = "next-in-session"
    personal: ClassVar[bool] = False
    reach: int = 10
    """Lines of a session that lie between two products at most."""
    back: float = 0.5
    """What a pair counts for the way back, from the later product to the earlier one."""
    half_life: float = 90.0
    """Days after which a session counts half."""
    steps: float = 1.5
    """Products back in the session asked for that halve a product's say."""
    prior: float = 5.0
    """Sessions that a product's own are drawn to silence by: what few have seen says little."""
    length: int = 200
    lists_: RankedLists | None = None
    """Weight of what follows, by product."""
    seen_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) weighted lines."""

    def fit(self, data: Fitting) -> Self:
        """Learn which products follow one another."""
        n = data.purchases.n_products
        product, order, time = _sessions(data.purchases)
        weight = decay((data.until - time) / DAY, self.half_life)
        self.seen_ = np.bincount(product, weight, n).astype(np.float32)
        pairs = self._pairs(product, order, weight, n)
        self.lists_ = RankedLists.of(*pairs, n, self.length)
        return self

    def _pairs(self, product: Ints, order: Ints, weight: Doubles, n: int) -> tuple[Longs, Ints, Doubles]:
        """Return product, follower and weight of every pair."""
        from scipy.sparse import csr_matrix  # here: serving needs no scipy

        found = csr_matrix((n, n), dtype=np.float64)
        for distance in range(1, self.reach + 1):
            here = np.flatnonzero(order[distance:] == order[:-distance])
            one, other = product[here], product[here + distance]
            ahead = csr_matrix((weight[here] / distance, (one, other)), shape=(n, n))
            found = found + ahead + ahead.T * self.back
        pairs = found.tocoo()
        kept = (pairs.row != pairs.col) & (pairs.data > 0)
        return pairs.row[kept].astype(np.int64), pairs.col[kept].astype(np.int32), pairs.data[kept]

    def arrays(self) -> Arrays:
        """Return the lists and how often each product was seen."""
        return {**self._lists().arrays("lists"), "seen": self.seen_}

    def load(self, arrays: Arrays) -> Self:
        """Take them over."""
        self.lists_, self.seen_ = RankedLists.load(arrays, "lists"), take(arrays, "seen", np.float32)
        return self

    def _seeds(self, context: Context) -> tuple[Ints, Doubles]:
        """Return the distinct products of the session so far, and their say: the page's counts as the last."""
        rows = context.recent[-20:]
        if context.page != UNKNOWN:
            rows = np.append(rows[rows != context.page], np.int32(context.page))
        last, places = np.unique(rows[::-1], return_index=True)
        return last.astype(np.int32), decay(places / 1.0, self.steps)

    def _all(self, context: Context) -> Scored:
        seeds, say = self._seeds(context)
        if not len(seeds):
            return NOTHING
        rows, weights, places = self._lists().joined(seeds)
        base = values_at(self.seen_, seeds, 0) + self.prior
        found, scores = summed(rows, weights * (say / base / say.sum())[places])
        apart = ~np.isin(found, seeds)
        return Scored(found[apart].astype(np.int32), scores[apart].astype(np.float32))

    def fact(self, context: Context, row: int) -> Fact | None:
        """Name the product of this session that it follows most."""
        seeds, say = self._seeds(context)
        rows, weights, places = self._lists().joined(seeds)
        here = np.flatnonzero(rows == row)
        if not len(here) or row in seeds:
            return None
        strongest = seeds[places[here[np.argmax(weights[here] * say[places[here]])]]]
        return Fact("next-in-session", "Often looked at soon after {product}", {"product": int(strongest)})

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError("NextInSession: call fit() or load() first")
        return self.lists_


def _sessions(lines: Purchases) -> tuple[Ints, Ints, Longs]:
    """Return product, order and time of the lines of orders that take some time, those of an order by time."""
    first, last = np.full(lines.n_orders, np.iinfo(np.int64).max), np.full(lines.n_orders, np.iinfo(np.int64).min)
    np.minimum.at(first, lines.order, lines.time)
    np.maximum.at(last, lines.order, lines.time)
    kept = np.flatnonzero((last > first)[lines.order])
    kept = kept[np.lexsort((lines.product[kept], lines.time[kept], lines.order[kept]))]
    return lines.product[kept], lines.order[kept], lines.time[kept]
