"""Engines that read files, one against the other: what they tell of broken lines, how fast, in how much memory.

    .venv/bin/python -m pip install polars
    .venv/bin/python benchmarks/readers.py --lines 2000000

Writes one CSV of purchases (user, product, order, time, quantity, price; a long tail; ids with leading zeros; every 1,000th
line has a value too many, every 1,001st one too few, every 1,003rd a time that is none) and lets each engine, in a process
of its own, read it as text, type it, and count the lines by product. Prints seconds, peak memory, rows kept, and the broken lines that were
told with their line number. The engines take turns three times; the medians count.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

DUCKDB = """
import duckdb
con = duckdb.connect(config={"threads": THREADS})
con.execute("create temp table t as select user, product, \\"order\\", try_cast(time as timestamp) as time, "
    "try_cast(quantity as double) as quantity, try_cast(price as double) as price "
    f"from read_csv('{PATH}', all_varchar = true, header = true, store_rejects = true, rejects_limit = 0)")
kept = con.execute("select count(*) from t").fetchone()[0]
unread = con.execute("select count(*) from t where time is null").fetchone()[0]
groups = len(con.execute("select product, sum(quantity) from t group by 1").fetchall())
told = con.execute("select count(distinct line) from reject_errors").fetchone()[0]
"""
POLARS = """
import os
os.environ["POLARS_MAX_THREADS"] = str(THREADS)
import polars as pl
rows = pl.scan_csv(PATH, infer_schema=False, truncate_ragged_lines=True, ignore_errors=True).select(
    "user", "product", "order", pl.col("time").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
    pl.col("quantity").cast(pl.Float64, strict=False), pl.col("price").cast(pl.Float64, strict=False)).collect(engine="streaming")
kept, unread = rows.height, rows["time"].null_count()
groups = rows.group_by("product").agg(pl.col("quantity").sum()).height
told = 0  # it has no list of the lines that it cut or filled
"""
END = """
import json, resource
print(json.dumps([kept, unread, groups, told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
CODE = {"duckdb": DUCKDB, "polars": POLARS}


def write(path: Path, lines: int) -> None:
    rand = random.Random(1)
    with path.open("w") as out:
        out.write("user,product,order,time,quantity,price\n")
        for line in range(1, lines + 1):
            user, product = rand.randrange(lines // 50 + 1), min(int(rand.paretovariate(0.6)), 200_000)
            time = (
                f"2026-{line % 12 + 1:02}-{line % 28 + 1:02} 10:{line % 60:02}:00"
                if line % 1003
                else "2026-02-31 10:00:00"
            )
            row = f"{user:08},{product:06},{line // 4},{time},{line % 3 + 1},{product % 90}.99"
            out.write(row + (",x" if not line % 1000 else "") + "\n" if line % 1001 else row.rsplit(",", 1)[0] + "\n")


def run(engine: str, path: Path, threads: int) -> list[float]:
    code = f"from time import perf_counter\nPATH, THREADS = {str(path)!r}, {threads}\nstart = perf_counter()\n{CODE[engine]}"
    code += f"\nseconds = perf_counter() - start\n{END}".replace("print(json.dumps([", "print(json.dumps([seconds, ")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.splitlines()[-1]))  # a progress bar may come before it


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--lines", type=int, default=2_000_000)
    asked.add_argument("--threads", type=int, default=1)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="readers-") as folder:
        path = Path(folder) / "purchases.csv"
        write(path, given.lines)
        found: dict[str, list[list[float]]] = {engine: [] for engine in CODE}
        for turn in range(3):
            for engine in list(CODE)[:: 1 if turn % 2 else -1]:
                found[engine].append(run(engine, path, given.threads))
        print(f"{given.lines:,} lines, {path.stat().st_size / 1e6:.0f} MB, {given.threads} thread(s)")
        print(
            f"{'engine':8} {'seconds':>8} {'peak MB':>8} {'rows kept':>10} {'bad times':>10} {'broken lines told':>18}"
        )
        for engine, runs in found.items():
            seconds, peak = median(one[0] for one in runs), median(one[5] for one in runs)
            kept, unread, _, told = map(int, runs[0][1:5])
            print(f"{engine:8} {seconds:8.2f} {peak:8.0f} {kept:10,} {unread:10,} {told:18,}")


if __name__ == "__main__":
    main()
