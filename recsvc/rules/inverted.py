"""Sets of products turned round: product -> the sets that it is in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.schema import NO_ROWS, Ints, Longs
from recsvc.rules.rowset import RowSet

BROAD = 8
"""A set of more than one product in 8 is tested, not listed product by product."""


@dataclass(frozen=True, slots=True)
class Inverted:
    """Numbered sets by product."""

    ptr: Longs
    """(n_products + 1,): product i is in numbers[ptr[i]:ptr[i + 1]]."""
    numbers: Ints
    broad: tuple[tuple[int, RowSet], ...]
    """Sets too large to be listed."""

    @classmethod
    def of(cls, sets: Sequence[tuple[int, RowSet]], n_products: int) -> "Inverted":
        """Return the sets, each a number and its products, turned round."""
        listed = [(number, one.listed()) for number, one in sets]
        narrow = [(number, rows) for number, rows in listed if len(rows) * BROAD <= n_products]
        named = {number for number, _ in narrow}
        rows = np.concatenate([NO_ROWS, *(rows for _, rows in narrow)])
        numbers = np.repeat([number for number, _ in narrow], [len(rows) for _, rows in narrow]).astype(np.int32)
        order = np.argsort(rows, kind="stable")
        ptr = np.zeros(n_products + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=n_products), out=ptr[1:])
        return cls(ptr, numbers[order], tuple(one for one in sets if one[0] not in named))

    def of_one(self, row: int) -> list[int]:
        """Return the numbers of the sets that a product is in, the broad ones too."""
        here = np.array([row], np.int32)
        listed: list[int] = self.numbers[self.ptr[row] : self.ptr[row + 1]].tolist()
        return listed + [number for number, rows in self.broad if rows.has(here)[0]]

    def of_many(self, rows: Ints) -> tuple[Ints, Longs]:
        """Return pairs: the number of a set that is not broad, and the place in ``rows`` of a product inside it."""
        starts = self.ptr[np.maximum(rows, 0)]
        lengths = np.where(rows < 0, 0, self.ptr[rows + 1] - starts)
        owner = np.repeat(np.arange(len(rows)), lengths)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.numbers[starts[owner] + within], owner
