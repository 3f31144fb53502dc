"""Reports over a whole store: arms, pins apart, shoppers in two arms, uneven splits, carousels without experiments."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from results_kit import answer, did, fill

from models.experiments import Results
from recsvc.results.report import carousel_report, experiment_report
from recsvc.results.table import experiment_lines
from recsvc.results.tried import Tried
from recsvc.store.database import Store
from recsvc.store.event import Event
from recsvc.store.exposures import Exposure

TRIED = Tried("x", "carousels", ("for-you",), {"a": 1.0, "b": 1.0})
ON_RULES = Tried("x", "rules", None, {"a": 1.0, "b": 1.0})


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        yield made


def test_every_figure_of_an_arm_by_hand(store: Store) -> None:
    """Two shoppers in a, one in b; a purchase that is half taken back; one click that is told twice."""
    fill(
        store,
        answer(10, "u1", "p1", "p2", arm="a"),
        answer(20, "u1", "p3", "p4", arm="a"),
        answer(10, "u2", "p1", "p2", arm="a"),
        answer(10, "u3", "p1", "p2", arm="b"),
        answer(10, "u4", "p1", "p2"),
        did("click", 15, "u1", "p1"),
        did("click", 16, "u1", "p1"),
        did("purchase", 30, "u1", "p3", order_id="o", quantity=2, price=3.0),
        did("refund", 40, "u1", "p3", order_id="o", quantity=1),
        did("click", 15, "u4", "p1"),
    )
    report = experiment_report(store, TRIED, Results())
    a, b = report.arms
    assert (a.name, a.exposures, a.shoppers, a.impressions) == ("a", 3, 2, 6)
    assert [one.value for one in a.rates.values()] == [1 / 6, 1 / 2, 3.0 / 2]
    assert (b.exposures, b.shoppers, b.impressions) == (1, 1, 2)
    assert [one.value for one in b.rates.values()] == [0, 0, 0]
    assert a.difference is None and [one.value for one in b.difference.values()] == [-1 / 6, -1 / 2, -3.0 / 2]
    assert report.mixed_shoppers == 0 and not report.mismatch


def test_an_arm_tells_which_versions_served_it(store: Store) -> None:
    """Also where one went live on the way; in words only where there is more than one."""
    made = (("a", "v1"), ("a", "v1"), ("a", "v2"), ("b", "v3"))
    fill(store, *(answer(10 + n, f"u{n}", "p1", arm=arm, model=model) for n, (arm, model) in enumerate(made)))
    report = experiment_report(store, TRIED, Results())
    assert [dict(arm.models) for arm in report.arms] == [{"v1": 2, "v2": 1}, {"v3": 1}]
    text = "\n".join(experiment_lines(TRIED, report, 7))
    assert "a was served by v1 (2 answers), v2 (1 answers)\nb was served by v3 (1 answers)" in text


def pinned(store: Store) -> None:
    fill(
        store,
        answer(10, "u1", "p1", "p2", "p3", pins=(1,), arm="b"),
        answer(10, "u2", "p2", "p3", arm="a"),
        did("click", 15, "u1", "p1"),
        did("purchase", 15, "u1", "p1", price=9.0),
        did("click", 15, "u1", "p2"),
    )


def test_what_was_pinned_is_told_apart_and_never_credited_to_a_model(store: Store) -> None:
    pinned(store)
    _, b = experiment_report(store, TRIED, Results()).arms
    assert b.impressions == 2 and [one.value for one in b.rates.values()] == [1 / 2, 0, 0]
    told = b.pinned
    assert (told.impressions, told.clicks, told.purchases, told.revenue) == (1, 1, 1, 9.0)


def test_in_an_experiment_on_rules_pins_count(store: Store) -> None:
    """They are what is tried; they are told apart all the same."""
    pinned(store)
    a, b = experiment_report(store, ON_RULES, Results()).arms
    assert b.impressions == 3 and [one.value for one in b.rates.values()] == [2 / 3, 1, 9.0]
    assert b.pinned.revenue == 9.0 and a.pinned.impressions == 0


def test_who_was_shown_two_arms_counts_in_the_first_with_everything(store: Store) -> None:
    """Such as a visitor in one arm who turned out to be a user in the other: one shopper, in one arm."""
    fill(
        store,
        answer(20, "u1", "p1", arm="b"),
        answer(10, "u1", "p1", arm="a"),
        did("click", 30, "u1", "p1"),
        answer(10, "u2", "p1", arm="a"),
        answer(10, "u3", "p1", arm="b"),
        answer(10, "u4", "p1", arm="gone"),
    )
    report = experiment_report(store, TRIED, Results())
    assert [(arm.shoppers, arm.exposures) for arm in report.arms] == [(2, 3), (1, 1)] and report.mixed_shoppers == 1
    assert [arm.rates["click_rate"].value for arm in report.arms] == [1 / 3, 0]


def test_shoppers_on_two_devices_that_were_drawn_apart_make_no_split_look_uneven(store: Store) -> None:
    """Two of five, with arms of nine to one: without those who were shown both, the small arm would have too few."""
    tried, told = Tried("x", "carousels", ("for-you",), {"a": 9.0, "b": 1.0}), []
    for number in range(2_000):
        first, second = ("b" if digit == 0 else "a" for digit in (number % 10, number // 10 % 10))
        told.append(answer(10, f"u{number}", "p1", arm=first))
        if number // 100 % 5 < 2:
            told.append(answer(20, f"u{number}", "p1", arm=second))
    fill(store, *told)
    report = experiment_report(store, tried, Results())
    assert [arm.shoppers for arm in report.arms] == [1_800, 200] and report.mixed_shoppers == 144
    assert report.sample_ratio_p == 1


def test_only_what_was_shown_since_a_moment_counts(store: Store) -> None:
    fill(store, answer(10, "u1", "p1", arm="a"), answer(100, "u2", "p1", arm="b"))
    assert [arm.shoppers for arm in experiment_report(store, TRIED, Results(), since=50).arms] == [0, 1]


def world(n: int, share_of_b: float, effect: float) -> list[Exposure | Event]:
    """Return what ``n`` shoppers saw and did: those in b buy more often by ``effect``."""
    rng, told = np.random.default_rng(5), []
    for number in range(n):
        arm = "b" if rng.random() < share_of_b else "a"
        told.append(answer(10, f"u{number}", "p1", "p2", "p3", "p4", arm=arm))
        if rng.random() < 0.2 + (effect if arm == "b" else 0):
            told += [did("click", 20, f"u{number}", "p1"), did("purchase", 30, f"u{number}", "p1", price=5.0)]
    return told


def test_two_arms_alike_are_not_told_apart(store: Store) -> None:
    fill(store, *world(1_500, 0.5, 0.0))
    report = experiment_report(store, TRIED, Results())
    assert all(one.low <= 0 <= one.high for one in report.arms[1].difference.values())
    assert not report.mismatch


def test_a_planted_effect_is_found_and_its_size_lies_in_the_interval(store: Store) -> None:
    fill(store, *world(1_500, 0.5, 0.15))
    gap = experiment_report(store, TRIED, Results()).arms[1].difference
    assert 0 < gap["conversion"].low < 0.15 < gap["conversion"].high
    assert 0 < gap["revenue_per_shopper"].low < 0.75 < gap["revenue_per_shopper"].high
    assert gap["click_rate"].low > 0


def test_an_uneven_split_is_flagged(store: Store) -> None:
    """Six to four where it should have been even; as declared it is none."""
    fill(store, *world(1_000, 0.4, 0.0))
    assert experiment_report(store, TRIED, Results()).mismatch
    as_declared = Tried("x", "carousels", ("for-you",), {"a": 6.0, "b": 4.0})
    assert not experiment_report(store, as_declared, Results()).mismatch


def test_carousels_are_told_by_answers_outside_of_experiments(store: Store) -> None:
    fill(
        store,
        answer(10, "u1", "p1", "p2", carousel="trending"),
        answer(10, "u1", "p3", carousel="for-you"),
        answer(10, "u2", "p3", carousel="for-you", arm="a"),
        did("click", 20, "u1", "p1"),
        did("click", 20, "u2", "p3"),
    )
    for_you, trending, none = carousel_report(store, ["for-you", "trending", "bestsellers"], Results())
    assert (for_you.exposures, trending.exposures, none.exposures) == (1, 1, 0)
    assert trending.rates["click_rate"].value == 0.5 and for_you.rates["click_rate"].value == 0
    assert none.rates["click_rate"] is None


def test_an_empty_store_gives_an_empty_report(store: Store) -> None:
    report = experiment_report(store, TRIED, Results())
    assert [arm.shoppers for arm in report.arms] == [0, 0] and report.sample_ratio_p is None and not report.mismatch
