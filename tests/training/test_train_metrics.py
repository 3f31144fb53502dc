"""Recall, NDCG, hit rate and their intervals, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from models.schema import UNKNOWN
from training.metrics.bootstrap import Interval, mean_interval, signed, tasks_interval
from training.metrics.by_user import lists_of, scores
from training.metrics.ranking import Lists, hit_rate, ndcg, recall
from training.split import Requests

SECOND, THIRD, FOURTH = 1 / np.log2(3), 1 / 2, 1 / np.log2(5)
"""Discounts of the positions; the first has 1."""


@pytest.fixture
def lists() -> Lists:
    """Four answers of four positions: all found, one of two at the second, one of six at the last, nothing."""
    hits = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], np.bool_)
    return Lists(hits, np.array([2, 2, 6, 1], np.int32))


def test_recall_is_the_share_of_what_was_bought(lists: Lists) -> None:
    """Of six bought products at most four fit, and recall says so."""
    assert recall(lists, 4).tolist() == [1, 0.5, 1 / 6, 0]
    assert recall(lists, 1).tolist() == [0.5, 0, 0, 0]


def test_hit_rate_is_whether_anything_was_found(lists: Lists) -> None:
    """One is enough."""
    assert hit_rate(lists, 4).tolist() == [1, 1, 1, 0]
    assert hit_rate(lists, 3).tolist() == [1, 1, 0, 0]


def test_ndcg_counts_early_finds_more(lists: Lists) -> None:
    """Against the best list that fits: of six bought products four."""
    assert ndcg(lists, 4) == pytest.approx([1, SECOND / (1 + SECOND), FOURTH / (1 + SECOND + THIRD + FOURTH), 0])
    assert ndcg(lists, 1).tolist() == [1, 0, 0, 0]


def test_a_cut_beyond_the_list_changes_the_ideal_only(lists: Lists) -> None:
    """Ten positions wanted, four there: recall stays, and NDCG is measured against ten."""
    assert recall(lists, 10).tolist() == recall(lists, 4).tolist()
    assert ndcg(lists, 10)[0] == pytest.approx(1)
    assert ndcg(lists, 10)[2] < ndcg(lists, 4)[2]


cases = st.integers(1, 12).flatmap(lambda depth: npst.arrays(np.bool_, st.tuples(st.integers(1, 6), st.just(depth))))


@settings(deadline=None)
@given(cases, st.integers(0, 5), st.integers(1, 15))
def test_measures_lie_between_nothing_and_all_and_a_hit_never_hurts(hits: np.ndarray, more: int, k: int) -> None:
    """Whatever was found: in [0, 1], and one hit more is never worse."""
    lists = Lists(hits, (hits.sum(axis=1) + more).clip(1).astype(np.int32))
    better = hits.copy()
    better[0, 0] = True
    richer = Lists(better, np.maximum(lists.truth, better.sum(axis=1)).astype(np.int32))
    for measure in (recall, ndcg, hit_rate):
        found = measure(lists, k)
        assert ((found >= 0) & (found <= 1 + 1e-12)).all()
        if (richer.truth == lists.truth).all():
            assert measure(richer, k)[0] >= found[0] - 1e-12


def test_an_interval_lies_around_its_mean_and_the_seed_decides_it() -> None:
    """The same seed gives the same interval to the last bit."""
    values = np.random.default_rng(1).random(200)
    first, again, other = (mean_interval(values, 300, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert first.low < first.mean < first.high
    assert first.mean == pytest.approx(values.mean())


def test_an_interval_of_one_value_has_no_width() -> None:
    """All alike, or a single shopper: nothing to resample."""
    assert mean_interval(np.full(9, 0.25), 100, 1) == Interval(0.25, 0.25, 0.25)
    assert mean_interval(np.array([0.7]), 100, 1) == Interval(0.7, 0.7, 0.7)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Of 200 samples from a distribution with mean 0.5 about 95 % have it inside: 183 at the very least."""
    rng = np.random.default_rng(5)
    intervals = [mean_interval(rng.random(60), 200, seed) for seed in range(200)]
    assert 183 <= sum(one.low <= 0.5 <= one.high for one in intervals) <= 199


def test_an_interval_reads_as_people_write_it() -> None:
    """As in the table on the terminal."""
    assert str(Interval(0.5, 0.25, 0.75)) == "0.5000 [0.2500, 0.7500]"


def asked(users: list[int], truth: list[list[int]]) -> Requests:
    """Return requests of ``users`` who bought the products ``truth``."""
    user, rows = np.array(users, np.int32), tuple(np.array(found, np.int32) for found in truth)
    none = np.full(len(users), UNKNOWN, np.int32)
    return Requests("next-order", user, True, none, none, np.zeros(len(users), np.int64), rows)


def test_a_shopper_counts_once_however_often_she_was_asked() -> None:
    """User 7 found one of two, and then nothing; user 3 found all: users ascending, her mean of two requests once."""
    shown = np.array([[4, 1, 2], [0, 0, 0], [3, UNKNOWN, UNKNOWN]])
    found = scores(asked([7, 7, 3], [[1, 5], [2], [3]]), shown, 6)
    assert found["recall@10"].tolist() == [1, 0.25]
    assert found["hit@10"].tolist() == [1, 0.5]
    assert found["ndcg@10"] == pytest.approx([1, SECOND / (1 + SECOND) / 2])


def test_a_product_that_nobody_knows_is_never_a_hit() -> None:
    """Not even where the last product of all was bought by the one who was asked before."""
    lists = lists_of(asked([0, 1], [[5], [0]]), np.array([[UNKNOWN], [UNKNOWN]]), 6)
    assert not lists.hits.any()
    assert lists.truth.tolist() == [1, 1]


def test_a_difference_is_told_with_its_signs() -> None:
    """A gain looks like one."""
    assert signed(Interval(0.01234, -0.002, 0.03)) == "+0.0123 [-0.0020, +0.0300]"


def test_errors_of_tasks_that_ask_the_same_shoppers_go_together() -> None:
    """Two tasks with the same shoppers and values tell no more than one; with others the interval is narrower."""
    values, users = np.random.default_rng(1).normal(0.1, 1, 400), np.arange(400)
    one = mean_interval(values, 2000, 1)
    same = tasks_interval([users, users], [values, values], 2000, 1)
    other = tasks_interval([users, users + 400], [values, np.random.default_rng(2).permutation(values)], 2000, 1)
    assert same.mean == pytest.approx(one.mean) == pytest.approx(other.mean)
    assert same.high - same.low == pytest.approx(one.high - one.low, rel=0.1)
    assert other.high - other.low == pytest.approx((one.high - one.low) / np.sqrt(2), rel=0.1)


def test_each_task_counts_the_same_in_their_mean() -> None:
    """However many shoppers it has."""
    found = tasks_interval([np.array([3, 5]), np.array([5])], [np.array([0.0, 1.0]), np.array([2.0])], 200, 1)
    assert found.mean == 1.25
