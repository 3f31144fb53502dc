"""Diversity: what is like what stands before it gives way, and nothing else moves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.schema import UNKNOWN, Doubles, Ints, Longs
from recsvc.diversity import Likeness, diversify


def codes(*values: int) -> Ints:
    return np.array(values, np.int32)


def alike(kind: Ints, category: Ints | None = None, brand: Ints | None = None) -> Likeness:
    """Return the likeness of candidates that are all among the best."""
    nothing = np.full(len(kind), UNKNOWN, np.int32)
    every = np.arange(len(kind))
    return Likeness.of(kind, nothing if category is None else category, nothing if brand is None else brand, every)


def order(scores: Doubles) -> list[int]:
    return np.argsort(-scores, kind="stable").tolist()


def test_the_same_kind_again_costs_one_less_diversity_each_time() -> None:
    """Three wines and a tea at 0.5: the second wine at a half, the third at a quarter."""
    found = diversify(np.array([0.8, 0.7, 0.6, 0.3]), alike(codes(1, 1, 1, 2)), 0.5)
    assert found == pytest.approx([0.8, 0.35, 0.15, 0.3])


def test_a_shared_category_or_brand_costs_less_than_a_kind_and_nothing_where_all_share_it() -> None:
    """Of four, two share a category (a half of a half at 1), all share a brand."""
    likeness = alike(codes(1, 2, 3, 4), codes(7, 7, 8, 9), codes(5, 5, 5, 5))
    assert diversify(np.array([0.8, 0.7, 0.6, 0.5]), likeness, 1.0) == pytest.approx([0.8, 0.7 * 0.75, 0.6, 0.5])


def test_products_without_a_kind_are_like_nothing() -> None:
    """Not known is no kind."""
    scores = np.array([0.8, 0.7, 0.6])
    assert diversify(scores, alike(codes(UNKNOWN, UNKNOWN, UNKNOWN)), 1.0) == pytest.approx(scores)


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Doubles, Likeness]:
    """Some candidates: scores with ties, few kinds, some unknown."""
    n = draw(st.integers(1, 60))
    scores = draw(st.lists(st.sampled_from([1e-6, 0.001, 0.25, 0.5, 0.9, 1.0]), min_size=n, max_size=n))
    kind, category, brand = (
        codes(*draw(st.lists(st.integers(UNKNOWN, top), min_size=n, max_size=n))) for top in (8, 4, 2)
    )
    return np.array(scores), alike(kind, category, brand)


@given(drawn(), st.sampled_from([0.01, 0.25, 0.5, 0.999, 1.0]))
def test_scores_stay_in_0_to_1_and_distinct_and_never_rise(case: tuple[Doubles, Likeness], diversity: float) -> None:
    """So that whoever sorts by them later keeps the order."""
    scores, likeness = case
    found = diversify(scores, likeness, diversity)
    assert np.all((found > 0) & (found <= scores))
    assert len(np.unique(found)) == len(found)


@given(drawn())
def test_at_1_no_kind_comes_twice_while_other_kinds_are_left(case: tuple[Doubles, Likeness]) -> None:
    """Until every kind was shown; products without a kind may stand anywhere."""
    scores, likeness = case
    kinds = likeness.kind[order(diversify(scores, likeness, 1.0))]
    known = kinds[kinds != UNKNOWN].tolist()
    left = len(set(known))
    assert len(set(known[:left])) == left


@given(drawn(), st.sampled_from([0.1, 0.5, 1.0]))
def test_a_product_unlike_all_others_keeps_its_score(case: tuple[Doubles, Likeness], diversity: float) -> None:
    """Diversity takes from repeats alone."""
    scores, likeness = case
    found = diversify(scores, likeness, diversity)

    def alone(own: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return (own == UNKNOWN) | (np.array([np.count_nonzero(own == one) for one in own]) == 1)

    unlike = alone(likeness.kind) & alone(likeness.category) & alone(likeness.brand)
    assert found[unlike] == pytest.approx(scores[unlike])


def test_what_lies_beyond_the_places_that_are_filled_one_by_one_comes_behind_them() -> None:
    """Three hundred of one kind at 1: all in order of score, all above 0."""
    scores: Doubles = np.linspace(1, 0.1, 300)
    best: Longs = np.arange(100)
    one = np.zeros(300, np.int32)
    found = diversify(scores, Likeness.of(one, one, one, best), 1.0)
    assert order(found) == list(range(300))
    assert found.min() > 0
