"""How long ago a purchase was: by the clock, or in a shop without times by counting the shopper's orders back.

Such a shop stores every time as 0. One order stands for ``ORDER_DAYS`` there, so that recency and cycles mean
something; where every line is an order of its own, nothing says what came first, and all are of one age.
"""

import numpy as np

from models.distinct import numbered
from models.schema import DAY, UNKNOWN, Doubles, History, Longs, Purchases

ORDER_DAYS = 7
"""Days that lie between two orders where no order has a time."""


def timed(lines: Purchases) -> bool:
    """Return whether the purchases have times."""
    return bool(lines.time.any())


def moments(lines: Purchases, until: int) -> Longs:
    """Return (n_lines,) Unix seconds of each line: as told, or counted back from ``until`` by the shopper's orders."""
    if timed(lines) or not len(lines):
        return lines.time
    known = np.flatnonzero(lines.user != UNKNOWN)
    pairs, places = numbered(lines.user[known].astype(np.int64) * lines.n_orders + lines.order[known])
    of = pairs // max(lines.n_orders, 1)
    last = np.searchsorted(of, lines.user[known], side="right")
    n_orders = last - np.searchsorted(of, lines.user[known], side="left")
    n_lines = np.bincount(lines.user[known], minlength=1)[lines.user[known]]
    back = np.zeros(len(lines), np.int64)
    back[known] = np.where(n_orders < n_lines, last - places, 0)
    return until - back * (ORDER_DAYS * DAY)


def ages(history: History, at: int) -> Doubles:
    """Return (n_lines,) days before ``at`` (Unix seconds); in a shop without times ``at`` does not matter."""
    if not len(history) or history.time[-1]:
        days: Doubles = (at - history.time) / DAY
        return days
    orders, places = np.unique(history.order, return_inverse=True)
    if len(orders) == len(history):
        return np.zeros(len(history))
    back: Doubles = np.asarray((len(orders) - places) * ORDER_DAYS, np.float64)
    return back
