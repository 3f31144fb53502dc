"""The figures of a shop's data page, worked out from its purchases."""

from calendar import day_name
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

import numpy as np

from models.distinct import distinct
from models.schema import UNKNOWN, Ints, Purchases
from models.shop import Shop
from training.read.facts import Facts, TableFacts

RARE = 5
WEEKS, SELDOM = 8, 0.05
"""So many weeks, and sales in so small a share of them, make a day of the week one on which a shop is closed."""


def figures(shop: Shop, purchases: Purchases, tables: dict[str, TableFacts], listed: Ints) -> Facts:
    """Return the facts of a reading; ``listed`` are the rows of the products that the products table has."""
    lines = len(purchases)
    timed = "time" in tables["purchases"].mapping and lines > 0
    of_product = np.bincount(purchases.product, minlength=1)
    of_product = np.sort(of_product[of_product > 0])[::-1]
    unlisted = len(np.setdiff1d(purchases.product, listed)) if "products" in tables else 0
    known = purchases.user != UNKNOWN
    of_user = np.bincount(purchases.user[known], minlength=1)
    top = max(len(of_product) // 100, 1)
    days = days_sold(shop, purchases) if timed else []
    closed = closed_weekdays(days)
    return Facts(
        tables=tables,
        lines=lines,
        users=int((of_user > 0).sum()),
        products=len(of_product),
        products_listed=len(listed),
        orders=purchases.n_orders,
        stores=purchases.n_stores,
        first=int(purchases.time.min()) if timed else None,
        last=int(purchases.time.max()) if timed else None,
        gaps=gaps(days, closed),
        repeat_share=_share(_repeats(purchases), lines),
        top_products_share=_share(int(of_product[:top].sum()), lines),
        rare_products=int((of_product < RARE).sum()),
        one_order_users=_one_order(purchases),
        largest_user_share=_share(int(of_user.max()), lines),
        without_catalogue_row=unlisted,
        without_price=int(np.isnan(purchases.price).sum()),
        free=int((purchases.price == 0).sum()),
        closed=tuple(day_name[one] for one in closed),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _repeats(purchases: Purchases) -> int:
    """Return how many lines of known users are of a product that they bought in an earlier order."""
    known = int(np.searchsorted(purchases.user, UNKNOWN, side="right"))  # lines lie by user, then time
    pair = purchases.user[known:].astype(np.int64) * max(purchases.n_products, 1) + purchases.product[known:]
    rows = np.argsort(pair, kind="stable")
    pair, order = pair[rows], purchases.order[known:][rows]
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    first = np.repeat(order[starts], np.diff(starts, append=len(pair)))
    return int((order != first).sum())


def _one_order(purchases: Purchases) -> int:
    first = np.full(max(purchases.n_users, 1), np.iinfo(np.int32).max)
    last = np.full(max(purchases.n_users, 1), UNKNOWN)
    known = purchases.user != UNKNOWN
    np.minimum.at(first, purchases.user[known], purchases.order[known])
    np.maximum.at(last, purchases.user[known], purchases.order[known])
    return int((first == last).sum())


def days_sold(shop: Shop, purchases: Purchases) -> list[int]:
    """Return the days with a purchase, as ordinals in rising order; days are the shop's."""
    hours = distinct(purchases.time // 900) * 900  # no zone's day starts inside a quarter of an hour
    return sorted(
        {datetime.fromtimestamp(int(one), shop.zone).toordinal() for one in hours[:: max(len(hours) // 10**6, 1)]}
    )


def closed_weekdays(days: Sequence[int]) -> tuple[int, ...]:
    """Return the days of the week (0 = Monday) on which next to nothing is sold; ``days`` are ordinals in rising order."""
    if not days or days[-1] - days[0] < 7 * WEEKS:
        return ()
    there = np.bincount((np.arange(days[0], days[-1] + 1) - 1) % 7, minlength=7)  # ordinal 1 is a Monday
    sold = np.bincount((np.array(days) - 1) % 7, minlength=7)
    return tuple(int(one) for one in np.flatnonzero(sold <= SELDOM * there))


def gaps(days: Sequence[int], closed: Sequence[int] = (), most: int = 10) -> tuple[tuple[str, str], ...]:
    """Return (first, last) of the runs of days without a purchase, longest first; a run of ``closed`` weekdays alone is none."""
    runs = [(one + 1, other - 1) for one, other in pairwise(days) if other - one > 1]
    open_ones = [run for run in runs if any((day - 1) % 7 not in closed for day in range(run[0], run[1] + 1))]
    open_ones.sort(key=lambda run: (run[0] - run[1], run[0]))
    return tuple((str(date.fromordinal(one)), str(date.fromordinal(other))) for one, other in open_ones[:most])
