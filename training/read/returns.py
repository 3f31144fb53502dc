"""Returns take their purchase back: from the order that they mean, else the shopper's last like it before."""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from models.distinct import distinct
from models.schema import Doubles, Longs

if TYPE_CHECKING:
    from training.read.purchases import Lines

TAKEN = "return: takes its purchase back"
MORE = "return of more than was bought: takes back what there was"
LOST = "return without its purchase"
NOBODY = f"{LOST}: nobody is named"
NEVER = f"{LOST}: not bought before"
GONE = f"{LOST}: nothing is left of what was bought"


def take_back(lines: "Lines") -> tuple["Lines", Counter[str]]:
    """Return the purchases that stay, and how many returns did what.

    A return lowers the quantity of the same product in the order that it means (``ref_key``), and with nothing left the
    line goes. Otherwise, and with what is left to return, it takes from the shopper's earlier purchases of the product: the
    latest of just this quantity, else the latest that has enough left, else from the latest on. Nobody's return has its
    order alone. Only lines of products that came back are looked at one by one.
    """
    told: Counter[str] = Counter()
    returns = np.flatnonzero(lines.taken_back)
    if not len(returns):
        return lines, told
    left = lines.quantity.copy()
    left[returns] = 0.0
    by_order, by_user = _candidates(lines, returns)
    for row in sorted(returns.tolist(), key=lambda one: (int(lines.time[one]), one)):
        wanted = float(lines.quantity[row])
        product = int(lines.product[row])
        rest = _lower(left, by_order[int(lines.ref_key[row]), product], wanted)
        earlier = [one for one in by_user[int(lines.user[row]), product] if lines.time[one] <= lines.time[row]]
        if rest:
            rest = _take(lines, left, earlier, rest)
        told[_reason(lines, row, rest, wanted, bool(earlier))] += 1
    stays = left > 0
    kept = lines.where(stays)
    kept.quantity[:] = left[stays]
    return kept, told


def _reason(lines: "Lines", row: int, rest: float, wanted: float, bought: bool) -> str:
    if rest < wanted:
        return MORE if rest else TAKEN
    if lines.user[row] < 0:
        return NOBODY
    return GONE if bought else NEVER


def _candidates(
    lines: "Lines", returns: Longs
) -> tuple[defaultdict[tuple[int, int], list[int]], defaultdict[tuple[int, int], list[int]]]:
    """Return the purchases that returns may mean, in order of time: by order and product, and by user and product."""
    n = int(lines.product.max(initial=0)) + 1
    pair = lines.user.astype(np.int64) * n + lines.product
    mine = (lines.user >= 0) & np.isin(pair, pair[returns])
    inside = np.isin(lines.product, distinct(lines.product[returns])) & np.isin(
        lines.order_key, distinct(lines.ref_key[returns])
    )
    by_order: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    by_user: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row in np.flatnonzero(~lines.taken_back & (mine | inside)).tolist():
        by_order[int(lines.order_key[row]), int(lines.product[row])].append(row)
        if lines.user[row] >= 0:
            by_user[int(lines.user[row]), int(lines.product[row])].append(row)
    return by_order, by_user


def _take(lines: "Lines", left: Doubles, earlier: list[int], wanted: float) -> float:
    """Take ``wanted`` from the rows ``earlier`` (oldest first); return what could not be taken."""
    for row in reversed(earlier):
        if left[row] == lines.quantity[row] == wanted:
            left[row] = 0.0
            return 0.0
    for row in reversed(earlier):
        if left[row] >= wanted:
            left[row] -= wanted
            return 0.0
    return _lower(left, earlier, wanted)


def _lower(left: Doubles, rows: list[int], wanted: float) -> float:
    """Take ``wanted`` from ``rows``, the last first; return what could not be taken."""
    for row in reversed(rows):
        taken = min(wanted, float(left[row]))
        left[row] -= taken
        wanted -= taken
    return wanted
