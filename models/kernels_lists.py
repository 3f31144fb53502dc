"""What ranked lists say of products: looked up, joined and summed in one pass each."""

import numba
import numpy as np

from models.kernels_table import NONE, bits_of, read, slot_of
from models.schema import Bools, Doubles, Floats, Ints, Longs
from models.trees_walk import compiled


def _table(own: Ints) -> Ints:
    """Return a hash table of the places of ``own``, of equal ones the first; see ``models.kernels_table``."""
    table = np.full(1 << bits_of(len(own)), NONE, np.int32)
    for i in range(len(own)):
        slot = slot_of(own[i], own, table)
        if table[slot] == NONE:
            table[slot] = np.int32(i)
    return table


table_of = numba.njit(nogil=True)(_table)


def _scores(own: Ints, scores: Floats, wanted: Ints, out: Floats) -> None:
    """Write to ``out`` (n_wanted,) the one of ``scores`` (n_own,) of each of ``wanted`` in ``own``; 0 where it is not there."""
    table = table_of(own)
    for i in range(len(wanted)):
        place = table[slot_of(wanted[i], own, table)]
        out[i] = scores[place] if place != NONE else np.float32(0)


scores = compiled(
    _scores, numba.void(read(numba.int32), read(numba.float32), read(numba.int32), numba.float32[::1]), nogil=False
)


def _sums(rows: Ints, scores: Doubles, own: Ints, out: Doubles) -> int:
    """Write the distinct of ``rows`` to ``own``, in order of appearance, and the sum of the scores of each to ``out``.

    Both are (n_rows,); what is returned is how many there are.
    """
    table = np.full(1 << bits_of(len(rows)), NONE, np.int32)
    n = 0
    for i in range(len(rows)):
        slot = slot_of(rows[i], own, table)
        if table[slot] == NONE:
            table[slot] = np.int32(n)
            own[n] = rows[i]
            out[n] = 0.0
            n += 1
        out[table[slot]] += scores[i]
    return n


sums = compiled(
    _sums, numba.int64(read(numba.int32), read(numba.float64), numba.int32[::1], numba.float64[::1]), nogil=False
)


def _bounds(ptr: Longs, key: int) -> tuple[int, int]:
    """Return where the list of ``key`` begins and ends; a key outside has none."""
    if 0 <= key < len(ptr) - 1:
        return ptr[key], ptr[key + 1]
    return ptr[0], ptr[0]


bounds = numba.njit(nogil=True)(_bounds)


def _shared(ptr: Longs, rows: Ints, scores: Floats, keys: Ints, whole: float, wanted: Ints, out: Doubles) -> None:
    """Write to ``out`` (n_wanted,) the sums of scores / ``whole`` of ``wanted`` over the lists of ``keys``."""
    table, part = table_of(wanted), np.float32(whole)
    out[:] = 0.0
    for key in keys:
        begin, end = bounds(ptr, key)
        for entry in range(begin, end):
            place = table[slot_of(rows[entry], wanted, table)]
            if place != NONE:
                out[place] += scores[entry] / part
    for i in range(len(wanted)):
        out[i] = out[table[slot_of(wanted[i], wanted, table)]]


shared = compiled(
    _shared,
    numba.void(
        read(numba.int64), read(numba.int32), read(numba.float32), read(numba.int32), numba.float64, read(numba.int32),
        numba.float64[::1],
    ), nogil=False)  # fmt: skip


def _length(ptr: Longs, keys: Ints) -> int:
    """Return how many entries the lists of ``keys`` have together."""
    n = 0
    for key in keys:
        begin, end = bounds(ptr, key)
        n += end - begin
    return n


length = compiled(_length, numba.int64(read(numba.int64), read(numba.int32)), nogil=False)


def _joined(ptr: Longs, rows: Ints, scores: Floats, keys: Ints, own: Ints, out: Floats, places: Ints) -> None:
    """Write the lists of ``keys`` one after another, (``length``,) each: rows, scores and the place in ``keys``."""
    n = 0
    for k in range(len(keys)):
        begin, end = bounds(ptr, keys[k])
        for entry in range(begin, end):
            own[n], out[n], places[n] = rows[entry], scores[entry], k
            n += 1


joined = compiled(
    _joined,
    numba.void(
        read(numba.int64), read(numba.int32), read(numba.float32), read(numba.int32), numba.int32[::1],
        numba.float32[::1], numba.int32[::1],
    ), nogil=False)  # fmt: skip


def _paired(
    found: Ints, evidence: Doubles, share: Floats, prior: float, seeds: Ints, wanted: Ints, out: Floats
) -> None:
    """Write to ``out`` (n_wanted,) ``prior`` times the product's share plus its ``evidence`` (n_found,); 0 for ``seeds``."""
    table, own = table_of(found), table_of(seeds)
    for i in range(len(wanted)):
        row = wanted[i]
        chance = prior * np.float64(share[row]) if row < len(share) else 0.0
        place = table[slot_of(row, found, table)]
        if place != NONE:
            chance += evidence[place]
        out[i] = 0.0 if own[slot_of(row, seeds, own)] != NONE else chance


paired = compiled(
    _paired,
    numba.void(
        read(numba.int32), read(numba.float64), read(numba.float32), numba.float64, read(numba.int32),
        read(numba.int32), numba.float32[::1],
    ), nogil=False)  # fmt: skip


def _rates(product: Ints, starts: Bools, age: Doubles, faded: Doubles, own: Ints, rate: Doubles, last: Doubles) -> int:
    """Count a history by product: the sum of ``faded`` over its orders, and the age of the last one.

    Args:
        product: (n_lines,), lines of one order together.
        starts: (n_lines,) whether an order begins here.
        age: (n_lines,)
        faded: (n_lines,), of each order the first line of the product counts.
        own: (n_lines,) written: the distinct products; how many is returned.
        rate: (n_lines,) written, one a product, as is ``last``.
    """
    table = np.full(1 << bits_of(len(product)), NONE, np.int32)
    seen = np.empty(len(product), np.int64)
    n, order = 0, 0
    for i in range(len(product)):
        order += 1 if starts[i] else 0
        slot = slot_of(product[i], own, table)
        if table[slot] == NONE:
            table[slot] = np.int32(n)
            own[n], rate[n], last[n], seen[n] = product[i], 0.0, np.inf, 0
            n += 1
        k = table[slot]
        last[k] = min(last[k], age[i])
        if seen[k] != order:
            seen[k] = order
            rate[k] += faded[i]
    return n


rates = compiled(
    _rates,
    numba.int64(
        read(numba.int32), read(numba.boolean), read(numba.float64), read(numba.float64), numba.int32[::1],
        numba.float64[::1], numba.float64[::1],
    ), nogil=False)  # fmt: skip
