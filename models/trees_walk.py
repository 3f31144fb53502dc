"""The compiled walk through many trees at once; importing this file compiles it, so only ``models.trees`` does, once.

Nothing jumps from node to node. Every row starts with all leaves of a tree alive (one bit a leaf, the leftmost lowest); a
node whose test sends the row to the right strikes out the leaves of its left side; the leftmost leaf that is left is the
one a walk would have reached. So all nodes of a tree can be asked in any order, four at a time, of many rows by the same
vector instruction. What sends all rows of a request the same way (the shopper's own features do) is asked once for all.

Source: Lucchese et al., QuickScorer: a fast algorithm to rank documents with additive ensembles of regression trees,
SIGIR 2015; across rows as in Lucchese et al., Exploiting CPU SIMD extensions to speed-up document scoring with tree
ensembles, SIGIR 2016. The place of the lowest bit: Leiserson, Prokop, Randall, Using de Bruijn sequences to index a 1 in
a computer word, 1998.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numba
import numpy as np
import numpy.typing as npt
from numba.core.typing.templates import Signature

from models.schema import Bytes, Doubles, Floats, Ints, Longs
from models.trees import MOST_LEAVES

Masks: TypeAlias = npt.NDArray[np.uint32]

AT_ONCE = 4
"""Nodes that are asked together: the masks of the rows are read and written once for all of them."""
MOST_ROWS = 512
"""Rows that are scored together: their features fit into the processor's second cache."""
VECTOR = 64
"""Rows are made up to a multiple of this, so that no vector loop has a slow end."""
DE_BRUIJN = np.uint32(0x077CB531)
"""Times a power of two, its top five bits differ for each of the 32."""
TOP_FIVE = np.uint32(27)
ONE = np.uint32(1)
REST = np.int32(0x7FFFFFFF)
"""All bits of a number but its sign."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Trees as the compiled walk reads them: their nodes, and one more behind the last that asks nothing."""

    column: Ints
    """(n_nodes + 1,): the feature, plus n_features where a missing value goes to the left."""
    threshold: Floats
    """(n_nodes + 1,)"""
    keep: Masks
    """(n_nodes + 1,): the leaves that stay alive where a row goes to the right; all for the last."""
    end: Ints
    """(n_trees,): one past the last node of each tree."""
    leaf: Doubles
    """(n_trees, MOST_LEAVES): values, each where the top five bits of its lowest bit times ``DE_BRUIJN`` point."""


def pack(
    feature: Ints, threshold: Floats, missing_left: Bytes, first: Bytes, value: Doubles, sizes: Longs, n_features: int
) -> Packed:
    """Return trees in the order of ``models.trees.Trees`` packed for ``walk``; ``sizes`` (n_trees,) counts leaves."""
    column = feature + np.int32(n_features) * missing_left.astype(np.int32)
    up_to = np.uint64(2) << _places(sizes - 1).astype(np.uint64)
    keep = (~(up_to - (np.uint64(1) << first.astype(np.uint64)))).astype(np.uint32)
    lowest = ONE << _places(sizes).astype(np.uint32)
    leaf = np.zeros((len(sizes), MOST_LEAVES))
    leaf[np.repeat(np.arange(len(sizes)), sizes), (lowest * DE_BRUIJN) >> TOP_FIVE] = value
    return Packed(
        np.append(column, np.int32(0)), np.append(threshold, np.float32(0)), np.append(keep, ~np.uint32(0)),
        np.cumsum(sizes - 1).astype(np.int32), leaf,
    )  # fmt: skip


def _places(sizes: Longs) -> Longs:
    """Return 0 … size - 1 for each of ``sizes``, one after another."""
    places: Longs = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return places


def compiled(
    function: Callable[..., Any], signature: Signature | list[Signature], *, nogil: bool = True
) -> Callable[..., Any]:
    """Return ``function`` compiled for ``signature`` alone: another kind of array is an error, never a compilation.

    The machine code is kept where numba keeps it: ``NUMBA_CACHE_DIR``, else ``__pycache__`` beside the file, else the
    user's own cache folder. Where none can be written, the disk is full, or what is kept there is broken, it is compiled
    anew and kept in memory only. One thread, nothing that a fork would lose. ``nogil``: without the interpreter's lock while it
    runs; what takes microseconds keeps it, since whoever lets go of it waits to get it back.
    """
    try:
        return numba.njit(signature, cache=True, nogil=nogil, error_model="numpy")(function)
    except Exception:  # a cache is never worth an outage; a fault of the code itself comes up again below
        return numba.njit(signature, nogil=nogil, error_model="numpy")(function)


def _key(number: Any) -> Any:
    """Return the bits of a float as an integer in the same order, and the other way round; NaN comes last."""
    return number ^ ((number >> np.int32(31)) & REST)


key = numba.njit(nogil=True)(_key)


