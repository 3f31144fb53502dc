"""Hold the last days out, and ask for them what each carousel is for: four tasks that any shop with times can be judged by.

next-order   for-you            the first order of 2 products or more of each shopper in the window
discovery    you-may-also-like  products bought in the window and never before
complements  bought-together    the rest of that order, given one product of it; the shopper unknown
completing   bought-together    the same with the shopper known
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.schema import UNKNOWN, Ints, Longs, Purchases

TASKS = {
    "next-order": "for-you",
    "discovery": "you-may-also-like",
    "complements": "bought-together",
    "completing": "bought-together",
}
"""Task -> the carousel that it judges."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What is asked, and what was bought; every array but ``truth`` has shape (n_requests,)."""

    task: str
    user: Ints
    """User row: whose request it is, and by whom results are averaged and resampled."""
    known: bool
    """Whether the request names the user."""
    page: Ints
    store: Ints
    at: Longs
    truth: tuple[Ints, ...]
    """Product rows that were bought, for each request; never empty."""

    def __len__(self) -> int:
        return len(self.user)


def make_requests(purchases: Purchases, start: int, end: int, users: int, seed: int) -> list[Requests]:
    """Return the tasks that the purchases in [start, end) allow, for at most ``users`` shoppers drawn with ``seed``."""
    inside = (purchases.time >= start) & (purchases.time < end) & (purchases.user != UNKNOWN)
    window, before = purchases.where(inside), purchases.where(purchases.time < start)
    rng = np.random.default_rng(seed)
    orders = _first_orders(window, users, rng)
    found = [_next_order(window, orders), _discovery(window, before, users, rng)]
    complements = _complements(window, orders, rng)
    found += [complements, _named(complements)]
    return [requests for requests in found if len(requests)]


def _first_orders(window: Purchases, users: int, rng: np.random.Generator) -> list[Ints]:
    """Return the line numbers of the first order of two products or more of each drawn user."""
    by_order = np.lexsort((window.product, window.order, _order_time(window), window.user))
    edges = np.flatnonzero(np.diff(window.order[by_order], prepend=-2, append=-2))
    first: dict[int, Ints] = {}
    for start, end in pairwise(edges.tolist()):
        lines = by_order[start:end]
        user = int(window.user[lines[0]])
        if user not in first and len(np.unique(window.product[lines])) >= 2:
            first[user] = lines.astype(np.int32)
    kept = _drawn(np.array(sorted(first)), users, rng)
    return [first[int(user)] for user in kept]


def _order_time(window: Purchases) -> Longs:
    """Return (n_lines,) the first time of each line's order."""
    first = np.full(window.n_orders, np.iinfo(np.int64).max)
    np.minimum.at(first, window.order, window.time)
    return first[window.order]


def _drawn(users: Longs, most: int, rng: np.random.Generator) -> Longs:
    return users if len(users) <= most else np.sort(rng.choice(users, most, replace=False))


def _requests(
    task: str, window: Purchases, lines: Ints, truth: list[Ints], pages: Ints | None, known: bool
) -> Requests:
    page = np.full(len(lines), UNKNOWN, np.int32) if pages is None else pages
    return Requests(task, window.user[lines], known, page, window.store[lines], window.time[lines], tuple(truth))


def _next_order(window: Purchases, orders: list[Ints]) -> Requests:
    lines = np.array([order[0] for order in orders], np.int32)
    truth = [np.unique(window.product[order]) for order in orders]
    return _requests("next-order", window, lines, truth, None, True)


def _discovery(window: Purchases, before: Purchases, users: int, rng: np.random.Generator) -> Requests:
    n = window.n_products
    bought = np.unique(window.user.astype(np.int64) * n + window.product)
    new = bought[~np.isin(bought, np.unique(before.user.astype(np.int64) * n + before.product))]
    known = np.unique(before.user)
    old_users = _drawn(np.intersect1d(new // max(n, 1), known), users, rng)
    lines = np.searchsorted(window.user, old_users).astype(np.int32)
    truth = [(new[new // n == user] % n).astype(np.int32) for user in old_users]
    return _requests("discovery", window, lines, truth, None, True)


def _complements(window: Purchases, orders: list[Ints], rng: np.random.Generator) -> Requests:
    pages = [np.unique(window.product[order]) for order in orders]
    chosen = [products[rng.integers(len(products))] for products in pages]
    truth = [products[products != page] for products, page in zip(pages, chosen, strict=True)]
    lines = np.array([order[0] for order in orders], np.int32)
    return _requests("complements", window, lines, truth, np.array(chosen, np.int32), False)


def _named(requests: Requests) -> Requests:
    return Requests("completing", requests.user, True, requests.page, requests.store, requests.at, requests.truth)
