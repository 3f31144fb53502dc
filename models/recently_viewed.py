"""What was looked at in this session, last first."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.lists import scores_of
from models.schema import NO_ROWS, Arrays, Context, Floats, Ints, Scored


@dataclass
class RecentlyViewed:
    """The session's products, each once; nothing is learned."""

    source: ClassVar[str] = "recently-viewed"
    personal: ClassVar[bool] = False

    def fit(self, data: Fitting) -> Self:
        """Return self."""
        return self

    def arrays(self) -> Arrays:
        """Return nothing."""
        return {}

    def load(self, arrays: Arrays) -> Self:
        """Return self."""
        return self

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the last ``n`` products looked at."""
        newest = context.recent[::-1]
        if not len(newest):
            return Scored(NO_ROWS, np.empty(0, np.float32))
        _, first = np.unique(newest, return_index=True)
        rows = newest[np.sort(first)][:n]
        return Scored(rows.astype(np.int32), (1 / np.arange(1, len(rows) + 1)).astype(np.float32))

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return 1 for the last product looked at, 1/2 for the one before, …"""
        return scores_of(self.candidates(context, len(context.recent)), rows)

    def fact(self, context: Context, row: int) -> Fact | None:
        """Say that it was looked at."""
        return Fact("viewed", "You looked at it", {}) if row in context.recent else None
