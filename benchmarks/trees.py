"""The ranker's trees: our compiled walk against scikit-learn's own prediction, in one run, in turn.

    taskset -c 0 .venv/bin/python benchmarks/trees.py

Prints two tables. The first: microseconds a call for 1, 50, 250 and 2,000 rows x 150 trees x 31 leaves x 40 features (a
fifth missing), medians of many calls made in turn (A B C, C B A), and the ratio to scikit-learn; both use one thread. Every
score is compared to the last bit first. The second: seconds from a new process to the first score, with an empty cache of
machine code, with a filled one, and with none that can be written. Bind it to one core; on a busy machine trust the ratios.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from models.trees import Trees  # noqa: E402

TREES, LEAVES, FEATURES, ROWS = 150, 31, 40, (1, 50, 250, 2_000)
START = """
from time import perf_counter
import numpy
start = perf_counter()
import numba
imported = perf_counter()
from models.trees import warm
warm()
print(imported - start, perf_counter() - imported)
"""


def trained() -> tuple[HistGradientBoostingClassifier, np.ndarray]:
    """Return a classifier of full-grown trees, and features to ask about."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, FEATURES)).astype(np.float32)
    features[rng.random(features.shape) < 0.2] = np.nan
    known = np.nan_to_num(features)
    signal = known[:, 0] + np.sin(2 * known[:, 1]) + known[:, 2] * known[:, 3] + rng.normal(size=len(known))
    model = HistGradientBoostingClassifier(max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False)
    return model.fit(features, signal > 0), features


def in_turn(calls: dict[str, Callable[[], object]], seconds: float = 2.0) -> dict[str, float]:
    """Return the median seconds of each call."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    until = perf_counter() + seconds
    order = list(calls.items())
    while perf_counter() < until:
        order.reverse()  # what runs after scikit-learn finds the caches of the processor full of other things
        for name, call in order:
            start = perf_counter()
            call()
            taken[name].append(perf_counter() - start)
    return {name: median(times) for name, times in taken.items()}


def scoring() -> None:
    model, features = trained()
    trees = Trees.of(model)
    print(f"{TREES} trees x {LEAVES} leaves x {FEATURES} features, microseconds a call (ratio to scikit-learn)")
    print(f"{'rows':>6} {'scikit-learn':>13} {'raw':>9} {'':>7} {'probability':>12}")
    for n in ROWS:
        asked = features[:n].copy()
        if not np.array_equal(trees.raw(asked), model.decision_function(asked)):
            raise SystemExit(f"{n} rows: the scores differ from scikit-learn's")
        took = in_turn(
            {
                "sklearn": partial(model._raw_predict, asked, n_threads=1),
                "raw": partial(trees.raw, asked),
                "probability": partial(trees.probability, asked),
            }
        )
        theirs, raw, probability = (1e6 * took[name] for name in ("sklearn", "raw", "probability"))
        ratios = f"{raw:9.0f} {theirs / raw:6.1f}x {probability:12.0f} {theirs / probability:6.1f}x"
        print(f"{n:>6} {theirs:>13.0f} {ratios}")


def starting() -> None:
    print("\nseconds at the start of a process, medians of 3")
    print(f"{'cache':>12} {'import numba':>13} {'warm':>7}")
    with tempfile.TemporaryDirectory() as folder:
        cases: dict[str, list[tuple[float, float]]] = {"empty": [], "filled": [], "not writable": []}
        for n in range(3):
            cache = str(Path(folder, str(n)))
            for name, place in (("empty", cache), ("filled", cache), ("not writable", os.devnull)):
                cases[name].append(start(place))
    for name, runs in cases.items():
        print(f"{name:>12} {median(run[0] for run in runs):13.2f} {median(run[1] for run in runs):7.2f}")


def start(cache: str) -> tuple[float, float]:
    """Return the seconds that the import and the compilation take; the only cache is ``cache``."""
    only = {
        "NUMBA_CACHE_DIR": cache,
        "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator",
        "PYTHONPATH": str(HOME),
    }
    done = subprocess.run(
        [sys.executable, "-c", START], env=os.environ | only, capture_output=True, text=True, check=True
    )
    imported, warmed = map(float, done.stdout.split())
    return imported, warmed


if __name__ == "__main__":
    scoring()
    starting()
