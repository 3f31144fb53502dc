"""What a shopper's events of the last days say: the session, the cart, the campaign, and purchases not yet trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.schema import DAY, UNKNOWN, History
from recsvc.store.did import Did

LOOK_BACK = 30 * DAY
"""Seconds that views count for."""
CART = 7 * DAY
"""Seconds that a cart is kept for."""
CAMPAIGN = DAY
"""Seconds that a coupon counts for."""
MOST_VIEWED = 100
SAME = DAY
"""Seconds between two records of one purchase at most: the shop's files may tell of days alone."""


@dataclass(frozen=True, slots=True)
class Lately:
    """What events say of one shopper; ids are outside ones."""

    recent: tuple[str, ...] = ()
    """Products looked at, oldest first."""
    cart: tuple[str, ...] = ()
    campaign: str | None = None
    orders: tuple[Did, ...] = ()
    """Purchases and refunds, oldest first."""
    degraded: bool = False
    """Whether the store could not be read."""


def lately_of(did: Sequence[Did], at: int) -> Lately:
    """Return what ``did`` (oldest first) says at ``at`` (Unix seconds)."""
    viewed = [one.product_id for one in did if one.kind == "view" and one.time >= at - LOOK_BACK and one.product_id]
    coupons = [one.campaign for one in did if one.kind == "coupon" and one.time >= at - CAMPAIGN]
    return Lately(
        tuple(viewed[-MOST_VIEWED:]),
        _cart([one for one in did if one.time >= at - CART]),
        coupons[-1] if coupons else None,
        tuple(one for one in did if one.kind in ("purchase", "refund") and one.product_id),
    )


def _cart(did: Sequence[Did]) -> tuple[str, ...]:
    """Return what was put in and neither taken out nor bought since."""
    cart: dict[str, None] = {}
    for one in did:
        if one.product_id and one.kind == "cart":
            cart[one.product_id] = None
        elif one.product_id and one.kind in ("remove-from-cart", "purchase"):
            cart.pop(one.product_id, None)
    return tuple(cart)


def with_orders(
    history: History,
    orders: Sequence[Did],
    until: int,
    at: int,
    product: Callable[[str], int],
    store: Callable[[str], int],
) -> History:
    """Return the history of a shopper with what was bought and given back since the training.

    Purchases before ``until`` may be in the history already: one counts only where the history has no line of that
    product within a day of it, and each line stands for one event. Of the returns those count that take back an event's
    purchase, or that came after ``until``.

    Args:
        history: the trained purchases, oldest first.
        orders: purchases and refunds, oldest first.
        until: Unix seconds: everything that training knows is older; at most 1 in a shop without times.
        at: the moment of the request, Unix seconds; all lines lie before it.
        product: outside id -> row, or ``UNKNOWN``.
        store: the same for stores.
    """
    if not orders:
        return history
    past, live = _Past(history, until), list[_Line]()
    numbers: dict[str, int] = {}
    first = int(history.order.max(initial=-1)) + 1
    for one in orders:
        row = product(one.product_id or "")
        if row == UNKNOWN:
            continue
        if one.kind == "refund":
            _take_back(one, row, live, past)
        elif not past.tells_of(one, row):
            order = first + numbers.setdefault(one.order_id or one.event_id, len(numbers))
            live.append(_line(one, row, order, 0 if past.timeless else min(one.time, at - 1), store))
    return past.joined([line for line in live if line.quantity > 0])


@dataclass(slots=True)
class _Line:
    """A purchase that an event tells of."""

    product: int
    time: int
    order: int
    quantity: float
    price: float
    store: int
    order_id: str | None


def _line(one: Did, row: int, order: int, time: int, store: Callable[[str], int]) -> _Line:
    price = np.nan if one.price is None else one.price
    return _Line(row, time, order, one.quantity or 1.0, price, store(one.store_id or ""), one.order_id)


class _Past:
    """The trained purchases: which of them an event tells of again, and what is left of each."""

    def __init__(self, history: History, until: int) -> None:
        self.history, self.until, self.timeless = history, until, until <= 1
        self.told = np.zeros(len(history), np.bool_)
        self.left = np.array(history.quantity)

    def tells_of(self, one: Did, row: int) -> bool:
        """Return whether a line is the same purchase, and let it stand for no other event."""
        if not self.timeless and one.time >= self.until:
            return False
        apart = np.abs(self.history.time - one.time)
        near = np.flatnonzero(
            (self.history.product == row) & ~self.told & ((apart <= SAME) if not self.timeless else True)
        )
        if len(near):
            self.told[near[np.argmin(apart[near])]] = True
        return bool(len(near))

    def take_back(self, one: Did, row: int, pieces: float) -> None:
        """Take pieces off the newest lines of a product, for a return that the training has not seen."""
        if self.timeless or one.time < self.until:
            return
        for place in np.flatnonzero(self.history.product == row)[::-1]:
            taken = min(pieces, float(self.left[place]))
            self.left[place] -= taken
            pieces -= taken

    def joined(self, live: Sequence[_Line]) -> History:
        """Return what is left, with ``live`` lines, in the order of time."""
        past, stays = self.history, np.flatnonzero(self.left > 0)

        def both(old: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
            return np.concatenate([old[stays], np.array([getattr(line, name) for line in live], old.dtype)])

        parts = {name: both(getattr(past, name), name) for name in ("product", "time", "order", "price", "store")}
        parts["quantity"] = both(self.left, "quantity")
        order = np.argsort(parts["time"], kind="stable")
        return History(**{name: values[order] for name, values in parts.items()})


def _take_back(one: Did, row: int, live: Sequence[_Line], past: _Past) -> None:
    """Take the pieces of a refund off the newest lines of its product: those of its order, where it names one."""
    left = one.quantity or 1.0
    mine = [line for line in reversed(live) if line.product == row and one.order_id in (None, line.order_id)]
    if not mine:
        past.take_back(one, row, left)
    for line in mine:
        taken = min(left, line.quantity)
        line.quantity -= taken
        left -= taken
