"""Intervals of means by resampling, and of paired differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.schema import Doubles, Longs


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


def tasks_interval(users: Sequence[Longs], values: Sequence[Doubles], rounds: int, seed: int) -> Interval:
    """Return the mean over tasks of each task's mean, with its percentile interval.

    Users are resampled once for all tasks: who is asked in several of them is drawn for all, so that errors which go
    together are not taken for independent ones.

    Args:
        users: (n_users,) ascending user rows of each task.
        values: (n_users,) of each task.
        rounds: resamples.
        seed: of the resamples.
    """
    everybody = np.unique(np.concatenate(list(users)))
    table = np.zeros((len(users), len(everybody)))
    there = np.zeros_like(table)
    for place, (mine, found) in enumerate(zip(users, values, strict=True)):
        column = np.searchsorted(everybody, mine)
        table[place, column], there[place, column] = found, 1.0
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(everybody), np.full(len(everybody), 1 / len(everybody)), size=rounds)
    means = (drawn @ table.T / np.maximum(drawn @ there.T, 1)).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(np.mean([found.mean() for found in values])), float(low), float(high))
