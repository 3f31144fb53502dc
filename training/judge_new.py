"""How new products do: whether lists show them, and whether they find those that were bought."""

from dataclasses import dataclass

import numpy as np

from models.moments import timed
from models.schema import DAY, UNKNOWN, Bools, Longs, Purchases
from training.metrics.by_user import lists_of
from training.split import Requests

NEW_DAYS = 28
"""Days before the judged window in which a product's first sale makes it new."""
ARRIVALS = "new-arrivals"
"""The carousel of new products, asked with the requests of discovery."""


@dataclass(frozen=True, slots=True)
class NewInLists:
    """What the lists of one carousel did for new products."""

    carousel: str
    found: int
    """Of ``NewProducts.bought``, those among the first ten."""
    slots: float
    """Share of the places that new products take."""


@dataclass(frozen=True, slots=True)
class NewProducts:
    """Products first sold less than ``NEW_DAYS`` days before the judged window, or never before it."""

    products: int
    bought: int
    """Purchases of a new product by a shopper who is asked for discovery; each product of a shopper once."""
    share: float
    """Share of these among all that these shoppers discovered."""
    lists: tuple[NewInLists, ...]

    def plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        lists = {one.carousel: {"found": one.found, "slots": round(one.slots, 5)} for one in self.lists}
        return {"products": self.products, "bought": self.bought, "share": round(self.share, 5), "lists": lists}


def is_new(known: Purchases, start: int) -> Bools | None:
    """Return (n_products,) whether a product is new at ``start`` (Unix seconds).

    None where that cannot be told: without times, or where ``known`` begins less than ``NEW_DAYS`` days before.
    """
    since = start - NEW_DAYS * DAY
    if not timed(known) or int(known.time.min()) >= since:
        return None
    first = np.full(known.n_products, np.iinfo(np.int64).max)
    np.minimum.at(first, known.product, known.time)
    new: Bools = first >= since
    return new


def new_products(known: Purchases, start: int, task: Requests, lists: dict[str, Longs]) -> NewProducts | None:
    """Return how the ``lists``, (n_requests, depth) product rows by carousel, did for products new at ``start``.

    Args:
        known: purchases before ``start``.
        start: Unix seconds, when the judged window begins.
        task: the requests of discovery.
        lists: what they were answered.
    """
    new = is_new(known, start)
    if new is None:
        return None
    bought = np.concatenate(task.truth)
    told = tuple(_in_lists(name, task, shown, new) for name, shown in lists.items())
    return NewProducts(int(new.sum()), int(new[bought].sum()), float(new[bought].mean()), told)


def _in_lists(carousel: str, task: Requests, shown: Longs, new: Bools) -> NewInLists:
    fresh = new[shown] & (shown != UNKNOWN)
    hits = lists_of(task, shown, len(new)).hits
    return NewInLists(carousel, int((hits & fresh).sum()), float(fresh.sum() / max((shown != UNKNOWN).sum(), 1)))
