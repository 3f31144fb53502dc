"""What size costs: a shop of a million products and a million shoppers against the sample, in one run.

    python benchmarks/large.py examples/complete-journey/shop.toml --artifacts artifacts

A request inside the engine over both in turn; the seconds from the start of a service to its first answer; the slowest
answer while another version goes live; and the memory of a further worker (proportional set size).
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import SERVER, Row, listening, machine  # noqa: E402
from benchmarks.large_shop import write  # noqa: E402
from benchmarks.request import ask_once, draw  # noqa: E402
from benchmarks.serving import answer_of  # noqa: E402
from benchmarks.serving import given as told_of  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.shop import read_shop  # noqa: E402
from recsvc.asking import Ask  # noqa: E402
from recsvc.carousel import Engine  # noqa: E402
from recsvc.clock import shop_clock  # noqa: E402
from recsvc.loading import load_engine  # noqa: E402

SWAP = 20
"""Seconds in which another version goes live: its files are compared with rests in between."""


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--quick", action="store_true", help="A tenth of the size.")
    given = parser.parse_args()
    print(machine())
    print(*rows(given.shop, given.artifacts, quick=given.quick), sep="\n")


def rows(shop: Path, artifacts: Path, *, quick: bool) -> list[Row]:
    """Return the rows of the table about size."""
    n, read = 100_000 if quick else 1_000_000, read_shop(shop)
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "artifacts"
        write(read, large, n, n)
        live = Registry(large).current()
        engines = [load_engine(read, one, None, shop_clock(read)) for one in (Registry(artifacts).current(), live)]
        out = against(engines, f"{n:,} products and shoppers", 60 if quick else 200)
        asks = draw(engines[1], 50)
        del engines
        return [*out, *served(shop, large, asks, n), *memory(shop, large, asks, n)]


def against(engines: list[Engine], size: str, n: int) -> list[Row]:
    """Return the row of a request over both, asked in turn."""
    asks = [[replace(one, product_id=None) for one in draw(engine, n)] for engine in engines]
    with threadpool_limits(1):
        took = [
            [ask_once(engine, "for-you", some[turn]) for engine, some in zip(engines, asks, strict=True)]
            for turn in range(n)
        ]
    few, many = np.median(np.array(took)[n // 10 :], axis=0) * 1000
    return [
        Row(
            f"{size} against the sample: for-you, p50",
            "≤ 1.5 ×",
            f"{many:.2f} ms, {many / few:.2f} ×",
            many / few <= 1.5,
        )
    ]


def command(shop: Path, artifacts: Path, workers: int) -> list[str]:
    """Return how a service of so many workers is started."""
    told = ["--artifacts", str(artifacts), "--port", "0", "--workers", str(workers)]
    return [sys.executable, "-m", "recsvc", "serve", str(shop.resolve()), *told]


def settings(folder: Path) -> dict[str, str]:
    """Return the settings of a service with a store of its own."""
    return {"RECSVC_STORE": f"sqlite:///{folder}/store.db", "RECSVC_RULES": "none", "RECSVC_ACCESS_LOG": "false"}


def path_of(ask: Ask) -> str:
    """Return a request for personal carousels."""
    return "/v1/carousels/for-you?" + "&".join(f"{name}={value}" for name, value in told_of(ask).items())


def served(shop: Path, artifacts: Path, asks: list[Ask], n: int) -> list[Row]:
    """Return the rows of the start, and of a swap beside requests at a steady rate to a server on one core."""
    registry = Registry(artifacts)
    start, on_one = (started(shop, artifacts, asks[0], core) for core in (None, SERVER))
    with (
        tempfile.TemporaryDirectory() as folder,
        listening(command(shop, artifacts, 1), settings(Path(folder))) as (port, _),
    ):
        quiet, took = slowest(port, asks, 3), []
        beside = threading.Thread(target=lambda: took.append(slowest(port, asks, SWAP)))
        beside.start()
        time.sleep(1)
        registry.promote("two")
        beside.join()
        if b'"two"' not in answer_of(port, path_of(asks[0])):
            raise SystemExit(f"the second version is not live after {SWAP} s")
        registry.promote("one")
    more = took[0] - quiet
    size = f"{n:,} × {n:,}"
    return [
        Row(f"start to the first answer at {size}", "≤ 3 s", f"{start:.1f} s, {on_one:.1f} held to one core", start <= 3),
        Row(f"slowest answer while a version goes live at {size}", "≤ 100 ms more", f"{took[0]:.0f} ms, {quiet:.0f} without", more <= 100),
    ]  # fmt: skip


def started(shop: Path, artifacts: Path, ask: Ask, core: str | None) -> float:
    """Return the seconds from the start of a service to its first answer."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        listening(command(shop, artifacts, 1), settings(Path(folder)), core) as (port, _),
    ):
        answer_of(port, path_of(ask))
        return time.monotonic() - began


def slowest(port: int, asks: list[Ask], seconds: float) -> float:
    """Return the milliseconds of the slowest of 20 requests a second."""
    took, ends, turn = [0.0], time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        began = time.monotonic()
        answer_of(port, path_of(asks[turn % len(asks)]))
        took.append(time.monotonic() - began)
        turn += 1
        time.sleep(max(0.0, 0.05 - took[-1]))
    return max(took) * 1000


def memory(shop: Path, artifacts: Path, asks: list[Ask], n: int) -> list[Row]:
    """Return the row of what a further worker takes of its own."""
    found = []
    for workers in (1, 3):
        with (
            tempfile.TemporaryDirectory() as folder,
            listening(command(shop, artifacts, workers), settings(Path(folder))) as (port, pid),
        ):
            for turn in range(40 * workers):
                answer_of(port, path_of(asks[turn % len(asks)]))
            found.append(sum(pss(one) for one in [pid, *children(pid)]))
    each = (found[1] - found[0]) / 2
    return [Row(f"a further worker at {n:,} × {n:,}: memory of its own", "≤ 80 MB", f"{each:.0f} MB", each <= 80)]


def children(pid: int) -> list[int]:
    """Return the processes that a process started, theirs too."""
    own = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return own + [more for one in own for more in children(one)]


def pss(pid: int) -> float:
    """Return the proportional set size of a process in MB."""
    line = next(one for one in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if one.startswith("Pss:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
