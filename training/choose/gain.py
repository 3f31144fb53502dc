"""Is it better by more than noise? Paired by shopper, over all tasks that a carousel is for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.schema import Doubles

SURE = 2.33
"""Standard errors that a gain must exceed: one in a hundred that are none does, and a few are tried at a time."""
SURER = 3.0
"""The same where dozens are tried at a time: one in seven hundred."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A mean difference, shopper by shopper, and its standard error."""

    mean: float
    error: float

    @property
    def sure(self) -> bool:
        """Whether it is more than noise."""
        return self.beyond(SURE)

    def beyond(self, errors: float) -> bool:
        """Return whether it is above 0 by more than so many standard errors."""
        return self.mean > errors * self.error and self.mean > 0


def gain(one: Sequence[Doubles], other: Sequence[Doubles]) -> Gain:
    """Return what ``one`` has more than ``other``: (n_users,) values for each task, every task counting the same.

    Tasks may ask the same shoppers, so their errors are taken to go together: the error is never too small.
    """
    gaps = [mine - its for mine, its in zip(one, other, strict=True)]
    errors = [float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else np.inf for gap in gaps]
    return Gain(float(np.mean([gap.mean() for gap in gaps])), float(np.mean(errors)))
