"""What training costs by size: time and peak memory of ``recsvc-train check`` and ``run``, with ``implicit`` alone beside.

    python benchmarks/training.py --sizes 1000000 10000000 --folder /tmp/shops

Each size's shop is generated once (``benchmarks/purchases.py``) and kept in ``--folder``. Every row is a process of its
own, so that nothing is warm and memory is that of the row alone: the resident memory of the process and its children, at
its highest, looked at five times a second. ``als`` is ``implicit``'s ALS and nothing else: 64 factors, 15 iterations, on
the matrix of the same purchases, with as many threads; its time is that of the fit, its memory includes the matrix.
``cpu s`` are seconds of all threads and children: on a machine that others use they say more than the clock. ``x als`` is
a row's cpu seconds over those of ``als``; ``x Arrow`` is its peak over the purchases as one Arrow table.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.purchases import default_size, write  # noqa: E402

ROWS = ("check", "fast", "run", "als")
EVERY = 0.2
"""Seconds between two looks at memory."""
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took."""

    seconds: float
    cpu: float
    """Seconds of all threads and children."""
    peak: int
    """Bytes."""
    said: str


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000], help="purchase lines")
    parser.add_argument("--folder", type=Path, required=True, help="where the shops lie")
    parser.add_argument("--rows", choices=ROWS, nargs="+", default=list(ROWS))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--als", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.als:
        fit_als(told.als, told.threads)
        return
    print(f"{told.threads} threads")
    print("| lines | what | seconds | cpu s | peak GB | x als | x Arrow |\n|---|---|---|---|---|---|---|", flush=True)
    for lines in told.sizes:
        measure(made(told.folder, lines), lines, told.rows, told.threads)


def made(folder: Path, lines: int) -> Path:
    """Return the folder of the shop with so many lines; it is made where it is not there."""
    shop = folder / f"{lines}"
    if not (shop / "shop.toml").exists():
        write(shop, default_size(lines), "parquet")
    return shop


def measure(shop: Path, lines: int, rows: list[str], threads: int) -> None:
    """Print the rows of one size."""
    toml, artifacts = shop / "measured.toml", shop / "artifacts"
    toml.write_text(f"{(shop / 'shop.toml').read_text('utf-8')}\n[training]\nthreads = {threads}\n", "utf-8")
    train = [sys.executable, "-m", "training"]
    commands = {
        "als": [sys.executable, __file__, "--folder", str(shop), "--als", str(shop), "--threads", str(threads)],
        "check": [*train, "check", str(toml)],
        "fast": [*train, "run", str(toml), "--fast", "--artifacts", str(artifacts)],
        "run": [*train, "run", str(toml), "--artifacts", str(artifacts)],
    }
    alone, arrow = 0.0, arrow_bytes(shop)
    for name in sorted(rows, key=list(commands).index):
        shutil.rmtree(artifacts, ignore_errors=True)
        cost = watched(commands[name])
        seconds, cpu = cost.seconds, cost.cpu
        if name == "als":
            seconds, cpu = (float(one) for one in cost.said.split()[-2:])
            alone = cpu
        ratio = f"{cpu / alone:.2f}" if alone else ""
        memory = f"{cost.peak / 1e9:.2f} | {ratio} | {cost.peak / arrow:.1f}"
        print(f"| {lines:,} | {name} | {seconds:.1f} | {cpu:.1f} | {memory} |", flush=True)


def watched(command: list[str], refused: bool = False) -> Cost:
    """Return what ``command`` took, with its children; its errors are shown. ``refused``: a refusing gate is no failure.

    Raises:
        SystemExit: it failed.
    """
    started, used = perf_counter(), children()
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True) as process:
        highest, over = [0], threading.Event()

        def look() -> None:
            while not over.wait(EVERY):
                highest[0] = max(highest[0], resident(process.pid))

        looking = threading.Thread(target=look)
        looking.start()
        said, _ = process.communicate()
        over.set()
        looking.join()
    if process.returncode not in ((0, 3) if refused else (0,)):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(perf_counter() - started, children() - used, highest[0], said)


def children() -> float:
    """Return the processor seconds of all processes that ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident(root: int) -> int:
    """Return the bytes that a process and everything it started hold in memory."""
    total, open_ = 0, [root]
    while open_:
        folder = Path(f"/proc/{open_.pop()}")
        try:
            total += int((folder / "statm").read_text().split()[1]) * PAGE
            open_ += [int(one) for task in folder.glob("task/*/children") for one in task.read_text().split()]
        except OSError:
            continue  # it ended meanwhile
    return total


def arrow_bytes(shop: Path) -> int:
    """Return the size of the purchases as an Arrow table: texts with 32-bit offsets, 8 bytes a moment and a price."""
    import duckdb

    texts = " + ".join(
        f"sum(strlen({one})) + 4 * count(*)" for one in ("user_id", "product_id", "order_id", "store_id")
    )
    with duckdb.connect() as con:
        sql = f"select {texts} + (8 + 8 + 4) * count(*) from '{shop}/purchases-*.parquet'"
        return int(con.execute(sql).fetchall()[0][0])


def fit_als(shop: Path, threads: int) -> None:
    """Print the seconds that ``implicit`` takes for the matrix of the purchases in ``shop``."""
    import duckdb
    import numpy as np
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    with duckdb.connect(config={"threads": threads}) as con:
        found = con.execute(
            "select user_id[2:]::integer as u, product_id[2:]::integer as p "
            f"from '{shop}/purchases-*.parquet' group by all order by all"
        ).fetchnumpy()
    matrix = csr_matrix((np.full(len(found["u"]), 2, np.float32), (found["u"], found["p"])))
    model = AlternatingLeastSquares(factors=64, iterations=15, regularization=10.0, random_state=1, num_threads=threads)
    started, used = perf_counter(), process_time()
    model.fit(matrix, show_progress=False)
    print(perf_counter() - started, process_time() - used)


if __name__ == "__main__":
    main()
