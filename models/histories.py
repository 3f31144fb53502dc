"""All shoppers' purchases by user row: one memory-mapped table, read a slice at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.columns import NumberColumn, Single, TextColumn, column_arrays, load_columns
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
    fields: Mapping[str, Single] = field(default_factory=dict)
    """The request's context when the line was bought (device, weather, …), as far as the shop's data tells it."""

    @classmethod
    def of(cls, purchases: Purchases) -> "Histories":
        """Return the table of the lines that name a user."""
        start = int(np.searchsorted(purchases.user, UNKNOWN, side="right"))
        ptr = np.searchsorted(purchases.user[start:], np.arange(purchases.n_users + 1)).astype(np.int64)
        fields = {name: column.take(purchases.user != UNKNOWN) for name, column in purchases.fields.items()}
        return cls(ptr, **{part: getattr(purchases, part)[start:] for part in PARTS}, fields=fields)

    @classmethod
    def load(cls, arrays: Arrays, fields: Arrays) -> "Histories":
        """Return the table that ``arrays`` and ``fields`` (see ``arrays()`` and ``field_arrays()``) hold."""
        columns = load_columns(fields).items()
        told = {name: column for name, column in columns if isinstance(column, TextColumn | NumberColumn)}
        return cls(take(arrays, "ptr", np.int64), **taken(arrays, PARTS), fields=told)

    def arrays(self) -> Arrays:
        """Return the table as arrays for an artifact."""
        return {"ptr": self.ptr, **{part: getattr(self, part) for part in PARTS}}

    def field_arrays(self) -> Arrays:
        """Return the context of the lines as arrays for an artifact; none where the shop's data tells none."""
        return column_arrays(dict(self.fields))

    def of_user(self, row: int) -> History:
        """Return the purchases of a user row; none for ``UNKNOWN`` or a row beyond the table."""
        if not 0 <= row < len(self.ptr) - 1:
            return NO_HISTORY
        here = slice(int(self.ptr[row]), int(self.ptr[row + 1]))
        return History(**{part: getattr(self, part)[here] for part in PARTS})
