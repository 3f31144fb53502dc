"""All segments by purchases at once: the few that a history touches, without asking each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.distinct import distinct
from models.schema import DAY, Doubles, History, Longs
from recsvc.rules.inverted import Inverted
from recsvc.rules.schema import Bought, Test
from recsvc.rules.targets import Target
from recsvc.rules.times import BEGINNING, END


@dataclass(frozen=True, slots=True)
class BoughtIndex:
    """Tests of purchases whose products are few enough to be listed, by number."""

    numbers: Mapping[Test, int]
    products: Inverted
    days: Doubles
    """(n_tests,): how far back; NaN for tests without."""
    starts: Longs
    ends: Longs
    """(n_tests,): their calendar windows, wide open for tests without."""
    at_least: Longs

    @classmethod
    def of(cls, targets: Mapping[Test, Target], n_products: int) -> "BoughtIndex":
        """Return the index of those of ``targets`` that name products; broad ones are left to be tested."""
        tests = [one for one, target in targets.items() if isinstance(one, Bought) and target.rows is not None]
        sets = [(number, rows) for number, one in enumerate(tests) if (rows := targets[one].rows) is not None]
        products = Inverted.of(sets, n_products)
        broad = {number for number, _ in products.broad}
        windows = [one.span.window for one in tests]
        return cls(
            {one: number for number, one in enumerate(tests) if number not in broad},
            products,
            np.array([np.nan if one.span.days is None else one.span.days for one in tests], np.float64),
            np.array([BEGINNING if window is None else window.start for window in windows], np.int64),
            np.array([END if window is None else window.end for window in windows], np.int64),
            np.array([one.at_least for one in tests], np.int64),
        )

    def holding(self, history: History, now: int) -> frozenset[int]:
        """Return the numbers of the tests that a history before ``now`` passes."""
        tests, lines = self.products.of_many(history.product)
        if not len(tests):
            return frozenset()
        times, orders = history.time[lines], history.order[lines].astype(np.int64)
        since = np.where(np.isnan(self.days), -np.inf, now - self.days * DAY)
        inside = (times >= since[tests]) & (times >= self.starts[tests]) & (times < self.ends[tests])
        pairs = distinct(tests[inside] * (orders.max() + 1) + orders[inside])
        counts = np.bincount(pairs // (orders.max() + 1), minlength=len(self.at_least))
        return frozenset(np.flatnonzero(counts >= self.at_least).tolist())
