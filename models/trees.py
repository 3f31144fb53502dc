"""Boosted trees as plain arrays: written by training from scikit-learn's, served without it, equal to the last bit.

A tree is told from left to right. Its leaves are numbered 0 … n - 1; between leaf j and leaf j + 1 stands exactly one
node, node j, and ``first[j]`` is the leftmost leaf below it, so that its left side is the leaves first[j] … j:

    node 1: price <= 3.5          feature    since  price
    ├── node 0: since <= 9        first          0      0
    │   ├── leaf 0                value       -0.2   0.1   0.4
    │   └── leaf 1
    └── leaf 2

There are no pointers from node to node that could lead astray: arrays that pass the checks of ``load`` are trees.
"""

from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from models.compiled import kernels
from models.errors import ArtifactError, DataError
from models.schema import Arrays, Bytes, Doubles, Floats, Ints, Longs, take

if TYPE_CHECKING:
    from models.trees_walk import Packed

MOST_LEAVES = 32
"""Leaves of one tree: the bits of a machine word, see ``models.trees_walk``."""
MOST_FEATURES = 32_767
PARTS = ("feature", "threshold", "missing_left", "first", "value", "ends")
NODE = ("value", "feature_idx", "num_threshold", "missing_go_to_left", "left", "right", "is_leaf", "is_categorical")
AGAIN = "train again or roll back"


@cache
def _compiled() -> ModuleType:
    """Return the compiled code: the one place that imports it, so that whoever scores nothing never waits for it."""
    from models import trees_walk

    return trees_walk


def warm() -> None:
    """Compile everything, or take it from the cache: seconds the first time, nothing from then on.

    ``Trees.load`` and ``Trees.of`` do it too. Call it before a fork, and no child compiles anything.
    """
    _compiled()
    kernels()


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum of decision trees over numbers; a missing number is NaN. Make it with ``of`` or ``load``, which check."""

    feature: Ints
    """(n_nodes,) in [0, n_features); nodes of one tree lie together, from left to right."""
    threshold: Floats
    """(n_nodes,): a row goes to the left where its feature is <= this; may be infinite."""
    missing_left: Bytes
    """(n_nodes,): 1 where a missing feature goes to the left, 0 where to the right."""
    first: Bytes
    """(n_nodes,): the leftmost leaf below the node, counted from the tree's own leaf 0."""
    value: Doubles
    """(n_leaves,): what a leaf adds, in log-odds; leaves of one tree lie together, from left to right."""
    ends: Longs
    """(n_trees,): one past the last leaf of each tree; tree k has ends[k] - ends[k - 1] leaves and one node less."""
    baseline: float
    """What every row starts with, in log-odds."""
    n_features: int
    packed: "Packed" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self)
        sizes = np.diff(self.ends, prepend=0)
        packed = _compiled().pack(
            self.feature, self.threshold, self.missing_left, self.first, self.value, sizes, self.n_features
        )
        object.__setattr__(self, "packed", packed)

    @classmethod
    def of(cls, classifier: Any) -> Self:
        """Return the trees of a fitted ``HistGradientBoostingClassifier``.

        Thresholds become the largest float32 that is not above them: for a float32 x, that x <= t says the same.

        Raises:
            DataError: it has more than two classes, categorical features or more than 32 leaves a tree, or it comes
                from a scikit-learn that keeps its nodes in another way.
        """
        _check_classifier(classifier)
        told = [_from_left_to_right(one[0].nodes, number) for number, one in enumerate(classifier._predictors)]
        nodes = np.array([node for tree, _ in told for node in tree], np.float64).reshape(-1, 4)
        return cls(
            nodes[:, 0].astype(np.int32),
            not_above(nodes[:, 1]),
            nodes[:, 2].astype(np.uint8),
            nodes[:, 3].astype(np.uint8),
            np.array([value for _, values in told for value in values]),
            np.cumsum([len(values) for _, values in told]).astype(np.int64),
            float(classifier._baseline_prediction[0, 0]),
            int(classifier.n_features_in_),
        )

    @classmethod
    def load(cls, arrays: Arrays) -> Self:
        """Return the trees that ``arrays`` (see ``arrays()``) hold.

        Raises:
            ArtifactError: an array is missing or of another kind, or they are no trees over ``n_features`` numbers.
        """
        baseline, n_features = take(arrays, "baseline", np.float64), take(arrays, "n_features", np.int64)
        if baseline.shape != (1,) or n_features.shape != (1,):
            raise ArtifactError(f"trees: baseline and n_features must hold one number each: {AGAIN}")
        return cls(
            take(arrays, "feature", np.int32),
            take(arrays, "threshold", np.float32),
            take(arrays, "missing_left", np.uint8),
            take(arrays, "first", np.uint8),
            take(arrays, "value", np.float64),
            take(arrays, "ends", np.int64),
            float(baseline[0]),
            int(n_features[0]),
        )

    def arrays(self) -> Arrays:
        """Return the trees as arrays for an artifact."""
        return {
            **{name: getattr(self, name) for name in PARTS},
            "baseline": np.array([self.baseline]),
            "n_features": np.array([self.n_features], np.int64),
        }

    def __len__(self) -> int:
        return len(self.ends)

    def raw(self, features: Floats) -> Doubles:
        """Return (n_rows,) log-odds: comparable within one model, equal to the classifier's ``decision_function``.

        Args:
            features: float32 (n_rows, n_features) in any memory order; NaN is missing, infinities are numbers.

        Raises:
            DataError: another shape, or another kind of number.
        """
        return self._score(features, logistic=False)

    def probability(self, features: Floats) -> Doubles:
        """Return (n_rows,) probabilities in [0, 1] of the second class, as ``predict_proba`` does; see ``raw``."""
        return self._score(features, logistic=True)

    def _score(self, features: Floats, *, logistic: bool) -> Doubles:
        if features.dtype != np.float32 or features.ndim != 2 or features.shape[1] != self.n_features:
            raise DataError(
                f"features are {features.dtype} {features.shape}: give float32 (n_rows, {self.n_features}), "
                "the columns that the trees were trained on"
            )
        out = np.empty(len(features))
        packed = self.packed
        _compiled().walk(
            packed.column,
            packed.threshold,
            packed.keep,
            packed.end,
            packed.leaf,
            self.baseline,
            logistic,
            features,
            out,
        )
        return out


