"""Features, classifiers and a tree by hand for the tests of ``models.trees``."""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.schema import Floats


def numbers(seed: int, n_rows: int, n_features: int, missing: float = 0.2) -> Floats:
    """Return features with gaps, many of them equal."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n_rows, n_features)).astype(np.float32).round(2)
    table[rng.random(table.shape) < missing] = np.nan
    return table


def classifier(features: Floats, seed: int = 0, **options: Any) -> HistGradientBoostingClassifier:
    """Return a classifier fitted to something that depends on all features, on gaps, and on chance."""
    rng = np.random.default_rng(seed)
    signal = np.nan_to_num(features, nan=0.7).prod(axis=1)
    target = signal + rng.normal(size=len(features))
    model = HistGradientBoostingClassifier(**{"max_iter": 12, "min_samples_leaf": 5, **options})
    with threadpool_limits(1):  # small trees grow faster without helpers
        return model.fit(features, target > np.median(target))


def by_hand(**changed: Any) -> dict[str, Any]:
    """Return the tree of the docstring of ``models.trees``, and a second one that is a single leaf."""
    return {
        "feature": np.array([0, 1], np.int32),
        "threshold": np.array([9, 3.5], np.float32),
        "missing_left": np.array([1, 0], np.uint8),
        "first": np.array([0, 0], np.uint8),
        "value": np.array([-0.2, 0.1, 0.4, 8.0]),
        "ends": np.array([3, 4]),
        "baseline": np.array([16.0]),
        "n_features": np.array([2]),
    } | changed
