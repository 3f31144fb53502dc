"""Intervals and the check of the split, on numbers whose answer is known."""

import numpy as np
import pytest
from scipy.stats import chisquare

from recsvc.results.estimates import RATES, differences, estimates, resample, sample_ratio


def shoppers(n: int, seed: int, click: float = 0.1, buy: float = 0.05) -> np.ndarray:
    """Return sums of shoppers: ten products shown to each, clicks and purchases by chance, 8.00 a purchase."""
    rng = np.random.default_rng(seed)
    bought = rng.random(n) < buy
    return np.stack([np.full(n, 10.0), rng.binomial(10, click, n), bought, bought * 8.0], axis=1)


def test_rates_are_sums_over_sums_and_intervals_lie_around_them() -> None:
    values = np.array([[10, 1, 1, 4.0], [30, 3, 0, 0.0]])
    told = estimates(resample(values, 1))
    assert [told[name].value for name in RATES] == [0.1, 0.5, 2.0]
    assert all(told[name].low <= told[name].value <= told[name].high for name in RATES)
    assert (told["conversion"].low, told["conversion"].high) == (0.0, 1.0)


def test_an_interval_is_as_wide_as_theory_says() -> None:
    """The share of 4,000 shoppers who bought: 1.96 standard errors to either side, within a tenth."""
    values = shoppers(4_000, 1)
    one = estimates(resample(values, 1))["conversion"]
    error = 1.96 * np.sqrt(one.value * (1 - one.value) / 4_000)
    assert one.high - one.low == pytest.approx(2 * error, rel=0.1)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = shoppers(500, 1)
    assert estimates(resample(values, 1)) == estimates(resample(values, 1)) != estimates(resample(values, 2))


def test_two_arms_alike_differ_by_nothing_most_of_the_time() -> None:
    """Of 60 A/A experiments the 95 % interval leaves out 0 in no more than chance allows (8 or more: under 2 %)."""
    wrong = dict.fromkeys(RATES, 0)
    for seed in range(60):
        one, other = (resample(shoppers(800, 100 + 2 * seed + arm), arm, 400) for arm in (0, 1))
        for name, gap in differences(other, one).items():
            wrong[name] += not gap.low <= 0 <= gap.high
    assert all(count < 8 for count in wrong.values()), wrong


def test_a_planted_effect_is_found() -> None:
    plain, better = resample(shoppers(5_000, 1), 1), resample(shoppers(5_000, 2, click=0.12, buy=0.08), 2)
    told = differences(better, plain)
    assert all(told[name].low > 0 for name in RATES)
    assert told["click_rate"].low < 0.02 < told["click_rate"].high
    assert told["revenue_per_shopper"].low < 0.03 * 8 < told["revenue_per_shopper"].high


def test_without_shoppers_or_products_there_is_no_figure() -> None:
    nobody, unseen = resample(np.empty((0, 4)), 1), resample(np.array([[0.0, 0, 0, 0]]), 1)
    assert set(estimates(nobody).values()) == {None}
    assert estimates(unseen)["click_rate"] is None and estimates(unseen)["conversion"].value == 0
    assert differences(unseen, nobody)["conversion"] is None
    assert sample_ratio(np.zeros(2), np.ones(2)) is None


@pytest.mark.parametrize(("counts", "weights"), [([510, 490], [1, 1]), ([900, 100, 210], [8, 1, 2])])
def test_the_split_is_checked_by_chi_square(counts: list[int], weights: list[int]) -> None:
    """The same p-value as scipy.stats tells."""
    expected = np.sum(counts) * np.array(weights) / np.sum(weights)
    told = sample_ratio(np.array(counts, float), np.array(weights, float))
    assert told == pytest.approx(chisquare(counts, expected).pvalue)
