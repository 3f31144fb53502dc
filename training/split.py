"""Ask for what was held out what each carousel is for: tasks that any shop can be judged by.

next-order   for-you            the first order of 2 products or more of each shopper in the window
discovery    you-may-also-like  products bought in the window and never before
complements  bought-together    the rest of that order, given one product of it; the shopper unknown
completing   bought-together    the same with the shopper known
session      you-may-also-like  the second half of an order, given the first as the session so far; asked only where most
                                shoppers are new, so that the session is all there is to know
first-order  for-you            the first order of 2 products or more of each shopper who is new, asked without a name;
                                only where ``FEWEST`` of them are
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from models.columns import Single
from models.distinct import distinct
from models.schema import NO_ROWS, UNKNOWN, Ints, Longs, Purchases

TASKS = {
    "next-order": "for-you",
    "discovery": "you-may-also-like",
    "complements": "bought-together",
    "completing": "bought-together",
    "session": "you-may-also-like",
    "first-order": "for-you",
}
"""Task -> the carousel that it judges."""
NEWCOMERS = "first-order"
FEWEST = 20
"""Shoppers of whom a mean says something: a group or a week of newcomers with fewer is not judged by itself."""


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
    fields: Mapping[str, Single] = field(default_factory=dict)
    """The context of each request, (n_requests,) rows each: that of the line that ``at`` is from."""
    recent: tuple[Ints, ...] = ()
    """Product rows of the session so far, oldest first, for each request; () = no request has any."""

    def __len__(self) -> int:
        return len(self.user)

    def fields_of(self, number: int) -> dict[str, str | float]:
        """Return the context of request ``number``, as far as it is known."""
        found = {name: column.value(number) for name, column in self.fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def make_requests(purchases: Purchases, start: int, end: int, users: int, seed: int) -> list[Requests]:
    """Return the tasks that the purchases in [start, end) allow, for at most ``users`` shoppers drawn with ``seed``."""
    inside = (purchases.time >= start) & (purchases.time < end) & (purchases.user != UNKNOWN)
    window = purchases.where(inside)
    there = np.zeros(purchases.n_users + 1, np.bool_)  # the last place is that of UNKNOWN: nobody
    there[window.user] = True
    return requests_of(window, purchases.where((purchases.time < start) & there[purchases.user]), users, seed)


def requests_of(window: Purchases, before: Purchases, users: int, seed: int) -> list[Requests]:
    """Return the tasks that the lines of known users in ``window`` allow to those who know what came ``before``."""
    rng = np.random.default_rng(seed)
    orders = _first_orders(window, users, rng)
    found = [_next_order(window, orders), _discovery(window, before, users, rng)]
    complements = _complements(window, orders, rng)
    found += [complements, _named(complements), _sessions(window, before, orders)]
    found.append(_newcomers(window, before, users, seed))
    return [requests for requests in found if len(requests)]


def askers(requests: Iterable[Requests]) -> Ints:
    """Return the user rows that ``requests`` name, ascending."""
    named: Ints = distinct(np.concatenate([NO_ROWS, *(one.user for one in requests if one.known)]))
    return named


def by_line(task: str, window: Purchases) -> Requests:
    """Return one request for each line of ``window``, each with the line's own product as the truth."""
    lines = np.arange(len(window), dtype=np.int32)
    return _requests(task, window, lines, list(window.product[:, None]), None, True)


def _first_orders(window: Purchases, users: int, rng: np.random.Generator) -> list[Ints]:
    """Return the line numbers of the first order of two products or more of each drawn user."""
    by_order = np.lexsort((window.product, window.order, _order_time(window), window.user))
    order, product = window.order[by_order], window.product[by_order]
    edges = np.flatnonzero(np.diff(order, prepend=-2, append=-2))
    other = np.diff(product, prepend=product[:1]) != 0  # lines of an order lie by product
    other[edges[:-1]] = False
    several = np.flatnonzero(np.add.reduceat(other, edges[:-1]) if len(order) else other)
    found, first = np.unique(window.user[by_order[edges[several]]], return_index=True)
    kept = np.searchsorted(found, _drawn(found.astype(np.int64), users, rng))
    return [by_order[edges[one] : edges[one + 1]].astype(np.int32) for one in several[first[kept]].tolist()]


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
    fields = {name: column.take(lines) for name, column in window.fields.items()}
    return Requests(
        task, window.user[lines], known, page, window.store[lines], window.time[lines], tuple(truth), fields
    )


def _next_order(window: Purchases, orders: list[Ints]) -> Requests:
    lines = np.array([order[0] for order in orders], np.int32)
    truth = [distinct(window.product[order]) for order in orders]
    return _requests("next-order", window, lines, truth, None, True)


def _discovery(window: Purchases, before: Purchases, users: int, rng: np.random.Generator) -> Requests:
    n = window.n_products
    bought = distinct(window.user.astype(np.int64) * n + window.product)
    had = distinct(before.user.astype(np.int64) * n + before.product)
    new = bought[np.searchsorted(had, bought, side="right") == np.searchsorted(had, bought)]
    known = distinct(before.user)
    old_users = _drawn(np.intersect1d(new // max(n, 1), known), users, rng)
    lines = np.searchsorted(window.user, old_users).astype(np.int32)
    starts, ends = np.searchsorted(new, old_users * n), np.searchsorted(new, (old_users + 1) * n)
    truth = [(new[start:end] % n).astype(np.int32) for start, end in zip(starts, ends, strict=True)]
    return _requests("discovery", window, lines, truth, None, True)


def _complements(window: Purchases, orders: list[Ints], rng: np.random.Generator) -> Requests:
    pages = [distinct(window.product[order]) for order in orders]
    chosen = [products[rng.integers(len(products))] for products in pages]
    truth = [products[products != page] for products, page in zip(pages, chosen, strict=True)]
    lines = np.array([order[0] for order in orders], np.int32)
    return _requests("complements", window, lines, truth, np.array(chosen, np.int32), False)


def _named(requests: Requests) -> Requests:
    return replace(requests, task="completing", known=True)


def _sessions(window: Purchases, before: Purchases, orders: list[Ints]) -> Requests:
    old = np.isin(window.user[[order[0] for order in orders]], before.user)
    new = [np.sort(order) for order, is_old in zip(orders, old.tolist(), strict=True) if not is_old]
    if 2 * len(new) <= len(orders):
        new = []
    halves = [_halves(window.product[order]) for order in new]
    lines = np.array([order[0] for order in new], np.int32)
    asked = _requests("session", window, lines, [truth for _, truth in halves], None, False)
    return replace(asked, recent=tuple(recent for recent, _ in halves))


def _newcomers(window: Purchases, before: Purchases, users: int, seed: int) -> Requests:
    new = window.where(~np.isin(window.user, before.user))
    orders = _first_orders(new, users, np.random.default_rng([seed, 1]))  # the other tasks' draws stay as they are
    found = _next_order(new, orders if len(orders) >= min(FEWEST, users) else [])
    return replace(found, task=NEWCOMERS, known=False)


def _halves(products: Ints) -> tuple[Ints, Ints]:
    """Return the first half of the distinct products in the order of their first line, and the rest ascending."""
    distinct, first = np.unique(products, return_index=True)
    in_order = distinct[np.argsort(first)]
    return in_order[: len(in_order) // 2], np.sort(in_order[len(in_order) // 2 :])