def _spread(features: Floats, start: int, here: int, columns: Floats, low: Floats, high: Floats) -> None:
    """Write ``here`` rows to ``columns`` (2 * n_features, width), and the least and greatest of each column.

    A NaN is never <= a threshold and goes to the right; the second copy of the columns holds -inf instead, which is
    always <= and goes to the left. ``high`` is NaN where a column has one, ``low`` where it has nothing else.
    """
    n_features = features.shape[1]
    bits, lows, highs = columns.view(np.int32), low.view(np.int32), high.view(np.int32)
    for f in range(n_features):
        for r in range(here):
            x = features[start + r, f]
            missing = math.isnan(x)
            columns[f, r] = np.float32(np.nan) if missing else x
            columns[n_features + f, r] = np.float32(-np.inf) if missing else x
    for f in range(2 * n_features):
        least, greatest = REST, ~REST
        for r in range(here):
            one = key(bits[f, r])
            least, greatest = min(least, one), max(greatest, one)
        lows[f], highs[f] = key(least), key(greatest)


spread = numba.njit(nogil=True)(_spread)


def _undecided(
    column: Ints, threshold: Floats, keep: Masks, begin: int, end: int, low: Floats, high: Floats, asked: Ints
) -> Any:
    """Write the nodes of a tree that rows differ in to ``asked``; return how many, and the leaves alive after all others.

    A node that could strike out nothing more is not asked; ``asked`` is filled up to whole packets with the last node of all.
    """
    alive, n, n_left = keep[-1], 0, 0
    for p in range(begin, end):
        if high[column[p]] <= threshold[p]:
            continue
        if low[column[p]] <= threshold[p]:
            asked[n] = p
            n += 1
        else:
            alive &= keep[p]
    for i in range(n):
        asked[n_left] = asked[i]
        n_left += 1 if alive & ~keep[asked[i]] else 0
    for i in range(n_left, n_left + AT_ONCE - 1):
        asked[i] = len(keep) - 1
    return n_left, alive


undecided = numba.njit(nogil=True)(_undecided)


def _walk(
    column: Ints, threshold: Floats, keep: Masks, end: Ints, leaf: Doubles, baseline: float, logistic: bool,
    features: Floats, out: Doubles,
) -> None:  # fmt: skip
    """Write the sum of ``baseline`` and one leaf a tree to ``out`` (n_rows,), through the logistic function or not.

    Trees are added in their order, which keeps the sum equal to the last bit.
    """
    n_rows, n_features = features.shape
    blocks = max(1, (n_rows + MOST_ROWS - 1) // MOST_ROWS)  # as even as can be: the last one's empty rows cost as much
    width = max(1, (n_rows + blocks * VECTOR - 1) // (blocks * VECTOR)) * VECTOR
    columns = np.zeros((2 * n_features, width), np.float32)
    low, high = np.empty(2 * n_features, np.float32), np.empty(2 * n_features, np.float32)
    asked = np.empty(MOST_LEAVES + AT_ONCE, np.int32)
    alive = np.empty(width, np.uint32)
    slot = np.empty(width, np.uint8)
    total = np.empty(width, np.float64)
    for start in range(0, n_rows, width):
        here = min(width, n_rows - start)
        spread(features, start, here, columns, low, high)
        total[:] = baseline
        begin = 0
        for k in range(len(end)):
            n_asked, left = undecided(column, threshold, keep, begin, end[k], low, high, asked)
            begin = end[k]
            alive[:] = left
            for i in range(0, n_asked, AT_ONCE):
                p0, p1, p2, p3 = asked[i], asked[i + 1], asked[i + 2], asked[i + 3]
                x0, x1, x2, x3 = columns[column[p0]], columns[column[p1]], columns[column[p2]], columns[column[p3]]
                t0, t1, t2, t3 = threshold[p0], threshold[p1], threshold[p2], threshold[p3]
                k0, k1, k2, k3 = keep[p0], keep[p1], keep[p2], keep[p3]
                for r in range(width):
                    some = alive[r]
                    some = some if x0[r] <= t0 else some & k0
                    some = some if x1[r] <= t1 else some & k1
                    some = some if x2[r] <= t2 else some & k2
                    alive[r] = some if x3[r] <= t3 else some & k3
            for r in range(width):
                alive[r] = (alive[r] & (~alive[r] + ONE)) * DE_BRUIJN
            for r in range(width):
                slot[r] = alive[r] >> TOP_FIVE
            values = leaf[k]
            for r in range(width):
                total[r] += values[slot[r]]
        for r in range(here):
            out[start + r] = 1.0 / (1.0 + math.exp(-total[r])) if logistic else total[r]


SIGNATURE = numba.void(
    numba.int32[::1], numba.float32[::1], numba.uint32[::1], numba.int32[::1], numba.float64[:, ::1], numba.float64,
    numba.boolean, numba.types.Array(numba.float32, 2, "A", readonly=True), numba.float64[::1],
)  # fmt: skip
walk = compiled(_walk, SIGNATURE)
