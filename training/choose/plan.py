"""What is tried of which model, in which order, and what it is estimated to cost.

The estimates are seconds of one core of an ordinary machine, made from how many shoppers, products and purchases there
are and from nothing else: no clock is read, so that one seed and one input try the same things on any machine.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.base import Model
from models.distinct import distinct
from models.schema import UNKNOWN, Purchases

SHARE = 0.1
"""Of ``budget_minutes``, that the choosing may be estimated to take."""
ASKING = 0.00025
"""Seconds for one request to one source, about."""
RATE = 3e9
"""Operations of dense algebra in a second of one core, about."""
PAIRS = 3e7
"""Sparse additions in a second."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting of one model, and what may be better than its default."""

    source: str
    setting: str
    """A name, or ``weighting.NAME``."""
    factors: tuple[float, ...] = ()
    """Of the default: the first two are tried, and where one is better those beyond it."""
    values: tuple[Any, ...] = ()


TRIALS = (
    Trial("ease", "weighting.binary", values=(True, False)),
    Trial("ease", "regularization", (0.5, 2.0)),
    Trial("buy-again", "half_life", (0.5, 2.0)),
    Trial("bought-together", "prior", (0.5, 2.0)),
    Trial("als", "factors", values=(32, 128)),
    Trial("als", "regularization", (0.5, 2.0)),
    Trial("item-neighbours", "damping", values=(0.75, 1.0)),
    Trial("popularity", "half_life", (0.3, 3.0)),
    Trial("next-in-session", "back", values=(0.0, 1.0)),
    Trial("next-in-session", "steps", (0.5, 2.0)),
    Trial("als", "alpha", values=(4.0, 10.0)),
    Trial("user-neighbours", "neighbours", values=(100, 400)),
    Trial("user-neighbours", "power", values=(1.0, 4.0)),
    Trial("user-neighbours", "weighting.binary", values=(True, False)),
    Trial("item-neighbours", "neighbours", values=(20, 200)),
    Trial("item-neighbours", "weighting.binary", values=(True, False)),
    Trial("bought-together", "half_life", (0.3, 3.0)),
    Trial("buy-again", "timing", values=(0.0, 1.0)),
    Trial("store-popularity", "half_life", (0.3, 3.0)),
    Trial("ease", "weighting.half_life", (0.3, 10.0)),
)
"""In the order in which the budget is spent."""
STEPS_ON = 3
"""Further steps of a factor in a direction that helps."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to learn from."""

    users: int
    products: int
    lines: int
    """Of known shoppers."""
    squares: float
    """Sum over shoppers of the square of their different products: pairs that item models count."""

    @classmethod
    def of(cls, lines: Purchases) -> "Size":
        """Return the size of purchases."""
        known = lines.user != UNKNOWN
        cells = distinct(lines.user[known].astype(np.int64) * max(lines.n_products, 1) + lines.product[known])
        each = np.bincount(cells // max(lines.n_products, 1), minlength=1)
        products = len(distinct(lines.product))
        return cls(int((each > 0).sum()), products, len(cells), float((each.astype(np.float64) ** 2).sum()))


def fit_seconds(model: Model, size: Size) -> float:
    """Return what fitting ``model`` is estimated to take: seconds of one core."""
    plain = 0.05 + size.lines / 2e6
    users, products = float(size.users), float(size.products)
    if model.source == "als":
        factors, rounds = float(getattr(model, "factors", 64)), float(getattr(model, "iterations", 15))
        return plain + rounds * (2 * size.lines * factors * 3 + (users + products) * factors * factors * 3) / RATE * 1.5
    if model.source == "ease":
        small = min(users, products, 10_000.0)
        solve = small**3 + min(users, 12_000.0) * small * products if users <= products else 2 * small**3
        return plain + solve / RATE / 8 + users * products / 5e7
    if model.source == "user-neighbours":
        near = min(users, 15_000.0)
        return plain + size.squares / max(users, 1) * near / PAIRS / 5 + near * products / 5e7
    if model.source in ("item-neighbours", "bought-together"):
        return plain + size.squares / PAIRS
    return plain


def allowance(budget_minutes: float) -> float:
    """Return the seconds of one core that the choosing may be estimated to take."""
    return SHARE * budget_minutes * 60
