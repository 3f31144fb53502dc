"""Past orders as requests: what was bought after an earlier version's last day, asked of that version.

Nothing leaks: the models saw purchases before the window only, and each request sees its shopper's purchases before it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.columns import NumberColumn
from models.histories import Histories
from models.schema import UNKNOWN, Doubles, History, Ints
from recsvc.asking import Ask
from recsvc.snapshot import Snapshot

SIZE = 10
"""Products of each carousel that count."""
MOST_ORDERS = 5
"""Orders of one shopper, spread over the window."""


@dataclass(frozen=True, slots=True)
class Bought:
    """One carousel asked at the moment of one order, and what the order held."""

    carousel: str
    user: int
    ask: Ask
    rows: Ints
    """(n_products,) distinct, ascending; without the page's product."""
    paid: Doubles
    """(n_products,) money; NaN where no price is known."""
    margin: Doubles
    """(n_products,) money; NaN where no cost is known."""


def with_purchases_of(early: Snapshot, late: Snapshot) -> Snapshot:
    """Return ``early`` with the purchases that ``late`` knows, as far as it knows their users and products."""
    products = early.catalogue.ids.rows([late.catalogue.ids.id(row) for row in range(len(late.catalogue))])
    users = early.users.rows([late.users.id(row) for row in range(len(late.users))])
    past = late.histories
    user = np.repeat(users, np.diff(past.ptr))
    product = products[past.product] if len(past.product) else past.product
    lines = np.flatnonzero((user != UNKNOWN) & (product != UNKNOWN))
    lines = lines[np.argsort(user[lines], kind="stable")]
    ptr = np.searchsorted(user[lines], np.arange(len(early.users) + 1)).astype(np.int64)
    stores = early.stores.rows([late.stores.id(row) for row in range(len(late.stores))])
    store = np.where(past.store == UNKNOWN, UNKNOWN, stores[past.store])[lines] if len(stores) else past.store[lines]
    parts = (past.time[lines], past.order[lines], past.quantity[lines], past.price[lines], store.astype(np.int32))
    return replace(early, histories=Histories(ptr, product[lines].astype(np.int32), *parts))


def orders_of(
    snapshot: Snapshot, carousels: Sequence[str], start: int, end: int, users: int, seed: int
) -> list[Bought]:
    """Return requests for the orders in [start, end) of at most ``users`` drawn shoppers, all carousels for each.

    A carousel of the page called product gets one product of the order, drawn, as its page.
    """
    times, ptr = snapshot.histories.time, snapshot.histories.ptr
    inside = np.concatenate([[0], np.cumsum((times >= start) & (times < end))])
    buyers = np.flatnonzero(np.diff(inside[ptr]))
    dice = np.random.default_rng(seed)
    drawn = buyers if len(buyers) <= users else np.sort(dice.choice(buyers, users, replace=False))
    found: list[Bought] = []
    for user in drawn.tolist():
        for order in _orders(snapshot.histories.of_user(user), start, end):
            found += _requests(snapshot, carousels, user, order, dice)
    return found


def _orders(history: History, start: int, end: int) -> Iterator[History]:
    numbers = np.unique(history.order[(history.time >= start) & (history.time < end)])
    if not len(numbers):
        return
    kept = np.unique(np.linspace(0, len(numbers) - 1, MOST_ORDERS).round().astype(np.int64))
    for number in numbers[kept]:
        lines = history.order == number
        yield History(
            history.product[lines], history.time[lines], history.order[lines], history.quantity[lines],
            history.price[lines], history.store[lines],
        )  # fmt: skip


def _requests(
    snapshot: Snapshot, carousels: Sequence[str], user: int, order: History, dice: np.random.Generator
) -> Iterator[Bought]:
    rows, places = np.unique(order.product, return_inverse=True)
    paid = np.zeros(len(rows))
    np.add.at(paid, places, np.asarray(order.quantity, np.float64) * order.price)
    column = snapshot.catalogue.columns.get("margin")
    share = column.values[rows] if isinstance(column, NumberColumn) else np.full(len(rows), np.nan)
    page = int(rows[dice.integers(len(rows))])
    ask = Ask(user_id=snapshot.users.id(user), at=int(order.time.min()), size=SIZE, explain=True)
    for name in carousels:
        if name not in snapshot.shop.pages.get("product", ()):
            yield Bought(name, user, ask, rows, paid, paid * share)
            continue
        rest = rows != page
        if rest.any():
            here = replace(ask, product_id=snapshot.catalogue.ids.id(page))
            yield Bought(name, user, here, rows[rest], paid[rest], (paid * share)[rest])
