"""Boosted trees as arrays: equal to scikit-learn's to the last bit."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from trees_kit import by_hand, classifier, numbers

from models import trees_walk
from models.artifact import Manifest, open_artifact, write_artifact
from models.schema import Floats
from models.trees import Trees, not_above

EDGES = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 3.4028235e38, -3.4028235e38, 1.1754944e-38], np.float32
)


def near_thresholds(fitted: Any, n_features: int) -> Floats:
    """Return rows that hold, feature by feature, every threshold and its next float32 on both sides."""
    nodes = np.concatenate([one[0].nodes for one in fitted._predictors])
    nodes = nodes[nodes["is_leaf"] == 0]
    with np.errstate(over="ignore"):
        exact = nodes["num_threshold"].astype(np.float32)
    rows = np.full((3 * len(exact), n_features), np.nan, np.float32)
    for part, value in enumerate(
        (exact, np.nextafter(exact, np.float32(np.inf)), np.nextafter(exact, np.float32(-np.inf)))
    ):
        rows[part * len(exact) + np.arange(len(exact)), nodes["feature_idx"]] = value
    return rows


def assert_equal(fitted: Any, trees: Trees, features: Floats) -> None:
    """Log-odds agree to the last bit; probabilities too, but for the last digit of the machine's own exp."""
    raw = trees.raw(features)
    assert raw.dtype == np.float64 and np.array_equal(raw, fitted.decision_function(features))
    expected = fitted.predict_proba(features)[:, 1]
    np.testing.assert_array_max_ulp(trees.probability(features), expected, maxulp=1)


@pytest.fixture(scope="module")
def fitted() -> HistGradientBoostingClassifier:
    """Twelve trees of up to 31 leaves over four features."""
    return classifier(numbers(1, 800, 4))


@pytest.fixture(scope="module")
def trees(fitted: HistGradientBoostingClassifier) -> Trees:
    """The same as arrays."""
    return Trees.of(fitted)


def test_a_tree_by_hand() -> None:
    """At the threshold is left, above is right, missing goes where the node says; single leaf and baseline join."""
    rows = [(9, 3.5), (10, 3.5), (9, 4), (math.nan, 3), (10, math.nan), (math.nan, math.nan), (-math.inf, math.inf)]
    raw = Trees.load(by_hand()).raw(np.array(rows, np.float32))
    assert raw.tolist() == [16 + one + 8 for one in (-0.2, 0.1, 0.4, -0.2, 0.4, 0.4, 0.4)]
    assert len(Trees.load(by_hand())) == 2


@pytest.mark.parametrize("n_rows", [0, 1, 2, 63, 64, 65, 511, 512, 513, 1200])
def test_any_number_of_rows(fitted: Any, trees: Trees, n_rows: int) -> None:
    """Blocks of rows have no seams."""
    features = numbers(2, n_rows, 4)
    if n_rows:
        assert_equal(fitted, trees, features)
    assert trees.raw(features).shape == trees.probability(features).shape == (n_rows,)


def test_edges_of_float32(fitted: Any, trees: Trees) -> None:
    """NaN, infinities, both zeros, the largest and the smallest numbers go where scikit-learn sends them."""
    assert_equal(fitted, trees, np.stack(np.meshgrid(*[EDGES] * 4), axis=-1).reshape(-1, 4))
    assert_equal(fitted, trees, near_thresholds(fitted, 4))


def test_training_on_edges() -> None:
    """Also where the thresholds themselves are infinite: one part of the values, or of the gaps, each."""
    rng = np.random.default_rng(3)
    features = rng.choice(np.array([-np.inf, -1, 1, np.nan], np.float32), size=(400, 2))
    fitted = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=2).fit(
        features, np.isnan(features[:, 0]) ^ (features[:, 1] < -2)
    )
    trees = Trees.of(fitted)
    assert {np.inf, -np.inf} <= set(trees.threshold.tolist())
    rows = np.array([(a, b) for a in (*EDGES, 1, -1) for b in (*EDGES, 1, -1)], np.float32)
    assert_equal(fitted, trees, rows)


def test_rows_that_share_features(fitted: Any, trees: Trees) -> None:
    """What is the same in all rows of a request, missing or infinite too, is asked once for all and changes nothing."""
    features = numbers(12, 300, 4)
    for shared in ((0,), (1, 2), (0, 1, 2, 3)):
        for value in (*EDGES, *features[:20, shared[0]]):
            features[:, shared] = value
            assert_equal(fitted, trees, features)


