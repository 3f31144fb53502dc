"""Returns take their purchase back: the one of the same order, else the last like it before."""

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from models.schema import Longs

if TYPE_CHECKING:
    from training.read.purchases import Lines


def take_back(lines: "Lines") -> tuple["Lines", int]:
    """Return the purchases that stay, and how many returns found no purchase.

    A return of the same order and product lowers that purchase's quantity, and with nothing left the line goes.
    Otherwise it takes the latest earlier purchase of the same user, product and quantity that is still there; for a
    user who is not known there is no such purchase. Only lines of products that came back are looked at one by one.
    """
    returns = np.flatnonzero(lines.taken_back)
    if not len(returns):
        return lines, 0
    left = lines.quantity.copy()
    left[returns] = 0.0
    lost = 0
    by_order, alike = _candidates(lines, returns)
    for row in sorted(returns.tolist(), key=lambda one: (int(lines.time[one]), one)):
        wanted = float(lines.quantity[row])
        same_order = by_order[int(lines.order_key[row]), int(lines.product[row])]
        if sum(left[one] for one in same_order) >= wanted:
            _lower(left, same_order, wanted)
        elif (purchase := _latest(lines, left, alike[_like(lines, row)], row)) is not None:
            left[purchase] = 0.0
        else:
            lost += 1
    stays = left > 0
    kept = lines.where(stays)
    kept.quantity[:] = left[stays]
    return kept, lost


def _like(lines: "Lines", row: int) -> tuple[int, int, float]:
    return int(lines.user[row]), int(lines.product[row]), float(lines.quantity[row])


def _candidates(
    lines: "Lines", returns: Longs
) -> tuple[defaultdict[tuple[int, int], list[int]], defaultdict[tuple[int, int, float], list[int]]]:
    """Return the purchases that returns may mean: by order and product, and by user, product and quantity."""
    users, products = np.unique(lines.user[returns]), np.unique(lines.product[returns])
    rows = np.flatnonzero(~lines.taken_back & np.isin(lines.user, users) & np.isin(lines.product, products))
    by_order: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    alike: defaultdict[tuple[int, int, float], list[int]] = defaultdict(list)
    for row in rows.tolist():
        by_order[int(lines.order_key[row]), int(lines.product[row])].append(row)
        if lines.user[row] >= 0:
            alike[_like(lines, row)].append(row)
    return by_order, alike


def _lower(left: np.ndarray, rows: list[int], wanted: float) -> None:
    for row in reversed(rows):
        taken = min(wanted, float(left[row]))
        left[row] -= taken
        wanted -= taken


def _latest(lines: "Lines", left: np.ndarray, rows: list[int], returned: int) -> int | None:
    """Return the last of ``rows`` (in order of time) that is not after the return and still whole."""
    for row in reversed(rows):
        if lines.time[row] <= lines.time[returned] and left[row] == lines.quantity[row]:
            return row
    return None
