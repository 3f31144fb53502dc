"""A shopper's purchases made ready for features: orders numbered, lines faded, and counts by product, kind or brand."""

from dataclasses import dataclass

import numpy as np

from models.lists import decay
from models.moments import ages
from models.schema import UNKNOWN, Bools, Context, Doubles, History, Ints, Longs

HALF_LIVES = (20.0, 80.0, 300.0)
"""Days: what was bought this month, this season, ever."""


@dataclass(frozen=True, slots=True)
class Visits:
    """A history made ready: order number and age of each line, and the same by order."""

    history: History
    age: Doubles
    """(n_lines,) days."""
    order: Longs
    """(n_lines,) 0 for the oldest order."""
    order_age: Doubles
    """(n_orders,)"""
    here: Bools
    """(n_orders,) whether it was bought in the request's store."""
    faded: Doubles
    """(n_half_lives, n_lines)"""
    totals: Doubles
    """(n_half_lives,) faded orders."""


def visits_of(context: Context) -> Visits | None:
    """Return the shopper's visits, or None without purchases."""
    history = context.history
    if not len(history):
        return None
    age = np.maximum(ages(history, context.at), 0)
    starts = np.ones(len(history), np.bool_)
    starts[1:] = history.order[1:] != history.order[:-1]
    faded = np.stack([decay(age, half_life) for half_life in HALF_LIVES])
    totals = np.maximum(faded[:, starts].sum(axis=1), 1e-9)
    here = history.store[starts] == context.store
    return Visits(history, age, np.cumsum(starts) - 1, age[starts], here, faded, totals)


@dataclass(frozen=True, slots=True)
class Tally:
    """A history counted by code; arrays are (n_codes,) over the distinct codes, ascending."""

    codes: Ints
    rates: Doubles
    """(n_half_lives, n_codes) share of faded orders."""
    orders: Longs
    last: Doubles
    first: Doubles
    last_order: Longs
    places: Longs
    """(n_used,) place in ``codes`` of each line with a code."""
    used: Bools
    cells: Longs
    """Distinct place * n_orders + order."""

    def find(self, wanted: Ints) -> tuple[Longs, Longs]:
        """Return which of ``wanted`` are among the codes, and the place of each of these."""
        at = np.minimum(np.searchsorted(self.codes, wanted), len(self.codes) - 1)
        hit = np.flatnonzero(self.codes[at] == wanted)
        return hit, at[hit]


def tally(visits: Visits, codes: Ints) -> Tally | None:
    """Count the (n_lines,) ``codes`` of a history's lines; None where no line has a code."""
    used = codes != UNKNOWN
    if not used.any():
        return None
    distinct, places = np.unique(codes[used], return_inverse=True)
    n, n_orders = len(distinct), len(visits.order_age)
    cells, first_line = np.unique(places.astype(np.int64) * n_orders + visits.order[used], return_index=True)
    of = cells // n_orders
    faded = visits.faded[:, used][:, first_line]
    rates = np.stack([np.bincount(of, one, n) for one in faded]) / visits.totals[:, None]
    age = visits.age[used]
    last, first = np.full(n, np.inf), np.zeros(n)
    np.minimum.at(last, places, age)
    np.maximum.at(first, places, age)
    last_order = np.full(n, -1, np.int64)
    np.maximum.at(last_order, of, cells % n_orders)
    return Tally(distinct, rates, np.bincount(of, minlength=n), last, first, last_order, places, used, cells)
