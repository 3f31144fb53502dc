"""What each step of ``engine = "spark"`` costs by size, and what its shuffles move: the slopes of docs/scale.md.

    python benchmarks/cluster.py --sizes 1000000 10000000 --folder /tmp/shops

Each size's shop is generated once (``benchmarks/purchases.py``) and kept in ``--folder``. Every row is one step of one
engine: reading, popularity by store, pairs within orders, ALS with 64 factors and 15 iterations. ``cpu s`` are the
processor seconds of the driver, the JVM and the Python workers together; ``shuffle`` is what Spark wrote for the next
stage, from its event log; ``driver GB`` is the resident memory of the driver alone at the end of the step.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import machine  # noqa: E402
from benchmarks.training import PAGE, made  # noqa: E402
from models.als import ALS  # noqa: E402
from models.bought_together import BoughtTogether  # noqa: E402
from models.popularity import StorePopularity  # noqa: E402
from models.shop import Shop, read_shop  # noqa: E402
from training.engines.engine import engine_of  # noqa: E402
from training.fit import fitting  # noqa: E402
from training.progress import SILENT  # noqa: E402
from training.read.shop_data import read_shop_data  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
NOW = 2_000_000_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000], help="purchase lines")
    parser.add_argument("--folder", type=Path, required=True, help="where the shops lie")
    parser.add_argument("--master", default="local[1]")
    parser.add_argument("--memory", default="3g", help="spark.driver.memory")
    parser.add_argument("--engines", nargs="+", choices=("local", "spark"), default=["local", "spark"])
    told = parser.parse_args()
    print(machine(), "", told.master, "")
    print(
        "| lines | engine | step | seconds | cpu s | shuffle MB | driver GB |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    for lines in told.sizes:
        folder = made(told.folder, lines)
        for engine in told.engines:
            with tempfile.TemporaryDirectory() as log:
                measure(with_engine(folder, engine, told.master, told.memory, log), engine, lines, Path(log))


def with_engine(folder: Path, engine: str, master: str, memory: str, log: str) -> Shop:
    """Return the shop in ``folder`` with an engine of one core, whose events are logged."""
    shop = read_shop(folder / "shop.toml")
    conf = {
        "spark.driver.memory": memory, "spark.sql.shuffle.partitions": "8", "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file://{log}", "spark.eventLog.compress": "false", "spark.eventLog.rolling.enabled": "false",
    }  # fmt: skip
    spark = shop.training.spark.model_copy(update={"master": master, "conf": conf})
    training = shop.training.model_copy(update={"engine": engine, "threads": 1, "spark": spark})
    return shop.model_copy(update={"training": training})


def measure(shop: Shop, engine: str, lines: int, log: Path) -> None:
    """Print the rows of one size and engine."""
    engine_of(shop)  # Spark's start is not a step
    moved = 0

    def step(name: str, work: Callable[[], Any]) -> Any:
        nonlocal moved
        started, used = perf_counter(), spent(os.getpid())
        found = work()
        seconds, cpu, total = perf_counter() - started, spent(os.getpid()) - used, shuffled(log)
        held = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e9
        print(
            f"| {lines:,} | {engine} | {name} | {seconds:.1f} | {cpu:.1f} | {(total - moved) / 1e6:.0f} | {held:.2f} |",
            flush=True,
        )
        moved = total
        return found

    data = step("reading", lambda: read_shop_data(shop, until=None, now=NOW, rejects=None, progress=SILENT))
    bundle = fitting(data, int(data.purchases.time.max()) + 1, shop, 1)
    bundle = replace(bundle, statistics=engine_of(shop).statistics())
    for name, model in (("popularity", StorePopularity()), ("pairs", BoughtTogether()), ("als", ALS())):
        step(name, partial(model.fit, bundle))
    if engine == "spark":
        engine_of(shop).session.stop()  # type: ignore[attr-defined]


def spent(root: int) -> float:
    """Return the processor seconds of a process and of everything that it started, ended ones too."""
    total = 0.0
    for one in family(root):
        try:
            told = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile, and is counted by its parent
        total += sum(int(ticks) for ticks in told[11:15]) / TICKS
    return total


def family(root: int) -> Iterator[int]:
    """Yield a process and everything that it started and that still runs."""
    yield root
    for task in Path(f"/proc/{root}").glob("task/*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from family(int(child))


def shuffled(log: Path) -> int:
    """Return the bytes that Spark's stages wrote for the next ones, so far."""
    total = 0
    for path in (one for one in log.rglob("*") if one.is_file()):
        for line in path.read_text("utf-8").splitlines():
            if '"SparkListenerTaskEnd"' in line:
                metrics = json.loads(line).get("Task Metrics") or {}
                total += metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
    return total


if __name__ == "__main__":
    main()
