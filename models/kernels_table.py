"""A hash table of product rows and codes: where each of many stands in a list that is in no order."""

from typing import Any

import numba
import numpy as np

from models.schema import Ints
from models.trees_walk import compiled

NONE = np.int32(-1)
HASH = np.uint64(0x9E3779B97F4A7C15)
"""2 ** 64 over the golden ratio (Knuth, The Art of Computer Programming, volume 3, section 6.4)."""


def read(kind: Any, dimensions: int = 1) -> Any:
    """Return the type of an array that is only read: a memory-mapped one too."""
    return numba.types.Array(kind, dimensions, "C", readonly=True)


def _bits(n: int) -> int:
    """Return b, so that a table of 2 ** b slots is at most half full with ``n`` keys."""
    bits = 4
    while (1 << bits) < 2 * n:
        bits += 1
    return bits


bits_of = numba.njit(nogil=True)(_bits)


def _slot(row: Any, own: Ints, table: Ints) -> int:
    """Return the slot of ``row`` in a hash table of places in ``own``: its own, or the free one that it would get."""
    mask = len(table) - 1
    slot: Any = np.int64((np.uint64(row) * HASH) >> np.uint64(40)) & mask
    while table[slot] != NONE and own[table[slot]] != row:
        slot = (slot + 1) & mask
    return slot  # type: ignore[no-any-return]


slot_of = numba.njit(nogil=True)(_slot)


def _find(own: Ints, wanted: Ints, places: Ints) -> None:
    """Write to ``places`` (n_wanted,) where each of ``wanted`` stands in ``own`` first, or -1."""
    table = np.full(1 << bits_of(len(own)), NONE, np.int32)
    for i in range(len(own)):
        slot = slot_of(own[i], own, table)
        if table[slot] == NONE:
            table[slot] = np.int32(i)
    for i in range(len(wanted)):
        places[i] = table[slot_of(wanted[i], own, table)]


find = compiled(_find, numba.void(read(numba.int32), read(numba.int32), numba.int32[::1]), nogil=False)
