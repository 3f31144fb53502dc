"""What sorted tables say of products: lifts, store sales, context. Candidates ascend, so each is found near the last one."""

from typing import Any

import numba
import numpy as np

from models.kernels_table import NONE, read
from models.schema import Doubles, Floats, Ints, Longs
from models.trees_walk import compiled


def _stride(rows: Ints, low: int, end: int, wanted: int) -> int:
    """Return the first place from ``low`` on whose row is not below ``wanted``, or ``end``; near ones are found at once."""
    step = 1
    while low + step < end and rows[low + step] < wanted:
        step *= 2
    high = min(low + step, end)
    low += step >> 1
    while low < high:
        middle = (low + high) >> 1
        if rows[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


stride = numba.njit(nogil=True)(_stride)


def _chances(
    values: Longs, ptr: Longs, rows: Ints, count: Floats, orders: Floats, share: Floats, prior: float, wanted: Ints,
    out: Doubles,
) -> None:  # fmt: skip
    """Write to ``out`` (n_values, n_wanted) orders with a value and a product over those expected, both with a prior."""
    for v in range(len(values)):
        begin, end = ptr[values[v]], ptr[values[v] + 1]
        low = begin
        for r in range(len(wanted)):
            if r and wanted[r] < wanted[r - 1]:
                low = begin
            low = stride(rows, low, end, wanted[r])
            seen = np.float64(count[low]) if low < end and rows[low] == wanted[r] else 0.0
            usual = np.float64(share[wanted[r]]) if wanted[r] < len(share) else 0.0
            out[v, r] = (seen + prior) / (usual * np.float64(orders[values[v]]) + prior)


chances = compiled(
    _chances,
    numba.void(
        read(numba.int64), read(numba.int64), read(numba.int32), read(numba.float32), read(numba.float32),
        read(numba.float32), numba.float64, read(numba.int32), numba.float64[:, ::1],
    ), nogil=False)  # fmt: skip


def _products(
    rows: Ints, shares: Floats, newcomers: Floats, buyers: Floats, again: Floats, price: Floats, price_now: Floats,
    of_kind: Floats, to: Longs, out: Floats,
) -> None:  # fmt: skip
    """Write what is known of products ``rows`` to the columns ``to`` of ``out`` (n_features, n_rows).

    These are the shares of ``shares`` (n_products, 4), the first over the third, those of ``newcomers`` (n_products, 2),
    buyers, again, price, price now, and those of ``of_kind`` (n_products, 2). What training did not know is 0, NaN of its
    kind, but for the prices, which everything has.
    """
    little = np.float32(1e-5)
    for r in range(len(rows)):
        row = rows[r]
        known = row < len(shares)
        for k in range(4):
            out[to[k], r] = shares[row, k] if known else np.float32(0)
        out[to[4], r] = (out[to[0], r] + little) / (out[to[2], r] + little)
        for k in range(2):
            out[to[5 + k], r] = newcomers[row, k] if known else np.float32(0)
        out[to[7], r] = buyers[row] if known else np.float32(0)
        out[to[8], r] = again[row] if known else np.float32(0)
        out[to[9], r] = price[row]
        out[to[10], r] = price_now[row]
        for k in range(2):
            out[to[11 + k], r] = of_kind[row, k] if known else np.float32(np.nan)


products = compiled(
    _products,
    numba.void(
        read(numba.int32), read(numba.float32, 2), read(numba.float32, 2), read(numba.float32), read(numba.float32),
        read(numba.float32), read(numba.float32), read(numba.float32, 2), read(numba.int64), numba.float32[:, ::1],
    ), nogil=False)  # fmt: skip


def _holding(
    product: Ints, what: Any, starts: Longs, ends: Longs, begin: int, end: int, at: int, wanted: Ints, out: Ints
) -> None:
    """Write to ``out`` (n_wanted,) what holds at ``at`` for each product: of the entries begin … end the first that does."""
    low = begin
    for r in range(len(wanted)):
        out[r] = NONE
        if r and wanted[r] < wanted[r - 1]:
            low = begin
        low = stride(product, low, end, wanted[r])
        place = low
        while place < end and product[place] == wanted[r]:
            kind = np.int32(what[place])
            if starts[kind] <= at and at < ends[kind]:
                out[r] = kind
                break
            place += 1


holding = compiled(
    _holding,
    [
        numba.void(
            read(numba.int32), read(kind), read(numba.int64), read(numba.int64), numba.int64, numba.int64, numba.int64,
            read(numba.int32), numba.int32[::1],
        )
        for kind in (numba.uint8, numba.uint16, numba.uint32)
    ], nogil=False)  # fmt: skip


def _sales(
    rows: Ints, sold: Floats, last: Floats, share: Floats, orders: Floats, prior: float, begin: int, end: int,
    wanted: Ints, out: Floats,
) -> None:  # fmt: skip
    """Write to ``out`` (3, n_wanted) a store's two shares of orders, drawn to the shop's, and days since sold, or NaN."""
    weight, low = np.float32(prior), begin
    for r in range(len(wanted)):
        if r and wanted[r] < wanted[r - 1]:
            low = begin
        low = stride(rows, low, end, wanted[r])
        here = low < end and rows[low] == wanted[r]
        for h in range(2):
            usual = share[wanted[r], h] if wanted[r] < len(share) else np.float32(0)
            mine = sold[low, h] if here else np.float32(0)
            out[h, r] = (mine + weight * usual) / (orders[h] + weight)
        out[2, r] = last[low] if here else np.float32(np.nan)


sales = compiled(
    _sales,
    numba.void(
        read(numba.int32), read(numba.float32, 2), read(numba.float32), read(numba.float32, 2), read(numba.float32),
        numba.float64, numba.int64, numba.int64, read(numba.int32), numba.types.Array(numba.float32, 2, "C"),
    ), nogil=False)  # fmt: skip
