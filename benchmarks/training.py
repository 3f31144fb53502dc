"""What training costs by size: time and peak memory of ``recsvc-train check`` and ``run``, with ``implicit`` alone beside.

    python benchmarks/training.py --sizes 1000000 10000000 --folder /tmp/shops
    python benchmarks/training.py --folder /tmp/shops --sizes      # the table of all that was measured so far

Each size's shop is generated once (``benchmarks/purchases.py``) and kept in ``--folder``, with ``--clean`` until it is
measured; every row is added to ``measured.jsonl`` there, so that sizes may be measured one by one. Every row is a process of its
own, so that nothing is warm and memory is that of the row alone: the memory of the process and its children, at its highest,
looked at five times a second; pages that several of them hold count once (PSS). ``als`` is ``implicit``'s ALS and nothing else:
64 factors, 15 iterations, on the matrix of the same purchases, with as many threads; its time is that of the fit, its memory
includes the matrix.
``cpu s`` are seconds of all threads and children: on a machine that others use they say more than the clock. ``x als`` is
a row's cpu seconds over those of ``als``; ``x Arrow`` is its peak over the purchases as one Arrow table. A slope is the
power of the lines that a figure grows with, between two sizes: 1 is linear.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import log
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.purchases import default_size, write  # noqa: E402

ROWS = ("als", "check", "fast", "run")
MEASURED = "measured.jsonl"
Row = dict[str, Any]
"""lines, what (one of ``ROWS``), threads, seconds, cpu (seconds), peak and arrow (bytes)."""
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
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000_000], help="purchase lines")
    parser.add_argument("--folder", type=Path, required=True, help="where the shops lie")
    parser.add_argument("--rows", choices=ROWS, nargs="+", default=list(ROWS))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--clean", action="store_true", help="delete each shop when it is measured")
    parser.add_argument("--als", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.als:
        fit_als(told.als, told.threads)
        return
    for lines in told.sizes:
        shop = made(told.folder, lines)
        for row in measure(shop, lines, told.rows, told.threads):
            with (told.folder / MEASURED).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)
        if told.clean:
            shutil.rmtree(shop)
    print("\n".join(table([json.loads(one) for one in (told.folder / MEASURED).read_text("utf-8").splitlines()])))


def table(measured: list[Row]) -> Iterator[str]:
    """Yield the lines of the table, and of the slopes; of a row that was measured again the last one counts."""
    found = {(row["lines"], row["what"]): row for row in measured}
    ordered = sorted(found.values(), key=lambda row: (row["lines"], ROWS.index(row["what"])))
    yield "| lines | what | threads | seconds | cpu s | x als | peak GB | x Arrow |\n|---|---|---|---|---|---|---|---|"
    for row in ordered:
        als = found.get((row["lines"], "als"))
        ratio = f"{row['cpu'] / als['cpu']:.1f}" if als else ""
        memory = f"{row['peak'] / 1e9:.2f} | {row['peak'] / row['arrow']:.1f}"
        yield f"| {row['lines']:,} | {row['what']} | {row['threads']} | {row['seconds']:.0f} | {row['cpu']:.1f} | {ratio} | {memory} |"
    yield "\n| what | from | to | slope of cpu s | slope of peak GB |\n|---|---|---|---|---|"
    for what in ROWS:
        for one, other in pairwise(row for row in ordered if row["what"] == what):
            powers = (log(other[name] / one[name]) / log(other["lines"] / one["lines"]) for name in ("cpu", "peak"))
            yield f"| {what} | {one['lines']:,} | {other['lines']:,} | {' | '.join(f'{power:.2f}' for power in powers)} |"


def made(folder: Path, lines: int) -> Path:
    """Return the folder of the shop with so many lines; it is made where it is not there."""
    shop = folder / f"{lines}"
    if not (shop / "shop.toml").exists():
        write(shop, default_size(lines), "parquet")
    return shop


def measure(shop: Path, lines: int, rows: list[str], threads: int) -> Iterator[Row]:
    """Yield the rows of one size."""
    toml, artifacts = shop / "measured.toml", shop / "artifacts"
    toml.write_text(f"{(shop / 'shop.toml').read_text('utf-8')}\n[training]\nthreads = {threads}\n", "utf-8")
    train = [sys.executable, "-m", "training"]
    commands = {
        "als": [sys.executable, __file__, "--folder", str(shop), "--als", str(shop), "--threads", str(threads)],
        "check": [*train, "check", str(toml)],
        "fast": [*train, "run", str(toml), "--fast", "--artifacts", str(artifacts)],
        "run": [*train, "run", str(toml), "--artifacts", str(artifacts)],
    }
    arrow = arrow_bytes(shop)
    for name in sorted(rows, key=ROWS.index):
        shutil.rmtree(artifacts, ignore_errors=True)
        cost = watched(commands[name])
        seconds, cpu = (float(one) for one in cost.said.split()[-2:]) if name == "als" else (cost.seconds, cost.cpu)
        yield {
            "lines": lines, "what": name, "threads": threads, "seconds": seconds, "cpu": cpu, "peak": cost.peak, "arrow": arrow,
        }  # fmt: skip


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
                if over_all(process.pid, resident) > highest[0]:  # never less than the other, and asked sooner
                    highest[0] = max(highest[0], over_all(process.pid, proportional))

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


def resident(process: Path) -> int:
    """Return the bytes that a process of /proc holds in memory, shared ones too."""
    return int((process / "statm").read_text().split()[1]) * PAGE


def proportional(process: Path) -> int:
    """Return the bytes that a process of /proc holds in memory, and its part of those that it shares."""
    told = (process / "smaps_rollup").read_text().partition("\nPss:")[2].split()
    return int(told[0]) * 1024 if told else 0  # nothing of one that is ending


def over_all(root: int, figure: Callable[[Path], int]) -> int:
    """Return the sum of ``figure`` over a process and everything it started."""
    total, open_ = 0, [root]
    while open_:
        folder = Path(f"/proc/{open_.pop()}")
        try:
            total += figure(folder)
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
