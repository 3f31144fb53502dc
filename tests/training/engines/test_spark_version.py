"""A version that Spark trained is of the same form as one machine's, and the service asks no more of it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from both_engines import SPARK

from benchmarks.purchases import Size, write
from models.registry import Registry

TRAIN = """
[training]
engine = "{engine}"
ranker = false
"""
ASKS = "request_id,carousel,user_id,product_id\na,for-you,{user},\nb,bought-together,,{product}\nc,bestsellers,,\n"
EXACT = ("models/bought-together/", "models/popularity/", "models/store-popularity/", "ids/", "history/", "products/")


def run(folder: Path, *command: str) -> None:
    """Run a command of the project in ``folder``; it has to end with 0."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_version_of_spark_is_written_and_served_as_any_other(spark: None, tmp_path: Path) -> None:
    """The same arrays by name, type and shape, whole numbers alike; `recsvc batch` answers from it."""
    write(tmp_path, Size(lines=3000, users=60, products=400, stores=3), "parquet")
    shop = (tmp_path / "shop.toml").read_text()
    found = {}
    for engine in ("local", "spark"):
        told = shop + TRAIN.format(engine=engine) + (SPARK if engine == "spark" else "")
        (tmp_path / f"{engine}.toml").write_text(told)
        run(tmp_path, "training", "run", f"{engine}.toml", "--fast", "--artifacts", engine)
        live = Registry(tmp_path / engine).current()
        assert live is not None
        found[engine] = {path.relative_to(live).as_posix(): np.load(path) for path in sorted(live.rglob("*.npy"))}
    local, other = found["local"], found["spark"]
    assert local.keys() == other.keys() and any(name.startswith("models/als") for name in local)
    for name, values in local.items():
        assert values.dtype == other[name].dtype, name
        # how long the lists of factors are depends on the factors
        assert name.startswith("models/als/lists.") or values.shape == other[name].shape, name
        if name.startswith(EXACT):
            same = np.testing.assert_allclose if values.dtype.kind == "f" else np.testing.assert_array_equal
            same(other[name], values, err_msg=name, **({"rtol": 1e-6} if values.dtype.kind == "f" else {}))
    (tmp_path / "asks.csv").write_text(ASKS.format(user="u0000007", product="p000011"))
    for engine in ("local", "spark"):
        told = ("--requests", "asks.csv", "--rules", "none", "--artifacts", engine, "--out", f"{engine}.csv")
        run(tmp_path, "recsvc", "batch", f"{engine}.toml", *told)
    mine, theirs = ((tmp_path / f"{engine}.csv").read_text().splitlines() for engine in ("local", "spark"))
    assert {line.split(",")[0] for line in theirs[1:]} == {"a", "b", "c"} and len(theirs) == len(mine)
    shown = [[line.rsplit(",", 2)[0] for line in lines if line[0] in "bc"] for lines in (mine, theirs)]
    assert shown[0] == shown[1], "what needs no factors is the same, product by product"
