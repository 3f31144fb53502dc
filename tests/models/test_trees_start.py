"""The compiled walk starts with or without a cache, compiles nothing later, and bears threads and forks."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from trees_kit import classifier, numbers

from models import trees_walk
from models.artifact import Manifest, write_artifact
from models.schema import Doubles, Floats
from models.trees import Trees, warm

HOME = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def trees() -> Trees:
    """Twelve trees of up to 31 leaves over four features."""
    return Trees.of(classifier(numbers(1, 800, 4)))


def test_nothing_compiles_while_scoring(trees: Trees) -> None:
    """There is one compiled form; other arrays than its own are an error."""
    warm()
    trees.raw(np.asfortranarray(numbers(11, 3, 4)))
    walk: Any = trees_walk.walk
    assert len(walk.signatures) == 1
    with pytest.raises(TypeError, match="No matching definition"):
        walk(*[np.zeros(1)] * 9)
    assert len(walk.signatures) == 1


def test_many_threads_at_once(trees: Trees) -> None:
    """Threads share the trees and nothing else."""
    asked = [numbers(seed, 300, 4) for seed in range(8)]
    expected = [trees.raw(features) for features in asked]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            assert all(np.array_equal(a, b) for a, b in zip(pool.map(trees.raw, asked), expected, strict=True))


def walked(walk: Any, trees: Trees, features: Floats) -> Doubles:
    """Return what ``walk`` makes of ``trees``."""
    packed, out = trees.packed, np.empty(len(features))
    walk(
        packed.column, packed.threshold, packed.keep, packed.end, packed.leaf, trees.baseline, False, features, out
    )  # fmt: skip
    return out


def test_the_cache_is_a_help_and_no_need(trees: Trees, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code is taken from the cache where it is there; a broken cache is passed over; all give the same."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    features = numbers(17, 20, 4)
    for hits in (0, 1, 0):
        walk: Any = trees_walk.compiled(trees_walk._walk, trees_walk.SIGNATURE)
        assert sum(walk.stats.cache_hits.values()) == hits
        assert np.array_equal(walked(walk, trees, features), trees.raw(features))
        if hits:
            for path in tmp_path.rglob("*.nbc"):
                path.write_bytes(b"")


def test_code_without_a_file() -> None:
    """What has no source file has no place in any cache, and is compiled all the same."""
    made: dict[str, Any] = {}
    exec("def put(out): out[0] = 7.0", made)
    out = np.zeros(1)
    trees_walk.compiled(made["put"], numba.void(numba.float64[::1]))(out)
    assert out.tolist() == [7]


SERVE = """
import os, sys
from pathlib import Path
import numpy as np
from models.artifact import open_artifact
from models.trees import Trees
assert "numba" not in sys.modules, "importing models.trees must not import numba"
arrays = open_artifact(Path(sys.argv[1])).group("ranker")
trees = Trees.load({name: array for name, array in arrays.items() if name not in ("asked", "expected")})
from models.trees_walk import walk
before = walk.stats
assert before.cache_path is None and not before.cache_hits
assert np.array_equal(trees.raw(arrays["asked"]), arrays["expected"])
if (child := os.fork()) == 0:
    same = np.array_equal(trees.raw(arrays["asked"]), arrays["expected"])
    os._exit(0 if same and walk.stats == before else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert not [name for name in sys.modules if name.split(".")[0] == "sklearn"]
"""


def test_nowhere_to_keep_machine_code(trees: Trees, tmp_path: Path) -> None:
    """A process that can write neither the package's folder nor a home scores without scikit-learn, forked or not.

    A file where the folder should be stops everybody, root too.
    """
    shutil.copytree(HOME / "models", tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "models" / "__pycache__").write_text("")
    asked = numbers(16, 100, 4)
    manifest = Manifest("v1", "shop", "2026-11-22T00:00:00Z", 1_000, 7, {}, {})
    ranker = {**trees.arrays(), "asked": asked, "expected": trees.raw(asked)}
    write_artifact(tmp_path / "v1", manifest, {"ranker": ranker})
    nowhere = {"PYTHONPATH": str(tmp_path), "HOME": os.devnull, "XDG_CACHE_HOME": os.devnull}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "COV"))}
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(tmp_path / "v1")], cwd=tmp_path, env=kept | nowhere,
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
