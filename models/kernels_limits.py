"""Which products a list takes in their order, where groups may hold so many each."""

import numba

from models.kernels_table import NONE, read
from models.schema import Ints, Longs
from models.trees_walk import compiled


def _take(ptr: Longs, group: Longs, limit: Ints, most: Ints, need: int, count: Longs, by: Ints) -> None:
    """Take up to ``need`` rows, each if none of its groups is full; each one taken counts in all of its groups.

    Args:
        ptr: (n_rows + 1,) row i has entries ptr[i]:ptr[i + 1].
        group: (n_entries,) place in ``count``.
        limit: (n_entries,) which limit the group is of.
        most: (n_limits,) how many of a group may be taken.
        need: rows to take at most.
        count: (n_groups,) changed: rows of each group that were taken.
        by: (n_rows,) written: ``NONE`` where taken, else the first limit that passed it over; rows beyond the last one that
            was looked at stay as they are.
    """
    taken = 0
    for row in range(len(by)):
        if taken == need:
            return
        by[row] = NONE
        for entry in range(ptr[row], ptr[row + 1]):
            if count[group[entry]] >= most[limit[entry]]:
                by[row] = limit[entry]
                break
        if by[row] == NONE:
            taken += 1
            for entry in range(ptr[row], ptr[row + 1]):
                count[group[entry]] += 1


take = compiled(
    _take,
    numba.void(
        read(numba.int64), read(numba.int64), read(numba.int32), read(numba.int32), numba.int64, numba.int64[::1],
        numba.int32[::1],
    ), nogil=False)  # fmt: skip
