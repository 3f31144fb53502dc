"""Ranked lists by key (products of a store, of a category, neighbours of a product) as three arrays."""

from dataclasses import dataclass

import numpy as np

from models.compiled import kernels
from models.schema import Arrays, Doubles, Floats, Ints, Longs, Scored, take


@dataclass(frozen=True, slots=True)
class RankedLists:
    """List k is rows[ptr[k]:ptr[k + 1]], best first."""

    ptr: Longs
    """(n_keys + 1,)"""
    rows: Ints
    scores: Floats

    @classmethod
    def of(cls, keys: Ints | Longs, rows: Ints, scores: Doubles | Floats, n_keys: int, length: int) -> "RankedLists":
        """Return the best ``length`` of each key, ties by lower row.

        Args:
            keys: (n,) key of each entry, in [0, n_keys).
            rows: (n,) product row of each entry.
            scores: (n,) score of each entry.
            n_keys: how many lists.
            length: entries kept in a list at most.
        """
        ptr, kept = best_entries(keys, rows, scores, n_keys, length)
        return cls(ptr, rows[kept].astype(np.int32), scores[kept].astype(np.float32))

    @classmethod
    def none(cls, n_keys: int) -> "RankedLists":
        """Return ``n_keys`` empty lists."""
        return cls(np.zeros(n_keys + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))

    @classmethod
    def load(cls, arrays: Arrays, name: str) -> "RankedLists":
        """Return the lists that ``arrays`` holds under ``name``."""
        return cls(
            take(arrays, f"{name}.ptr", np.int64),
            take(arrays, f"{name}.rows", np.int32),
            take(arrays, f"{name}.scores", np.float32),
        )

    def arrays(self, name: str) -> Arrays:
        """Return the lists as arrays under ``name``."""
        return {f"{name}.ptr": self.ptr, f"{name}.rows": self.rows, f"{name}.scores": self.scores}

    def __len__(self) -> int:
        return len(self.ptr) - 1

    def list(self, key: int) -> Scored:
        """Return the list of ``key``; empty for a key outside [0, n_keys)."""
        if not 0 <= key < len(self):
            return Scored(self.rows[:0], self.scores[:0])
        here = slice(int(self.ptr[key]), int(self.ptr[key + 1]))
        return Scored(self.rows[here], self.scores[here])

    def joined(self, keys: Ints) -> tuple[Ints, Floats, Ints]:
        """Return the lists of ``keys`` one after another: rows, scores, and the place in ``keys`` of each entry."""
        if len(keys) == 1:
            one = self.list(int(keys[0]))
            return one.rows, one.scores, np.zeros(len(one), np.int32)
        keys = np.ascontiguousarray(keys, np.int32)
        n = kernels().length(self.ptr, keys)
        rows, scores, places = np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.int32)
        kernels().joined(self.ptr, self.rows, self.scores, keys, rows, scores, places)
        return rows, scores, places


def best_entries(
    keys: Ints | Longs, rows: Ints, scores: Doubles | Floats, n_keys: int, length: int
) -> tuple[Longs, Longs]:
    """Return ``ptr`` of the lists that ``RankedLists.of`` makes, and the places of the entries that they keep."""
    order = _order(keys, rows, scores.astype(np.float32, copy=False), n_keys)  # a tie is a tie of what is kept
    counts = np.bincount(keys, minlength=n_keys)
    starts = np.concatenate([[0], np.cumsum(counts)])
    place = np.arange(len(order)) - np.repeat(starts[:-1], counts)
    ptr = np.zeros(n_keys + 1, np.int64)
    np.cumsum(np.minimum(counts, length), out=ptr[1:])
    return ptr, order[place < length]


def _order(keys: Ints | Longs, rows: Ints, scores: Floats, n_keys: int) -> Longs:
    """Return the places of the entries by key, then by falling score, then by row.

    The three are packed into one word each where they fit: one sort of numbers is ten times quicker than three.
    """
    width = int(rows.max(initial=0)).bit_length()
    if n_keys.bit_length() + width > 32 or rows.min(initial=0) < 0 or not np.isfinite(scores).all():
        return np.lexsort((rows, -scores, keys))
    bits = (scores + np.float32(0)).view(np.uint32)  # + 0 makes -0 the 0 that it equals
    falling = np.where(bits >> np.uint32(31), bits, ~bits & np.uint32(0x7FFFFFFF)).astype(np.uint64)
    word = (keys.astype(np.uint64) << np.uint64(32 + width)) | (falling << np.uint64(width)) | rows.astype(np.uint64)
    return np.argsort(word)


def decay(age: Longs | Doubles, half_life: float) -> Doubles:
    """Return 2 ** (-age / half_life): ages and half-life in one unit, ages below 0 count as 0."""
    weights: Doubles = np.maximum(age, 0) / -half_life
    return np.exp2(weights, out=weights)  # in place: all lines of a shop may be asked


def scores_of(scored: Scored, rows: Ints) -> Floats:
    """Return (n_rows,) the score of each of ``rows`` in ``scored``, 0 where it is not there."""
    if not len(scored) or not len(rows):
        return np.zeros(len(rows), np.float32)
    out = np.empty(len(rows), np.float32)
    scores = np.ascontiguousarray(scored.scores, np.float32)
    kernels().scores(np.ascontiguousarray(scored.rows, np.int32), scores, np.ascontiguousarray(rows, np.int32), out)
    return out


def summed(rows: Ints, scores: Floats | Doubles) -> tuple[Ints, Doubles]:
    """Return the distinct ``rows`` in ascending order, and the sum of the scores of each."""
    own, totals = np.empty(len(rows), np.int32), np.empty(len(rows))
    n = kernels().sums(np.ascontiguousarray(rows, np.int32), np.ascontiguousarray(scores, np.float64), own, totals)
    order = np.argsort(own[:n])
    return own[order], totals[order]
