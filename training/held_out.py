"""What is known and what is asked: by time where purchases have times, else by hiding a part of some shoppers'.

Without times, the last order of a shopper is hidden. Where shoppers have no orders one after another, a random fifth
is: of the products, where each is there once (a set of users and items: only discovery is asked for), and of the lines,
where products come again (a log: each line is asked for in its own context).
"""

from dataclasses import dataclass

import numpy as np

from models.distinct import distinct
from models.moments import timed
from models.schema import DAY, UNKNOWN, Bools, Ints, Longs, Purchases
from models.shop import Shop
from training.read.shop_data import ShopData
from training.split import Requests, by_line, make_requests, requests_of

FIFTH = 5
"""One product of so many is hidden; a shopper with fewer is not asked."""
IN_SEQUENCE = 0.1
"""Share of shoppers with two orders or more from which on orders are the thing to ask for."""


REPEATS = 0.1
"""Share of lines that repeat a shopper's product from which on lines are a log, and not a set."""
MOST_LINES = 3
"""Hidden lines of one shopper that are asked for one by one."""


@dataclass(frozen=True, slots=True)
class Split:
    """A shop's purchases, parted for an honest test."""

    known: Purchases
    """What models may learn from."""
    requests: list[Requests]
    """What they are asked, with what was bought; a request's ``at`` is 0 without times."""
    until: int
    """Unix seconds: the moment that models are fitted for."""


def suited(shop: Shop, data: ShopData, until: int) -> Shop:
    """Return ``shop`` with fewer days held out and shorter label windows, where its purchases span too few for its own.

    A quarter of the days at most is held out, and a label window takes an eighth; a note in the facts says so.
    """
    if not timed(data.purchases):
        return shop
    there = (until - int(data.purchases.time.min())) / DAY
    days = min(shop.evaluation.days, max(1, int(there / 4)))
    window = min(shop.training.window_days, max(1, int(there / 8)))
    if (days, window) == (shop.evaluation.days, shop.training.window_days):
        return shop
    data.facts.tables["purchases"].notes.append(
        f"purchases of {there:.0f} days: the last {days} are held out, and label windows have {window}"
    )
    return shop.model_copy(
        update={
            "evaluation": shop.evaluation.model_copy(update={"days": days}),
            "training": shop.training.model_copy(update={"window_days": window}),
        }
    )


def known_until(purchases: Purchases, shop: Shop, until: int) -> int:
    """Return the moment (Unix seconds) at which the held-out days before ``until`` begin; without times, ``until``."""
    return until - shop.evaluation.days * DAY if timed(purchases) else until


def held_out(purchases: Purchases, shop: Shop, until: int, seed: int) -> Split:
    """Return the split that a version of ``shop`` trained for ``until`` is judged by."""
    if not timed(purchases):
        return hidden_parts(purchases, until, shop.evaluation.users, seed)
    start = known_until(purchases, shop, until)
    requests = make_requests(purchases, start, until, shop.evaluation.users, seed)
    return Split(purchases.where(purchases.time < start), requests, start)


def hidden_parts(purchases: Purchases, until: int, users: int, seed: int, fold: int = 0, folds: int = 1) -> Split:
    """Return the split that hides a part of at most ``users`` shoppers' purchases; of one in ``folds``, no two alike."""
    rng = np.random.default_rng(seed)
    sequence, log = in_sequence(purchases), is_log(purchases)
    able = _with_two_orders(purchases) if sequence else _with_enough(purchases, log)
    mine = np.sort(rng.permutation(able)[fold::folds][:users])
    hidden = _last_orders(purchases, mine) if sequence else _fifths(purchases, mine, log, rng)
    window, known = purchases.where(hidden), purchases.where(~hidden)
    if not sequence and (log or purchases.fields):
        return Split(known, _lines_asked(window, known, log), until)
    asked = requests_of(window, known, users, seed)
    return Split(known, asked if sequence else [one for one in asked if one.task == "discovery"], until)


