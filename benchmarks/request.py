"""What one request costs inside the engine: candidates, ranker, rules, answer; without HTTP.

    taskset -c 0 python benchmarks/request.py examples/complete-journey/shop.toml --artifacts artifacts

The version's own shoppers and stores are asked for, one after another, after a round that warms up. Each carousel is asked
with its ranker and, where it has one, by its blend, in turn: the ratio says what the ranker costs. Printed are
milliseconds at the median and at the 99th of a hundred requests, and then the processor time of each stage, which holds on a busy machine too.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
from threadpoolctl import threadpool_limits

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import Row  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.shop import read_shop  # noqa: E402
from recsvc import pace  # noqa: E402
from recsvc.asking import Ask  # noqa: E402
from recsvc.carousel import Engine  # noqa: E402
from recsvc.clock import shop_clock  # noqa: E402
from recsvc.loading import load_engine  # noqa: E402
from recsvc.rules_file import read_file  # noqa: E402

CAROUSELS = ("for-you", "you-may-also-like", "bought-together", "similar-items")
STAGES = pace.STAGES[1:]
OF_A_PAGE = ("bought-together", "similar-items")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--requests", type=int, default=400)
    given = parser.parse_args()
    shop = read_shop(given.shop)
    file = None if shop.rules.file is None else shop.folder / shop.rules.file
    live, clock = Registry(given.artifacts).current(), shop_clock(shop)
    engine = load_engine(shop, live, None, clock)
    if file is not None:
        engine = load_engine(shop, live, read_file(file, engine.snapshot), clock)
    without = Engine(replace(engine.snapshot, rankers={}))
    asks = draw(engine, given.requests)
    print(
        f"{'carousel':<20} {'ranker p50':>10} {'p99':>7} {'blend p50':>10} {'p99':>7} {'ratio':>6}   ms, {len(asks)} requests"
    )
    with threadpool_limits(1):
        for name in CAROUSELS:
            took = np.array([[ask_once(one, name, ask) for one in (engine, without)] for ask in (*asks[:20], *asks)])[
                20:
            ]
            (a, b), (c, d) = np.percentile(took, [50, 99], axis=0).T * 1000
            print(f"{name:<20} {a:>10.2f} {b:>7.2f} {c:>10.2f} {d:>7.2f} {a / c:>6.2f}")
        print_stages(engine, asks)


def rows(shop: Path, artifacts: Path, *, quick: bool) -> list[Row]:
    """Return the rows of the table: the stages of a request inside the engine, rules of the shop included."""
    read = read_shop(shop)
    live, clock = Registry(artifacts).current(), shop_clock(read)
    engine = load_engine(read, live, None, clock)
    if read.rules.file is not None:
        engine = load_engine(read, live, read_file(read.folder / read.rules.file, engine.snapshot), clock)
    asks = draw(engine, 100 if quick else 400)
    with threadpool_limits(1):
        took = {name: [_both(engine, name, ask) for ask in (*asks[:20], *asks)][20:] for name in CAROUSELS}
    found = {name: np.median(some, axis=0) * 1000 for name, some in took.items()}
    return [
        Row(
            f"one request through ranker and rules: {name}, p50", "≤ 3 ms",
            f"{wall:.2f} ms, {worked:.2f} of them processor time", bool(wall <= 3),
        )
        for name, (wall, worked) in found.items()
    ]  # fmt: skip


def _both(engine: Engine, name: str, ask: Ask) -> tuple[float, float]:
    """Return the seconds that an answer took, and those that a core worked for it."""
    began = thread_time()
    return ask_once(engine, name, ask), thread_time() - began


def draw(engine: Engine, n: int) -> list[Ask]:
    """Return requests of the version's shoppers, each on a page of a product and at a store of theirs."""
    dice, snapshot = np.random.default_rng(1), engine.snapshot
    busy = np.flatnonzero(np.diff(snapshot.histories.ptr))
    asks = []
    for user in dice.choice(busy, n).tolist():
        history = snapshot.histories.of_user(user)
        line = int(dice.integers(len(history)))
        store = int(history.store[line])
        asks.append(
            Ask(
                user_id=snapshot.users.id(user),
                product_id=snapshot.catalogue.ids.id(int(history.product[line])),
                store_id=snapshot.stores.id(store) if store >= 0 else None,
            )
        )
    return asks


def ask_once(engine: Engine, name: str, ask: Ask) -> float:
    """Return the seconds that one answer took; ``for-you`` and discovery are asked without a page."""
    bare = ask if name in OF_A_PAGE else replace(ask, product_id=None)
    start = perf_counter()
    engine.carousel(name, bare)
    return perf_counter() - start


def print_stages(engine: Engine, asks: Sequence[Ask]) -> None:
    """Print the processor time of each stage: the least of five times by request, at the median of the requests."""
    vars(pace)["perf_counter"] = thread_time  # what a stage took is then processor time
    print(f"\n{'processor time, µs':<20}" + "".join(f"{stage:>12}" for stage in (*STAGES, "whole")))
    for name in CAROUSELS:
        found = [_stages(engine, name, ask if name in OF_A_PAGE else replace(ask, product_id=None)) for ask in asks]
        print(f"{name:<20}" + "".join(f"{one:>12.0f}" for one in np.median(found, axis=0) * 1e6))


def _stages(engine: Engine, name: str, ask: Ask) -> list[float]:
    """Return the seconds of each of ``STAGES``, and of all."""
    least = [9.0] * (len(STAGES) + 1)
    for _ in range(5):
        own, began = pace.Pace(), thread_time()
        engine.carousel(name, ask, own)
        whole = thread_time() - began
        took = {one.stage: one.ended - one.began for one in own.spent}
        least = [min(pair) for pair in zip(least, (*(took[stage] for stage in STAGES), whole), strict=True)]
    return least


if __name__ == "__main__":
    main()
