"""Groups of shoppers by what is known of them: a mean over all hides that newcomers get little."""

import numpy as np

from models.distinct import distinct
from models.schema import UNKNOWN, Bools, Longs, Purchases
from training.split import FEWEST, Requests

GROUPS = {"new": (0, 0), "one": (1, 1), "few": (2, 10), "many": (11, None)}
"""Group -> fewest and most orders before; None = no bound."""


def orders_before(known: Purchases) -> Longs:
    """Return (n_users,) the orders of each user in ``known``."""
    named = known.user != UNKNOWN
    width = max(known.n_orders, 1)
    orders = distinct(known.user[named].astype(np.int64) * width + known.order[named])
    return np.bincount(orders // width, minlength=known.n_users)


def groups_of(known: Purchases, task: Requests) -> dict[str, Bools]:
    """Return (n_users,) masks over the users of ``task``, ascending; no group of fewer than ``FEWEST`` shoppers."""
    count = orders_before(known)[distinct(task.user)]
    masks = {name: (count >= low) & ((high is None) | (count <= (high or 0))) for name, (low, high) in GROUPS.items()}
    return {name: mask for name, mask in masks.items() if mask.sum() >= FEWEST}
