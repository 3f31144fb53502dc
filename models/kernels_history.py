"""What a shopper's history says of products: all levels counted in one pass each, and written where they belong."""

import math

import numba
import numpy as np

from models.kernels_table import NONE, bits_of, read, slot_of
from models.schema import Bools, Doubles, Floats, Ints, Longs
from models.trees_walk import compiled

N_LEVELS = 5
"""The product itself, its kind, its category, its kind and brand, its brand."""


def _count(
    codes: Ints, order: Longs, age: Doubles, faded: Doubles, here: Bools, more: Doubles, own: Ints, places: Ints,
    found: Doubles,
) -> int:  # fmt: skip
    """Count a history by code: write to ``found`` (COUNTED + n_more, n_lines); return how many distinct codes there are.

    Args:
        codes: (n_lines,) -1 for a line that does not count.
        order: (n_lines,) ascending from 0.
        age: (n_lines,) days.
        faded: (n_half_lives, n_lines)
        here: (n_orders,) whether an order was bought in the request's store.
        more: (n_more, n_lines) summed over the lines of a code, each row with a row of counts behind it; NaN is no value.
        own: written: the distinct codes, in order of appearance.
        places: written: the places in ``own`` of the slots of a table, see ``_slot``.
        found: written, a column a code: sums of ``faded`` over the orders with the code; orders; age of the last line and of
            the first; the last order; orders among the last three; orders here; sums and counts of ``more``.
    """
    places[:] = NONE
    n, n_faded = 0, len(faded)
    for i in range(len(codes)):
        if codes[i] < 0:
            continue
        slot = slot_of(codes[i], own, places)
        if places[slot] == NONE:
            places[slot] = np.int32(n)
            own[n] = codes[i]
            found[:, n] = 0.0
            found[n_faded + 1, n] = np.inf
            found[n_faded + 3, n] = -1.0
            n += 1
        k = places[slot]
        found[n_faded + 1, k] = min(found[n_faded + 1, k], age[i])
        found[n_faded + 2, k] = max(found[n_faded + 2, k], age[i])
        for m in range(len(more)):
            if not math.isnan(more[m, i]):
                found[n_faded + 6 + 2 * m, k] += more[m, i]
                found[n_faded + 7 + 2 * m, k] += 1.0
        if found[n_faded + 3, k] != order[i]:
            found[n_faded, k] += 1.0
            found[n_faded + 3, k] = order[i]
            found[n_faded + 4, k] += 1.0 if order[i] >= len(here) - 3 else 0.0
            found[n_faded + 5, k] += 1.0 if here[order[i]] else 0.0
            for h in range(n_faded):
                found[h, k] += faded[h, i]
    return n


counted = numba.njit(nogil=True, error_model="numpy")(_count)


def _coded(codes: Ints, rows: Ints, out: Ints) -> None:
    """Write to ``out`` (n_rows,) the code of each of ``rows``; -1 for one beyond ``codes``."""
    for i in range(len(rows)):
        out[i] = codes[rows[i]] if rows[i] < len(codes) else NONE


coded = numba.njit(nogil=True, error_model="numpy")(_coded)


def _history(
    lines: Ints, rows: Ints, kind: Ints, category: Ints, make: Ints, brand: Ints, order: Longs, age: Doubles,
    order_age: Doubles, faded: Doubles, totals: Doubles, here: Bools, more: Doubles, gap: Floats, price: Floats,
    out: Floats,
) -> None:  # fmt: skip
    """Write what a history says of products to ``out``, rows as ``models.features`` lists them: each level, then the product.

    Args:
        lines: (n_lines,) the product of each line.
        rows: (n_rows,) the products that are asked about.
        kind: (n_products,) codes of a level, as are ``category``, ``make`` and ``brand``; the first level is the product itself.
        order: see ``_count``.
        age: see ``_count``.
        order_age: (n_orders,) falling.
        faded: see ``_count``; three half-lives.
        totals: (3,) faded orders.
        here: see ``_count``.
        more: (2, n_lines) log of pieces; log of the price paid, NaN where unknown.
        gap: (n_rows,) usual days between two purchases of a product.
        price: (n_products,) log of the price.
        out: (N_HISTORY, n_rows), NaN.
    """
    n_lines, n_orders = len(lines), len(order_age)
    of_lines, wanted = lines.copy(), rows.copy()
    own = np.empty(n_lines, np.int32)
    table = np.empty(1 << bits_of(n_lines), np.int32)
    found = np.empty((13, n_lines), np.float64)
    product = out[7 * N_LEVELS :]
    for level in range(N_LEVELS):
        block = out[7 * level : 7 * level + 7]
        block[:4] = np.float32(0)
        if level:
            codes = (kind, category, make, brand)[level - 1]
            coded(codes, lines, of_lines)
            coded(codes, rows, wanted)
        if not counted(of_lines, order, age, faded, here, more, own, table, found):
            continue
        for r in range(len(rows)):
            code = wanted[r]
            k = table[slot_of(code, own, table)] if code >= 0 else NONE
            if k == NONE:
                continue
            orders, last, first = found[3, k], found[4, k], found[5, k]
            for h in range(3):
                block[h, r] = found[h, k] / totals[h]
            block[3, r] = orders
            block[4, r] = last
            if orders > 1:
                block[5, r] = last / max((first - last) / max(orders - 1, 1.0), 0.5)
            block[6, r] = last / np.float64(gap[r]) if level == 0 else orders / n_orders
            if level == 0:
                low, high = 0, n_orders
                while low < high:  # the first order that is not older than the product's first
                    middle = (low + high) >> 1
                    if -order_age[middle] < -first - 1e-9:
                        low = middle + 1
                    else:
                        high = middle
                product[0, r] = orders / max(n_orders - low, 1)
                product[1, r] = 1.0 if found[6, k] == n_orders - 1 else 0.0
                product[2, r] = found[7, k]
                product[3, r] = found[9, k] / found[10, k]
                product[4, r] = found[8, k] / orders
            if level == 1:
                product[5, r] = out[1, r] / max(block[1, r], np.float32(1e-9))
                if found[12, k] > 0:
                    product[6, r] = np.float64(price[rows[r]]) - found[11, k] / found[12, k]


history = compiled(
    _history,
    numba.void(
        read(numba.int32), read(numba.int32), read(numba.int32), read(numba.int32), read(numba.int32),
        read(numba.int32), read(numba.int64), read(numba.float64), read(numba.float64), read(numba.float64, 2),
        read(numba.float64), read(numba.boolean), read(numba.float64, 2), read(numba.float32), read(numba.float32),
        numba.float32[:, ::1],
    ), nogil=False)  # fmt: skip
