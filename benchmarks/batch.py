"""Shoppers a second: ``recsvc batch`` with ranker and rules against implicit's own recommend over the same purchases.

python benchmarks/batch.py examples/complete-journey/shop.toml --artifacts artifacts
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import Row, machine  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.shop import read_shop  # noqa: E402
from recsvc.clock import shop_clock  # noqa: E402
from recsvc.loading import load_engine  # noqa: E402
from recsvc.snapshot import Snapshot  # noqa: E402


def main() -> None:
    """Print the row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    given = parser.parse_args()
    print(machine())
    print(*rows(given.shop, given.artifacts, quick=False), sep="\n")


def rows(shop: Path, artifacts: Path, *, quick: bool) -> list[Row]:
    """Return the row of the table."""
    read = read_shop(shop)
    snapshot = load_engine(read, Registry(artifacts).current(), None, shop_clock(read)).snapshot
    with tempfile.TemporaryDirectory() as folder:
        few, many = (seconds(shop, artifacts, snapshot, Path(folder), n) for n in ((50, 250) if quick else (100, 1100)))
    ours = (200 if quick else 1000) / max(many - few, 1e-9)  # the start of the command does not count
    theirs = recommended(snapshot, 3 if quick else 15)
    share = ours / theirs
    return [
        Row(
            "batch: shoppers a second",
            "≥ 0.3 of implicit's",
            f"{ours:.0f}/s of {theirs:.0f}/s, {share:.3f}",
            share >= 0.3,
        )
    ]


def seconds(shop: Path, artifacts: Path, snapshot: Snapshot, folder: Path, n: int) -> float:
    """Return how long the command takes for ``n`` shoppers."""
    users = (snapshot.users.id(row % len(snapshot.users)) for row in range(n))
    (folder / "in.csv").write_text("carousel,user_id\n" + "".join(f"for-you,{user}\n" for user in users))
    told = ["--requests", str(folder / "in.csv"), "--out", str(folder / "out.csv"), "--artifacts", str(artifacts)]
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "recsvc", "batch", str(shop), *told, "--store", f"sqlite:///{folder}/s.db"],
        check=True, capture_output=True, cwd=HOME,
    )  # fmt: skip
    return time.monotonic() - began


def recommended(snapshot: Snapshot, iterations: int) -> float:
    """Return the shoppers a second that implicit recommends for, on one thread."""
    from implicit.cpu.als import AlternatingLeastSquares

    held, users = snapshot.histories, np.arange(len(snapshot.users), dtype=np.int32)
    lines = np.repeat(users, np.diff(held.ptr))
    shape = (len(users), len(snapshot.catalogue))
    matrix = csr_matrix((np.ones(len(lines), np.float32), (lines, held.product)), shape=shape)
    with threadpool_limits(1):
        model = AlternatingLeastSquares(factors=64, iterations=iterations, num_threads=1, random_state=1)
        model.fit(matrix, show_progress=False)
        began = time.monotonic()
        model.recommend(users, matrix[users], N=12)
    return len(users) / (time.monotonic() - began)


if __name__ == "__main__":
    main()
