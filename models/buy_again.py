"""What this shopper buys again, and when it is due.

Source: the time-decayed personal frequency of next-basket recommendation (Hu et al., Modeling personalized item
frequency information for next-basket recommendation, SIGIR 2020, section 4), with a repurchase cycle by product.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import values_at
from models.compiled import kernels
from models.errors import NotFittedError
from models.lists import decay
from models.moments import ages, moments
from models.offering import OffersAll
from models.robust import line_weights
from models.schema import DAY, NOTHING, UNKNOWN, Arrays, Context, Doubles, Floats, Ints, Scored, take

USUAL = 30.0
"""Days between two purchases of what nobody bought twice in the data, or what came after the training."""


@dataclass
class BuyAgain(OffersAll):
    """Share of the shopper's recency-weighted orders that held a product, lowered where it was bought just now.

    ``hazard_`` says how likely a product is bought at an elapsed share of its usual gap, relative to the mean over
    all shares; it was counted over all shoppers, so a shop whose products have no cycle learns a flat one. Only its
    rise up to the peak counts: what comes after the peak is what the recency weights already say.
    """

    source: ClassVar[str] = "buy-again"
    personal: ClassVar[bool] = True
    half_life: float = 80.0
    """Days after which a purchase counts half."""
    gap_prior: float = 5.0
    """Gaps that the shop's usual gap counts for in a product's."""
    timing: float = 0.5
    """Power of the cycle's factor, which is in (0, 1]: 0 = frequency alone."""
    gap_: Floats | None = None
    """(n_products,) usual days between two purchases by one shopper."""
    hazard_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_bins,) by elapsed share of the gap, in steps of 1/8 to twice the gap, then one for later."""

    STEP: ClassVar[float] = 0.125
    BINS: ClassVar[int] = 17

    def fit(self, data: Fitting) -> Self:
        """Learn usual gaps by product and the hazard over their shares."""
        named = data.purchases.user != UNKNOWN
        lines, weight = data.purchases, line_weights(data)
        if not named.all():
            lines, weight = lines.where(named), weight[named]
        key = lines.user.astype(np.int64) * lines.n_products + lines.product
        time = moments(lines, data.until)
        order = np.argsort(key, kind="stable")  # lines of a user lie oldest first
        key, time, weight = key[order], time[order], weight[order]
        again = (key[1:] == key[:-1]) & (time[1:] // DAY > time[:-1] // DAY)
        days = np.maximum((time[1:] - time[:-1])[again] / DAY, 0.5)  # two visits around midnight are no short cycle
        product = (key[1:] % max(lines.n_products, 1))[again]
        counts_as = weight[1:][again]
        usual = float(np.exp(np.average(np.log(days), weights=counts_as))) if len(days) else USUAL
        logs = np.bincount(product, np.log(days) * counts_as, lines.n_products)
        count = np.bincount(product, counts_as, lines.n_products)
        self.gap_ = np.exp((logs + self.gap_prior * np.log(usual)) / (count + self.gap_prior)).astype(np.float32)
        last = np.ones(len(key), np.bool_)
        last[:-1] = key[1:] != key[:-1]
        waiting = (data.until - time[last]) / DAY / self.gap_[key[last] % max(lines.n_products, 1)]
        self.hazard_ = self._hazard(days / self.gap_[product], counts_as, waiting, weight[last])
        return self

    def _hazard(self, bought: Doubles, counts_as: Doubles, waiting: Doubles, waiting_as: Doubles) -> Floats:
        """Return repurchases over exposure by bin, relative to the mean; ``waiting`` was not bought again yet.

        ``counts_as`` and ``waiting_as`` are the weights of each.
        """
        edges = np.arange(self.BINS + 1) * self.STEP
        edges[-1] = 6.0
        events = np.histogram(bought, edges, weights=counts_as)[0]
        exposed = np.zeros(self.BINS)
        for share, weight in ((bought, counts_as), (waiting, waiting_as)):
            exposed += [(np.clip(share - low, 0, high - low) * weight).sum() for low, high in pairwise(edges)]
        mean = max(float(events.sum()) / max(float(exposed.sum()), 1e-9), 1e-9)
        relative: Floats = ((events + 1) / (exposed * mean + 1)).astype(np.float32)
        return relative

    def arrays(self) -> Arrays:
        """Return gaps and hazard."""
        return {"gap": self._gap(), "hazard": self.hazard_}

    def load(self, arrays: Arrays) -> Self:
        """Take gaps and hazard over."""
        self.gap_, self.hazard_ = take(arrays, "gap", np.float32), take(arrays, "hazard", np.float32)
        return self

    def _all(self, context: Context) -> Scored:
        history = context.history
        if not len(history):
            return NOTHING
        order, product, age = history.order, history.product, ages(history, context.at)
        if (order[1:] < order[:-1]).any():
            by_order = np.argsort(order, kind="stable")
            order, product, age = order[by_order], product[by_order], age[by_order]
        faded = decay(age - age.min(), self.half_life)  # from the last purchase on: no old history fades to nothing
        starts = np.ones(len(order), np.bool_)
        np.not_equal(order[1:], order[:-1], out=starts[1:])
        own, (rate, last) = np.empty(len(order), np.int32), np.empty((2, len(order)))
        n = kernels().rates(product, starts, age, faded, own, rate, last)
        rows, rate, last = own[:n], rate[:n] / faded[starts].sum(), last[:n]
        bins = np.clip(last / self.gaps(rows) / self.STEP, 0, self.BINS - 1).astype(np.int64)
        due = (np.maximum.accumulate(self.hazard_) / self.hazard_.max(initial=1e-9)) ** self.timing
        return Scored(rows, (rate * due[bins]).astype(np.float32))

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say how often and when it was bought."""
        history = context.history
        mine = (history.product == row).nonzero()[0]
        if not len(mine):
            return None
        first, last = int(history.time[mine[0]]), int(history.time[mine[-1]])
        if not last:  # a shop without times
            return Fact("bought-before", "You bought it before", {})
        days, orders = (context.at - last) // DAY, len(set(history.order[mine].tolist()))
        if orders < 2 or last - first < DAY:
            return Fact("bought-before", "You bought it {days} days ago", {"days": days})
        every = round((last - first) / DAY / (orders - 1))
        return Fact(
            "buy-again",
            "You buy it about every {every} days, last {days} days ago",
            {"every": max(every, 1), "days": days},
        )

    def gaps(self, rows: Ints) -> Floats:
        """Return (n_rows,) the usual days between two purchases of a product by one shopper."""
        return values_at(self._gap(), rows, USUAL)

    def _gap(self) -> Floats:
        if self.gap_ is None:
            raise NotFittedError("BuyAgain: call fit() or load() first")
        return self.gap_
