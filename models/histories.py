"""All shoppers' purchases by user row: one memory-mapped table, read a slice at a time."""

from dataclasses import dataclass

import numpy as np

from models.schema import NO_HISTORY, UNKNOWN, Arrays, Floats, History, Ints, Longs, Purchases, take, taken

PARTS: dict[str, type[np.generic]] = {
    "product": np.int32, "time": np.int64, "order": np.int32, "quantity": np.float32, "price": np.float32,
    "store": np.int32,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Histories:
    """Purchase lines by user, oldest first."""

    ptr: Longs
    """(n_users + 1,): user i has lines ptr[i]:ptr[i + 1]."""
    product: Ints
    time: Longs
    order: Ints
    quantity: Floats
    price: Floats
    store: Ints

    @classmethod
    def of(cls, purchases: Purchases) -> "Histories":
        """Return the table of the lines that name a user."""
        start = int(np.searchsorted(purchases.user, UNKNOWN, side="right"))
        ptr = np.searchsorted(purchases.user[start:], np.arange(purchases.n_users + 1)).astype(np.int64)
        return cls(ptr, **{part: getattr(purchases, part)[start:] for part in PARTS})

    @classmethod
    def load(cls, arrays: Arrays) -> "Histories":
        """Return the table that ``arrays`` (see ``arrays()``) hold."""
        return cls(take(arrays, "ptr", np.int64), **taken(arrays, PARTS))

    def arrays(self) -> Arrays:
        """Return the table as arrays for an artifact."""
        return {"ptr": self.ptr, **{part: getattr(self, part) for part in PARTS}}

    def of_user(self, row: int) -> History:
        """Return the purchases of a user row; none for ``UNKNOWN`` or a row beyond the table."""
        if not 0 <= row < len(self.ptr) - 1:
            return NO_HISTORY
        here = slice(int(self.ptr[row]), int(self.ptr[row + 1]))
        return History(**{part: getattr(self, part)[here] for part in PARTS})
