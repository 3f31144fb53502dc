"""Intervals of means by resampling, and of paired differences."""

from dataclasses import dataclass

import numpy as np

from models.schema import Doubles


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


def signed(gap: Interval) -> str:
    """Return a difference as text, with its signs."""
    return f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"


def mean_interval(values: Doubles, rounds: int, seed: int) -> Interval:
    """Return the mean of (n_users,) ``values`` with its percentile interval over ``rounds`` resamples of users.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(rounds)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))