def is_log(purchases: Purchases) -> bool:
    """Return whether shoppers' products come again line by line."""
    known = purchases.where(purchases.user != UNKNOWN)
    pairs = distinct(known.user.astype(np.int64) * max(known.n_products, 1) + known.product)
    return len(known) - len(pairs) >= REPEATS * max(len(known), 1)


def in_sequence(purchases: Purchases) -> bool:
    """Return whether shoppers have orders one after another, some of them of two products."""
    known = purchases.where(purchases.user != UNKNOWN)
    n = max(known.n_products, 1)
    cells = distinct(known.order.astype(np.int64) * n + known.product)
    several = np.bincount(cells // n, minlength=1).max(initial=0) > 1
    return bool(several) and len(_with_two_orders(purchases)) >= IN_SEQUENCE * len(distinct(known.user))


def _with_two_orders(purchases: Purchases) -> Longs:
    """Return the users with two orders or more, ascending."""
    known = purchases.user != UNKNOWN
    pairs = distinct(purchases.user[known].astype(np.int64) * max(purchases.n_orders, 1) + purchases.order[known])
    users, count = np.unique(pairs // max(purchases.n_orders, 1), return_counts=True)
    return users[count > 1]


def _pieces(purchases: Purchases, log: bool) -> tuple[Longs, Longs, Ints]:
    """Return what may be hidden: each line's piece (a line, or a user's product), the distinct ones, and whose they are."""
    n = max(purchases.n_products, 1)
    keys = np.arange(len(purchases)) if log else purchases.user.astype(np.int64) * n + purchases.product
    pieces, first = np.unique(keys, return_index=True)
    return keys, pieces, purchases.user[first]


def _with_enough(purchases: Purchases, log: bool) -> Longs:
    """Return the users with so many lines or products that a part of them can be hidden, ascending."""
    users, count = np.unique(_pieces(purchases, log)[2], return_counts=True)
    able: Longs = users[(count >= FIFTH) & (users != UNKNOWN)].astype(np.int64)
    return able


def _last_orders(purchases: Purchases, users: Longs) -> Bools:
    """Return (n_lines,): the lines of the last order of each of ``users``."""
    mine = np.isin(purchases.user, users)
    last = np.full(max(purchases.n_users, 1), -1, np.int64)
    np.maximum.at(last, purchases.user[mine], purchases.order[mine])
    hidden: Bools = mine & (purchases.order == last[purchases.user])
    return hidden


def _fifths(purchases: Purchases, users: Longs, log: bool, rng: np.random.Generator) -> Bools:
    """Return (n_lines,): a random fifth of the lines of each of ``users``, or the lines of a fifth of the products."""
    keys, pieces, of = _pieces(purchases, log)
    mine = np.isin(of, users)
    pieces, of = pieces[mine], of[mine]
    _, count = np.unique(of, return_counts=True)  # pieces lie by user
    shuffled = np.lexsort((rng.random(len(pieces)), of))
    place = np.arange(len(pieces)) - np.repeat(np.cumsum(count) - count, count)
    hidden: Bools = np.isin(keys, pieces[shuffled][place < np.repeat(count // FIFTH, count)])
    return hidden


def _lines_asked(window: Purchases, known: Purchases, log: bool) -> list[Requests]:
    """Return requests by line: for what comes next, where lines are a log, and for what is new to the shopper."""
    n = max(known.n_products, 1)
    had = distinct(known.user.astype(np.int64) * n + known.product)
    new = ~np.isin(window.user.astype(np.int64) * n + window.product, had)
    found = [by_line("next-order", window.where(_first_few(window.user)))] if log else []
    fresh = window.where(new)
    found.append(by_line("discovery", fresh.where(_first_few(fresh.user))))
    return [one for one in found if len(one)]


def _first_few(users: Ints) -> Bools:
    """Return (n_lines,): the first ``MOST_LINES`` of each of the ascending ``users``."""
    few: Bools = np.arange(len(users)) - np.searchsorted(users, users) < MOST_LINES
    return few