@pytest.mark.parametrize(
    "options", [{"max_leaf_nodes": 32}, {"max_depth": 1}, {"max_iter": 1}, {"max_bins": 2}], ids=str
)
def test_other_sizes(options: dict[str, Any]) -> None:
    """The largest trees, stumps, one tree."""
    fitted = classifier(numbers(4, 600, 3), **options)
    assert_equal(fitted, Trees.of(fitted), numbers(5, 300, 3))


def test_trees_that_learned_nothing() -> None:
    """Trees of a single leaf are the baseline."""
    fitted = classifier(numbers(6, 50, 2), min_samples_leaf=200)
    trees = Trees.of(fitted)
    assert not len(trees.feature) and len(trees) == 12
    assert_equal(fitted, trees, numbers(7, 5, 2))


def test_stopped_early() -> None:
    """What training stopped before its last round has fewer trees."""
    fitted = classifier(numbers(8, 400, 2), max_iter=80, early_stopping=True, n_iter_no_change=2)
    trees = Trees.of(fitted)
    assert len(trees) == fitted.n_iter_ < 80
    assert_equal(fitted, trees, numbers(9, 70, 2))


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_features=st.integers(1, 8),
    leaves=st.integers(2, 32),
    missing=st.sampled_from([0.0, 0.01, 0.5]),
)
def test_equal_to_scikit_learn(seed: int, n_features: int, leaves: int, missing: float) -> None:
    """Whatever is learned, and whatever is asked, at the thresholds too."""
    features = numbers(seed, 300, n_features, missing)
    fitted = classifier(features, seed, max_leaf_nodes=leaves, max_iter=4, min_samples_leaf=2)
    trees = Trees.of(fitted)
    for asked in (features, numbers(seed + 1, 80, n_features), near_thresholds(fitted, n_features)):
        assert_equal(fitted, trees, asked)


@settings(max_examples=300)
@given(st.floats(allow_nan=False), st.floats(width=32, allow_nan=False), st.integers(-1, 1))
def test_float32_thresholds_say_the_same(threshold: float, x: float, step: int) -> None:
    """For a float32 x, x <= t holds where x <= the largest float32 not above t does; also next to t."""
    kept = not_above(np.array([threshold]))[0]
    with np.errstate(over="ignore"):
        asked = [np.float32(x), kept, np.nextafter(kept, np.float32(step * math.inf)) if step else kept]
    assert [float(one) <= threshold for one in asked] == [bool(one <= kept) for one in asked]


def test_features_in_any_memory_order(trees: Trees) -> None:
    """Columns first, every second row, backwards, read-only: the same numbers give the same scores."""
    features = numbers(10, 500, 4)
    expected = trees.raw(features)
    assert np.array_equal(trees.raw(np.asfortranarray(features)), expected)
    assert np.array_equal(trees.raw(features[::2]), expected[::2])
    assert np.array_equal(trees.raw(features[::-1]), expected[::-1])
    features.flags.writeable = False
    assert np.array_equal(trees.raw(features), expected)


def test_the_same_lines_in_plain_python() -> None:
    """The compiled code does what its source says."""
    trees, features = Trees.load(by_hand()), np.array([(9, 4), (math.nan, 3)], np.float32)
    for logistic, compiled in ((False, trees.raw(features)), (True, trees.probability(features))):
        plain, packed = np.empty(2), trees.packed
        with np.errstate(over="ignore"):  # the multiplication by the de Bruijn number is meant to lose its top
            trees_walk._walk(
                packed.column, packed.threshold, packed.keep, packed.end, packed.leaf, trees.baseline, logistic,
                features, plain,
            )  # fmt: skip
        assert np.array_equal(plain, compiled)


def test_through_an_artifact(fitted: Any, trees: Trees, tmp_path: Path) -> None:
    """Written, mapped read-only and loaded, they are the same trees."""
    manifest = Manifest("v1", "shop", "2026-11-22T00:00:00Z", 1_000, 7, {}, {})
    write_artifact(tmp_path / "v1", manifest, {"ranker": trees.arrays()})
    loaded = Trees.load(open_artifact(tmp_path / "v1").group("ranker"))
    assert all(np.array_equal(array, loaded.arrays()[name]) for name, array in trees.arrays().items())
    assert_equal(fitted, loaded, numbers(13, 100, 4))
