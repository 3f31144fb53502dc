"""What speaks for a product without buying it: views, carts and clicks, each with the weight of its kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.schema import NO_ROWS, Bools, Doubles, Floats, Ints, Longs


@dataclass(frozen=True, slots=True)
class Signals:
    """Sorted by user, then time, then product; every array has shape (n_signals,)."""

    user: Ints = field(default_factory=lambda: NO_ROWS)
    product: Ints = field(default_factory=lambda: NO_ROWS)
    time: Longs = field(default_factory=lambda: np.empty(0, np.int64))
    """Unix seconds, UTC."""
    weight: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """What one is worth where a purchase is 1; above 0."""

    @classmethod
    def of(
        cls,
        user: npt.NDArray[Any],
        product: npt.NDArray[Any],
        time: npt.NDArray[Any],
        kind: npt.NDArray[Any],
        worth: Mapping[int, float],
    ) -> "Signals":
        """Return signals in the order given; ``worth``: kind -> weight."""
        table = np.zeros(256, np.float32)
        for code, weight in worth.items():
            table[code] = weight
        return cls(user.astype(np.int32), product.astype(np.int32), time.astype(np.int64), table[kind.astype(np.uint8)])

    def __len__(self) -> int:
        return len(self.user)

    def where(self, mask: Bools) -> "Signals":
        """Return those that ``mask`` (n_signals,) holds for, in the same order."""
        return Signals(self.user[mask], self.product[mask], self.time[mask], self.weight[mask])

    def before(self, moment: int) -> "Signals":
        """Return those strictly before a moment (Unix seconds)."""
        return self if not len(self) or self.time.max() < moment else self.where(self.time < moment)

    def visits(self) -> Longs:
        """Return the places at which a shopper's day begins, in UTC: what is looked at together, as an order is bought."""
        day = self.time // 86_400
        fresh = np.ones(len(self), np.bool_)
        fresh[1:] = (self.user[1:] != self.user[:-1]) | (day[1:] != day[:-1])
        return np.flatnonzero(fresh)


def heaviest_of_visits(signals: Signals, weights: Doubles) -> Doubles:
    """Return the largest of ``weights`` (n_signals,) in each visit."""
    starts = signals.visits()
    return np.maximum.reduceat(weights, starts) if len(starts) else np.empty(0)
