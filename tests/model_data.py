"""Small shops for the tests of models: made from orders that can be read, or drawn with a seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.base import Fitting
from models.catalogue import Catalogue
from models.columns import Column, number_column, tags_column, text_column
from models.histories import Histories
from models.ids import IdIndex
from models.schema import DAY, UNKNOWN, Context, Purchases

UNTIL = 20_000 * DAY
"""The moment that the shops here are trained for."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order: who, what, how many days before ``UNTIL``, where."""

    user: int
    products: Sequence[int]
    age: float = 1.0
    store: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class SmallShop:
    """What a model is fitted from, and the histories that its contexts come from."""

    data: Fitting
    histories: Histories = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "histories", Histories.of(self.data.purchases))

    def context(
        self,
        user: int = UNKNOWN,
        *,
        page: int = UNKNOWN,
        cart: Sequence[int] = (),
        recent: Sequence[int] = (),
        store: int = UNKNOWN,
        at: int = UNTIL,
    ) -> Context:
        """Return the context of a request to this shop, with the shopper's purchases before ``at``."""
        history = self.histories.of_user(user).before(at)
        return Context(at, user, page, np.array(cart, np.int32), np.array(recent, np.int32), store, history)


def purchases_of(
    orders: Sequence[Order], n_products: int, *, n_users: int | None = None, n_stores: int = 0, until: int = UNTIL
) -> Purchases:
    """Return the lines of ``orders``, sorted as ``Purchases`` promises."""
    lines = [
        (order.user, int(until - order.age * DAY), product, number, order.store)
        for number, order in enumerate(orders)
        for product in order.products
    ]
    table = np.array(sorted(lines), np.int64).reshape(len(lines), 5)
    user, time, product, order, store = table.T
    some = np.ones(len(lines), np.float32)
    return Purchases(
        user.astype(np.int32), product.astype(np.int32), time, order.astype(np.int32), store.astype(np.int32),
        some, some * np.float32(2.5), max([1 + o.user for o in orders], default=0) if n_users is None else n_users,
        n_products, n_stores, len(orders),
    )  # fmt: skip


def catalogue_of(n_products: int, columns: Mapping[str, Column] | None = None) -> Catalogue:
    """Return the catalogue of products p0, p1, …"""
    return Catalogue.of(IdIndex.of(f"p{row}" for row in range(n_products)), columns or {}, "1")


def shop_of(
    orders: Sequence[Order],
    n_products: int,
    columns: Mapping[str, Column] | None = None,
    *,
    n_users: int | None = None,
    n_stores: int = 0,
    seed: int = 1,
    until: int = UNTIL,
) -> SmallShop:
    """Return the shop where ``orders`` were made, trained on one thread for ``until``."""
    purchases = purchases_of(orders, n_products, n_users=n_users, n_stores=n_stores, until=until)
    return SmallShop(Fitting(purchases, catalogue_of(n_products, columns), until, seed, threads=1))


def random_shop(seed: int = 0, *, n_users: int = 20, n_products: int = 24, n_orders: int = 140) -> SmallShop:
    """Return a shop with everything: stores, prices, categories, tags, arrivals, anonymous orders, popular products."""
    rng = np.random.default_rng(seed)
    favour = 1 / np.arange(1, n_products + 1)
    orders = [
        Order(
            user=int(rng.integers(-1, n_users)),
            products=rng.choice(n_products, rng.integers(1, 6), p=favour / favour.sum()).tolist(),
            age=float(rng.integers(1, 200 * 24) / 24),
            store=int(rng.integers(-1, 3)),
        )
        for _ in range(n_orders)
    ]
    came = [float(UNTIL - age * DAY) if age < 90 else None for age in rng.integers(0, 300, n_products)]
    columns: dict[str, Column] = {
        "name": text_column([f"Product {row}" for row in range(n_products)]),
        "category": text_column([("bread", "wine", "tea", None)[row % 4] for row in range(n_products)]),
        "tags": tags_column([("eco", "new", "sale")[: row % 4] for row in range(n_products)]),
        "price": number_column([None if row % 7 == 3 else 1.0 + row for row in range(n_products)]),
        "available_from": number_column(came),
    }
    return shop_of(orders, n_products, columns, n_users=n_users, n_stores=3, seed=seed + 1)
