"""Nothing that is no tree gets in, from a classifier or from an artifact, and no wild read comes of what does."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from trees_kit import by_hand, classifier, numbers

from models.errors import ArtifactError, DataError
from models.trees import Trees


@pytest.fixture(scope="module")
def fitted() -> HistGradientBoostingClassifier:
    """Twelve trees of up to 31 leaves over four features."""
    return classifier(numbers(1, 800, 4))


@pytest.fixture(scope="module")
def trees(fitted: HistGradientBoostingClassifier) -> Trees:
    """The same as arrays."""
    return Trees.of(fitted)


@pytest.mark.parametrize("features", [np.zeros((2, 3), np.float32), np.zeros((2, 4)), np.zeros(4, np.float32)], ids=str)
def test_other_features_are_refused(trees: Trees, features: Any) -> None:
    """Too few columns, float64, one row without its brackets: an error that says what is wanted, no wild read."""
    with pytest.raises(DataError, match=r"give float32 \(n_rows, 4\)"):
        trees.raw(features)


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a feature that is not there": ({"feature": np.array([0, 2], np.int32)}, "feature of node 1 is 2, not in 0 … 1"),
    "a negative feature": ({"feature": np.array([-1, 0], np.int32)}, "feature of node 0 is -1"),
    "no features": ({"n_features": np.array([0])}, "n_features is 0, not in 1"),
    "too many features": ({"n_features": np.array([2**62])}, "n_features is 4611686018427387904"),
    "a flag that is none": ({"missing_left": np.array([1, 2], np.uint8)}, "missing_left of node 1 is 2"),
    "a threshold that is no number": ({"threshold": np.array([1, np.nan], np.float32)}, "node 1 is NaN"),
    "an infinite leaf": ({"value": np.array([0, 0, np.inf, 0])}, "not finite"),
    "a leaf that is no number": ({"value": np.array([0, 0, 0, np.nan])}, "not finite"),
    "a baseline that is no number": ({"baseline": np.array([np.nan])}, "not finite"),
    "two baselines": ({"baseline": np.zeros(2)}, "one number each"),
    "no number of features": ({"n_features": np.zeros(0, np.int64)}, "one number each"),
    "a left side that begins right of its node": ({"first": np.array([1, 0], np.uint8)}, "sides of tree 0 cross"),
    "a left side far outside": ({"first": np.array([0, 255], np.uint8)}, "sides of tree 0 cross"),
    "sides that cross": (
        {
            "feature": np.zeros(3, np.int32),
            "threshold": np.zeros(3, np.float32),
            "missing_left": np.zeros(3, np.uint8),
            "first": np.array([0, 0, 1], np.uint8),
            "value": np.zeros(4),
            "ends": np.array([4]),
        },
        "sides of tree 0 cross",
    ),
    "a tree without leaves": ({"ends": np.array([0, 4])}, "ends do not part 4 leaves"),
    "ends that go back": ({"ends": np.array([5, 4])}, "ends do not part 4 leaves"),
    "ends beyond the leaves": ({"ends": np.array([3, 5])}, "ends do not part 4 leaves"),
    "ends that overflow": ({"ends": np.array([2**63 - 1, -(2**63)])}, "ends do not part 4 leaves"),
    "no trees": ({"ends": np.zeros(0, np.int64)}, "ends do not part 4 leaves"),
    "too many leaves": ({"value": np.zeros(33), "ends": np.array([33])}, "trees of 1 to 32"),
    "nodes too few": ({"first": np.zeros(1, np.uint8)}, "first holds 1 nodes, not 2"),
    "nodes too many": ({"threshold": np.zeros(3, np.float32)}, "threshold holds 3 nodes, not 2"),
    "a table for a list": ({"first": np.zeros((2, 1), np.uint8)}, r"first has shape \(2, 1\)"),
    "another kind of number": ({"value": np.zeros(4, np.float32)}, "'value' holds float32, not float64"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_arrays_are_refused(fault: str) -> None:
    """Whatever is no tree is an ArtifactError that names the part and what to do."""
    changed, message = BROKEN[fault]
    with pytest.raises(ArtifactError, match=message) as raised:
        Trees.load(by_hand(**changed))
    assert "train again" in str(raised.value)


@pytest.mark.parametrize("name", by_hand())
def test_missing_arrays_are_refused(name: str) -> None:
    """No part can be left out."""
    with pytest.raises(ArtifactError, match=f"{name}.*missing"):
        Trees.load({key: array for key, array in by_hand().items() if key != name})


@settings(max_examples=150)
@given(data=st.data())
def test_a_flipped_byte_is_refused_or_harmless(trees: Trees, data: st.DataObject) -> None:
    """Any byte of any part, changed to any other: refused, or still trees, which give finite scores."""
    arrays = {name: np.array(array) for name, array in trees.arrays().items()}
    raw = arrays[data.draw(st.sampled_from(sorted(arrays)))].view(np.uint8)
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        changed = Trees.load(arrays)
    except ArtifactError:
        return
    assert np.isfinite(changed.raw(numbers(12, 30, changed.n_features))).all()


def other_nodes(fitted: Any, change: Callable[[Any], Any]) -> SimpleNamespace:
    """Return what ``Trees.of`` reads of a classifier, with the nodes of its first tree changed."""
    first = SimpleNamespace(nodes=change(fitted._predictors[0][0].nodes.copy()))
    return SimpleNamespace(
        classes_=fitted.classes_, n_features_in_=4, _baseline_prediction=fitted._baseline_prediction,
        _predictors=[[first], *fitted._predictors[1:]],
    )  # fmt: skip


def with_category(nodes: Any) -> Any:
    nodes["is_categorical"][0] = 1
    return nodes


def without_flag(nodes: Any) -> Any:
    return nodes[[name for name in nodes.dtype.names if name != "missing_go_to_left"]]


def test_what_training_may_not_hand_over(fitted: Any) -> None:
    """More classes, another estimator, categories, large trees and unknown nodes are each refused by name."""
    features = numbers(14, 300, 2, missing=0)
    three = HistGradientBoostingClassifier(max_iter=1).fit(features, np.arange(300) % 3)
    with pytest.raises(DataError, match="with 3 classes"):
        Trees.of(three)
    with pytest.raises(DataError, match=r"HistGradientBoostingClassifier with 0 classes: give a fitted"):
        Trees.of(HistGradientBoostingClassifier())
    with pytest.raises(DataError, match="HistGradientBoostingRegressor"):
        Trees.of(HistGradientBoostingRegressor(max_iter=1).fit(features, features[:, 0]))
    features[:, 0] = np.arange(300) % 4
    with pytest.raises(DataError, match="categorical features"):
        Trees.of(classifier(features, categorical_features=[0]))
    with pytest.raises(DataError, match="has 33 leaves: set max_leaf_nodes to 32"):
        Trees.of(classifier(numbers(15, 900, 2), max_leaf_nodes=33, min_samples_leaf=1, max_iter=1))
    with pytest.raises(DataError, match="tree 0 splits on categories"):
        Trees.of(other_nodes(fitted, with_category))
    with pytest.raises(DataError, match="no 'missing_go_to_left'"):
        Trees.of(other_nodes(fitted, without_flag))
