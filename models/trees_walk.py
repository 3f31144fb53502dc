"""The compiled walk through many trees at once; importing this file compiles it, so only ``models.trees`` does, once.

Nothing jumps from node to node. Every row starts with all leaves of a tree alive (one bit a leaf, the leftmost lowest); a
node whose test sends the row to the right strikes out the leaves of its left side; the leftmost leaf that is left is the
one a walk would have reached. So all nodes of a tree can be asked in any order, four at a time, of many rows by the same
vector instruction.

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

Masks: TypeAlias = npt.NDArray[np.uint64]

AT_ONCE = 4
"""Nodes that are asked together: the masks of the rows are read and written once for all of them."""
MOST_ROWS = 256
"""Rows that are scored together: their features fit into the processor's second cache, mostly into the first."""
VECTOR = 64
"""Rows are made up to a multiple of this, so that no vector loop has a slow end."""
ALL = np.uint64(2**64 - 1)
ONE = np.uint64(1)
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
"""Times a power of two, its top six bits differ for each of the 64."""
TOP_SIX = np.uint64(58)


@dataclass(frozen=True, slots=True)
class Packed:
    """Trees as the compiled walk reads them: nodes in packets of ``AT_ONCE``, the last of a tree filled with no-ops."""

    column: Ints
    """(n_packets, AT_ONCE): the feature, plus n_features where a missing value goes to the left."""
    threshold: Floats
    """(n_packets, AT_ONCE)"""
    keep: Masks
    """(n_packets, AT_ONCE): the leaves that stay alive where a row goes to the right."""
    end: Ints
    """(n_trees,): one past the last packet of each tree."""
    leaf: Doubles
    """(n_trees, MOST_LEAVES): values, each where the top six bits of its lowest bit times ``DE_BRUIJN`` point."""


def pack(
    feature: Ints, threshold: Floats, missing_left: Bytes, first: Bytes, value: Doubles, sizes: Longs, n_features: int
) -> Packed:
    """Return trees in the order of ``models.trees.Trees`` packed for ``walk``; ``sizes`` (n_trees,) counts leaves."""
    n_trees, nodes = len(sizes), sizes - 1
    tree = np.repeat(np.arange(n_trees), nodes)
    place = np.arange(len(feature)) - np.repeat(np.cumsum(nodes) - nodes, nodes)
    packets = -(-nodes // AT_ONCE)
    end = np.cumsum(packets)
    slot = (end - packets)[tree] * AT_ONCE + place
    total = int(packets.sum()) * AT_ONCE

    columns, thresholds = np.zeros(total, np.int32), np.zeros(total, np.float32)
    keep = np.full(total, ALL)
    columns[slot] = feature + np.int32(n_features) * missing_left.astype(np.int32)
    thresholds[slot] = threshold
    up_to = (ONE << (place + 1).astype(np.uint64)) - ONE
    keep[slot] = ~(up_to ^ ((ONE << first.astype(np.uint64)) - ONE))

    leaf = np.zeros((n_trees, MOST_LEAVES))
    leaf_place = np.arange(len(value)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    pointed = ((ONE << leaf_place.astype(np.uint64)) * DE_BRUIJN) >> TOP_SIX
    leaf[np.repeat(np.arange(n_trees), sizes), pointed] = value
    shape = (-1, AT_ONCE)
    return Packed(
        columns.reshape(shape), thresholds.reshape(shape), keep.reshape(shape), end.astype(np.int32), leaf
    )  # fmt: skip


def _walk(
    column: Ints, threshold: Floats, keep: Masks, end: Ints, leaf: Doubles, baseline: float, logistic: bool,
    features: Floats, out: Doubles,
) -> None:  # fmt: skip
    """Write the sum of ``baseline`` and one leaf a tree to ``out`` (n_rows,), through the logistic function or not.

    A NaN is never <= a threshold and goes to the right; the second copy of the columns holds -inf instead, which is
    always <= and goes to the left. Trees are added in their order, which keeps the sum equal to the last bit.
    """
    n_rows, n_features = features.shape
    blocks = max(1, (n_rows + MOST_ROWS - 1) // MOST_ROWS)  # as even as can be: the last one's empty rows cost as much
    width = max(1, (n_rows + blocks * VECTOR - 1) // (blocks * VECTOR)) * VECTOR
    columns = np.zeros((2 * n_features, width), np.float32)
    alive = np.empty(width, np.uint64)
    slot = np.empty(width, np.uint8)
    total = np.empty(width, np.float64)
    for start in range(0, n_rows, width):
        here = min(width, n_rows - start)
        for f in range(n_features):
            for r in range(here):
                x = features[start + r, f]
                columns[f, r] = x
                columns[n_features + f, r] = -np.inf if math.isnan(x) else x
        total[:] = baseline
        packet = 0
        for k in range(len(end)):
            alive[:] = ALL
            for p in range(packet, end[k]):
                x0, x1 = columns[column[p, 0]], columns[column[p, 1]]
                x2, x3 = columns[column[p, 2]], columns[column[p, 3]]
                t0, t1, t2, t3 = threshold[p, 0], threshold[p, 1], threshold[p, 2], threshold[p, 3]
                k0, k1, k2, k3 = keep[p, 0], keep[p, 1], keep[p, 2], keep[p, 3]
                for r in range(width):
                    alive[r] &= (
                        (ALL if x0[r] <= t0 else k0)
                        & (ALL if x1[r] <= t1 else k1)
                        & (ALL if x2[r] <= t2 else k2)
                        & (ALL if x3[r] <= t3 else k3)
                    )
            packet = end[k]
            for r in range(width):
                slot[r] = ((alive[r] & (ALL - alive[r] + ONE)) * DE_BRUIJN) >> TOP_SIX
            values = leaf[k]
            for r in range(width):
                total[r] += values[slot[r]]
        for r in range(here):
            out[start + r] = 1.0 / (1.0 + math.exp(-total[r])) if logistic else total[r]


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


SIGNATURE = numba.void(
    numba.int32[:, ::1], numba.float32[:, ::1], numba.uint64[:, ::1], numba.int32[::1], numba.float64[:, ::1],
    numba.float64, numba.boolean, numba.types.Array(numba.float32, 2, "A", readonly=True), numba.float64[::1],
)  # fmt: skip
walk = compiled(_walk, SIGNATURE)