def not_above(thresholds: Doubles) -> Floats:
    """Return for each number the largest float32 that is not above it."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
        below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > thresholds, below, near)


def _check_classifier(classifier: Any) -> None:
    """Refuse a classifier whose trees would say something else here."""
    classes = getattr(classifier, "classes_", ())
    if len(classes) != 2 or not hasattr(classifier, "_predictors"):
        raise DataError(
            f"{type(classifier).__name__} with {len(classes)} classes: give a fitted "
            "HistGradientBoostingClassifier of two classes"
        )
    if np.any(getattr(classifier, "is_categorical_", None)):
        raise DataError("the classifier has categorical features: give it numbers only, NaN where one is missing")


def _from_left_to_right(nodes: Any, number: int) -> tuple[list[tuple[int, float, int, int]], list[float]]:
    """Return (feature, threshold, missing_left, first) of a tree's nodes and the values of its leaves, left to right."""
    missing = [name for name in NODE if name not in (nodes.dtype.names or ())]
    if missing:
        raise DataError(f"tree {number}: its nodes have no {missing[0]!r}: take the scikit-learn of requirements.lock")
    if nodes["is_categorical"].any():
        raise DataError(f"tree {number} splits on categories: give the classifier numbers only")
    if (leaves := int(nodes["is_leaf"].sum())) > MOST_LEAVES:
        raise DataError(f"tree {number} has {leaves} leaves: set max_leaf_nodes to {MOST_LEAVES} at most")
    records = nodes[list(NODE)].tolist()
    told: list[tuple[int, float, int, int]] = []
    values: list[float] = []

    def tell(row: int) -> None:
        value, feature, threshold, missing_left, left, right, is_leaf, _ = records[row]
        if is_leaf:
            values.append(value)
            return
        first = len(values)
        tell(left)
        told.append((feature, threshold, missing_left, first))
        tell(right)

    tell(0)
    return told, values


def _check(trees: Trees) -> None:
    """Refuse arrays that are no trees: what passes is read in bounds whatever it says.

    Raises:
        ArtifactError: the first thing that does not hold.
    """
    parts = {name: getattr(trees, name) for name in PARTS}
    if flat := [name for name, part in parts.items() if part.ndim != 1]:
        raise ArtifactError(f"trees: {flat[0]} has shape {parts[flat[0]].shape}, not one number a row: {AGAIN}")
    sizes = np.diff(trees.ends, prepend=0)
    if not len(sizes) or sizes.min() < 1 or sizes.max() > MOST_LEAVES or trees.ends[-1] != len(trees.value):
        raise ArtifactError(
            f"trees: ends do not part {len(trees.value)} leaves into trees of 1 to {MOST_LEAVES} each: {AGAIN}"
        )
    n_nodes = len(trees.value) - len(sizes)
    if short := [name for name in PARTS[:4] if len(parts[name]) != n_nodes]:
        raise ArtifactError(f"trees: {short[0]} holds {len(parts[short[0]])} nodes, not {n_nodes}: {AGAIN}")
    if not (np.isfinite(trees.value).all() and np.isfinite(trees.baseline)):
        raise ArtifactError(f"trees: a leaf's value or the baseline is not finite: {AGAIN}")
    if np.isnan(trees.threshold).any():
        raise ArtifactError(f"trees: threshold of node {int(np.isnan(trees.threshold).argmax())} is NaN: {AGAIN}")
    if not 1 <= trees.n_features <= MOST_FEATURES:
        raise ArtifactError(f"trees: n_features is {trees.n_features}, not in 1 … {MOST_FEATURES}: {AGAIN}")
    _in_range("feature", trees.feature, trees.n_features)
    _in_range("missing_left", trees.missing_left, 2)
    _check_nested(trees.first, sizes)


def _in_range(name: str, numbers: Ints | Bytes, n: int) -> None:
    outside = (numbers < 0) | (numbers >= n)
    if outside.any():
        node = int(outside.argmax())
        raise ArtifactError(f"trees: {name} of node {node} is {numbers[node]}, not in 0 … {n - 1}: {AGAIN}")


def _check_nested(first: Bytes, sizes: Longs) -> None:
    """Refuse left sides that overlap without one holding the other: these are trees if, and only if, none do.

    Why that is enough: of the nodes whose left side begins with leaf 0 (node 0 must be one), take the last as the root.
    A node to its right cannot begin at 0, so it begins right of the root; and so on in both parts.
    """
    place = np.arange(MOST_LEAVES - 1)
    real = place < (sizes - 1)[:, None]
    begins = np.broadcast_to(place, real.shape).copy()  # a place without a node stands for a node over one leaf
    begins[real] = first
    left, right = begins[:, :, None], begins[:, None, :]
    crossing = (place[:, None] < place) & (right > left) & (right <= place[:, None])
    wrong = np.asarray((begins > place).any(axis=1) | crossing.any(axis=(1, 2)))
    if wrong.any():
        raise ArtifactError(f"trees: the left sides of tree {int(wrong.argmax())} cross each other: {AGAIN}")
