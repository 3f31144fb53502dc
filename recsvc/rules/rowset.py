"""A set of product rows, kept small: a sorted list where few match, one bit a product where many do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.distinct import distinct
from models.schema import NO_ROWS, Bools, Bytes, Ints

FEW = 32
"""A list costs 32 bits a row: below one row in 32 it is smaller than bits."""
BITS: Bytes = np.packbits(np.eye(8, dtype=np.bool_))
"""(8,): the bit of each place in a byte."""


@dataclass(frozen=True, slots=True)
class RowSet:
    """Rows of a catalogue; exactly one of ``rows`` and ``bits`` is there."""

    n_products: int
    count: int
    rows: Ints | None = None
    """Sorted, distinct."""
    bits: Bytes | None = None

    @classmethod
    def of(cls, mask: Bools) -> "RowSet":
        """Return the rows where ``mask`` (n_products,) holds."""
        count = int(np.count_nonzero(mask))
        if count * FEW <= len(mask) or count <= FEW:
            return cls(len(mask), count, rows=np.flatnonzero(mask).astype(np.int32))
        return cls(len(mask), count, bits=np.packbits(mask))

    @classmethod
    def listing(cls, rows: Ints, n_products: int) -> "RowSet":
        """Return the set of ``rows``, in any order; those below 0 are left out."""
        own = rows[rows >= 0]
        own = own if len(own) <= 1 else distinct(own)
        own = own.astype(np.int32, copy=False)
        return cls(n_products, len(own), rows=own)

    @classmethod
    def common(cls, sets: Sequence["RowSet"]) -> "RowSet":
        """Return the rows that all of ``sets`` (at least one) hold."""
        smallest, *others = sorted(sets, key=len)
        rows = smallest.listed()
        for other in others:
            rows = rows[other.has(rows)]
        if len(rows) * FEW <= smallest.n_products or len(rows) <= FEW:
            return cls(smallest.n_products, len(rows), rows=rows)
        mask = np.zeros(smallest.n_products, np.bool_)
        mask[rows] = True
        return cls.of(mask)

    def __len__(self) -> int:
        return self.count

    def has(self, rows: Ints) -> Bools:
        """Return (n_rows,): whether each of ``rows`` in [0, n_products) is inside."""
        if self.bits is not None:
            inside: Bools = (self.bits.take(rows >> 3) & BITS.take(rows & 7)) != 0
            return inside
        own = NO_ROWS if self.rows is None else self.rows
        if len(own) <= 1:
            return rows == own[0] if len(own) else np.zeros(len(rows), np.bool_)
        found: Bools = own[np.minimum(own.searchsorted(rows), len(own) - 1)] == rows
        return found

    def mask(self) -> Bools:
        """Return (n_products,): whether each product is inside."""
        if self.bits is not None:
            return np.unpackbits(self.bits, count=self.n_products).astype(np.bool_)
        out = np.zeros(self.n_products, np.bool_)
        out[self.rows] = True
        return out

    def listed(self) -> Ints:
        """Return the rows, sorted."""
        if self.rows is not None:
            return self.rows
        return np.flatnonzero(self.mask()).astype(np.int32)
