"""Past orders as requests: what was bought after an earlier version's last day, asked of that version.

Nothing leaks: the models saw purchases before the window only, and each request sees its shopper's purchases before it.
Each names what the order named: its store, and the device, the weather or whatever else the shop's purchases tell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.columns import NumberColumn, TextColumn, text_column
from models.histories import Histories
from models.schema import UNKNOWN, Doubles, History, Ints, Longs
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
    context = {name: column.take(lines) for name, column in {**past.fields, "store": _store_ids(late)}.items()}
    return replace(early, histories=Histories(ptr, product[lines].astype(np.int32), *parts, context))


def _store_ids(snapshot: Snapshot) -> TextColumn:
    """Return the store of each purchase line by its outside id: an earlier version need not know the store."""
    names = text_column([snapshot.stores.id(row) for row in range(len(snapshot.stores))])
    store = snapshot.histories.store
    known = np.flatnonzero(store != UNKNOWN)
    codes = np.full(len(store), UNKNOWN, np.int32)
    codes[known] = names.codes[store[known]]
    return TextColumn(codes, names.vocabulary)


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
        for lines in _orders(snapshot.histories.of_user(user), start, end):
            found += _requests(snapshot, carousels, user, int(ptr[user]) + lines, dice)
    return found


def _orders(history: History, start: int, end: int) -> Iterator[Longs]:
    """Yield the places of the lines of each order that is asked about."""
    numbers = np.unique(history.order[(history.time >= start) & (history.time < end)])
    if not len(numbers):
        return
    kept = np.unique(np.linspace(0, len(numbers) - 1, MOST_ORDERS).round().astype(np.int64))
    for number in numbers[kept]:
        yield np.flatnonzero(history.order == number)


def _requests(
    snapshot: Snapshot, carousels: Sequence[str], user: int, lines: Longs, dice: np.random.Generator
) -> Iterator[Bought]:
    past = snapshot.histories
    rows, places = np.unique(past.product[lines], return_inverse=True)
    paid = np.zeros(len(rows))
    np.add.at(paid, places, np.asarray(past.quantity[lines], np.float64) * past.price[lines])
    column = snapshot.catalogue.columns.get("margin")
    share = column.values[rows] if isinstance(column, NumberColumn) else np.full(len(rows), np.nan)
    page = int(rows[dice.integers(len(rows))])
    ask = Ask(
        user_id=snapshot.users.id(user), at=int(past.time[lines].min()), size=SIZE, explain=True,
        **_context(past, int(lines[0])),
    )  # fmt: skip
    for name in carousels:
        if name not in snapshot.shop.pages.get("product", ()):
            yield Bought(name, user, ask, rows, paid, paid * share)
            continue
        rest = rows != page
        if rest.any():
            here = replace(ask, product_id=snapshot.catalogue.ids.id(page))
            yield Bought(name, user, here, rows[rest], paid[rest], (paid * share)[rest])


def _context(past: Histories, line: int) -> dict[str, Any]:
    """Return what a purchase line tells of its request: the store and the other fields, those that it knows."""
    told = {name: column.value(line) for name, column in past.fields.items()}
    fields = {name: value for name, value in told.items() if value is not None}
    return {"store_id": fields.pop("store", None), "fields": fields}
