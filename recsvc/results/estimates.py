"""Rates of an arm with what chance leaves open: resampled by shopper, since what one shopper does hangs together."""

from dataclasses import dataclass

import numpy as np

from models.schema import Doubles

ROUNDS = 1_000
CHUNK = 20_000_000
"""Counts drawn at once."""
SEED = 1
SUSPICIOUS = 0.001
"""Below this p-value shoppers were not drawn as they should have been."""
SUMS = ("impressions", "clicks", "buyers", "revenue")
"""What is summed for each shopper; a buyer is one who bought."""
RATES = ("click_rate", "conversion", "revenue_per_shopper")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """The rates of one arm, as they are and resampled."""

    rates: Doubles
    """(3,) as ``RATES``; NaN where there is nothing to divide by."""
    rounds: Doubles
    """(rounds, 3)."""


def rates_of(sums: Doubles, shoppers: float) -> Doubles:
    """Return (..., 3) ``RATES`` of (..., 4) ``SUMS`` over so many shoppers."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (sums[..., 1] / sums[..., 0], sums[..., 2] / shoppers, sums[..., 3] / shoppers)
        return np.stack([np.where(np.isfinite(part), part, np.nan) for part in parts], axis=-1)


def resample(values: Doubles, seed: int, rounds: int = ROUNDS) -> Drawn:
    """Return the rates of (n_shoppers, 4) ``SUMS`` with ``rounds`` resamples of shoppers.

    Shoppers with the same sums are drawn together: the counts of a resample are multinomial.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    n, rng = len(values), np.random.default_rng(seed)
    if not n:
        return Drawn(np.full(3, np.nan), np.full((rounds, 3), np.nan))
    kinds, counts = np.unique(values, axis=0, return_counts=True)
    step = max(1, CHUNK // len(kinds))
    starts = range(0, rounds, step)
    drawn = [rng.multinomial(n, counts / n, size=min(step, rounds - start)) @ kinds for start in starts]
    return Drawn(rates_of(values.sum(axis=0), n), rates_of(np.concatenate(drawn), n))


def estimates(drawn: Drawn) -> dict[str, Estimate | None]:
    """Return each rate with its interval; None where there is nothing to divide by."""
    return dict(zip(RATES, map(_estimate, drawn.rates.tolist(), drawn.rounds.T), strict=True))


def differences(drawn: Drawn, first: Drawn) -> dict[str, Estimate | None]:
    """Return each rate less that of the first arm, whose shoppers are others."""
    return estimates(Drawn(drawn.rates - first.rates, drawn.rounds - first.rounds))


def _estimate(value: float, rounds: Doubles) -> Estimate | None:
    known = rounds[np.isfinite(rounds)]
    if not np.isfinite(value) or not len(known):
        return None
    low, high = np.percentile(known, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def sample_ratio(shoppers: Doubles, weights: Doubles) -> float | None:
    """Return the p-value of so many shoppers in each arm under the arms' weights (chi-square); None without shoppers.

    Source: Fabijan et al., Diagnosing Sample Ratio Mismatch in Online Controlled Experiments, KDD 2019.
    """
    from scipy.special import chdtrc  # here: a service starts without it

    total = shoppers.sum()
    if not total or len(shoppers) < 2:
        return None
    expected = total * weights / weights.sum()
    return float(chdtrc(len(shoppers) - 1, float(((shoppers - expected) ** 2 / expected).sum())))
