"""A shopper's purchases made ready for features: orders numbered, lines faded."""

from dataclasses import dataclass

import numpy as np

from models.moments import ages
from models.schema import Bools, Context, Doubles, History, Longs

HALF_LIVES = (20.0, 80.0, 300.0)
"""Days: what was bought this month, this season, ever."""
FADING = -np.array(HALF_LIVES)[:, None]


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
    faded: Doubles = np.exp2(age / FADING)
    totals = np.maximum(faded[:, starts].sum(axis=1), 1e-9)
    here = history.store[starts] == context.store
    return Visits(history, age, np.cumsum(starts) - 1, age[starts], here, faded, totals)
