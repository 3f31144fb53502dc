"""What live changes cost: products, prices and stock laid over a trained version, and requests over what came of it.

    python benchmarks/overlay.py examples/complete-journey/shop.toml --artifacts artifacts

Two shops are asked, the trained one and a generated one of a million products (``--products``), each under its own rules
and ten more with price bands. Printed are milliseconds at the median of ``--rounds`` for one change and for a thousand,
each over what was told before; then what a request takes over 1,000 prices, 1,000 stocks and 200 new products against
the same request over the trained version alone, in turn.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.request import CAROUSELS, ask_once, draw  # noqa: E402
from models.base import Fitting, Model  # noqa: E402
from models.basis import Basis  # noqa: E402
from models.catalogue import Catalogue  # noqa: E402
from models.columns import Column, NumberColumn, TextColumn  # noqa: E402
from models.features import World  # noqa: E402
from models.histories import Histories  # noqa: E402
from models.ids import IdIndex  # noqa: E402
from models.kinds import Kinds  # noqa: E402
from models.new_arrivals import NewArrivals  # noqa: E402
from models.newcomers import Newcomers  # noqa: E402
from models.popularity import CategoryPopularity, Popularity  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.schema import DAY, Purchases  # noqa: E402
from models.shop import Shop, read_shop  # noqa: E402
from models.similar import Similar  # noqa: E402
from models.stock import Stock  # noqa: E402
from models.strings import Strings  # noqa: E402
from recsvc.carousel import Engine  # noqa: E402
from recsvc.clock import shop_clock  # noqa: E402
from recsvc.loading import load_engine  # noqa: E402
from recsvc.overlay.apply import tell  # noqa: E402
from recsvc.overlay.told import News, Pieces, Product  # noqa: E402
from recsvc.rules.bind import bind  # noqa: E402
from recsvc.rules.parse import parse  # noqa: E402
from recsvc.rules_file import facts_of  # noqa: E402
from recsvc.snapshot import Snapshot  # noqa: E402

NOW = 1_514_826_000
STORES = 10
BANDS = "".join(
    f"  - {{id: band-{n}, do: boost, factor: 1.1, where: 'price >= {n} and price < {n + 1}'}}\n" for n in range(10)
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=300)
    given = parser.parse_args()
    shop = read_shop(given.shop)
    trained = load_engine(shop, Registry(given.artifacts).current(), None, shop_clock(shop)).snapshot
    print(f"{'ms at the median':<28}{'1 change':>10}{'1,000':>10}")
    with threadpool_limits(1):
        for name, snapshot in (("sample", trained), ("generated", generated(shop, given.products))):
            print(f"{name}: {len(snapshot.catalogue):,} products")
            print_costs(ruled(snapshot), given.rounds)
        print_requests(ruled(trained), given.requests)


def ruled(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot under ten price bands; without prices in the catalogue they match nothing."""
    text = f"version: 1\nrules:\n{BANDS}" if "price" in snapshot.catalogue.columns else "version: 1\nrules: []\n"
    rules = parse(text, facts_of(snapshot, Path()))
    return snapshot.under(bind(rules, snapshot.catalogue, snapshot.rules), rules.hash)


def print_costs(snapshot: Snapshot, rounds: int) -> None:
    """Print what each kind of change costs."""
    kinds: dict[str, Callable[[int], Iterator[News]]] = {
        "stock": lambda n: stocks(snapshot, n),
        "price": lambda n: prices(snapshot, n),
        "price, in its band": lambda n: prices(snapshot, n, moved=0.001),
        "new product": lambda n: arrivals(snapshot, n),
    }
    for name, make in kinds.items():
        print(f"  {name:<26}{cost(snapshot, make(1), rounds):>10.2f}{cost(snapshot, make(1_000), rounds):>10.2f}")


def cost(snapshot: Snapshot, news: Iterator[News], rounds: int) -> float:
    """Return milliseconds at the median, each change over the one before."""
    took = []
    for number in range(rounds):
        told = next(news)
        start = perf_counter()
        snapshot = tell(snapshot, told, number + 1)
        took.append(perf_counter() - start)
    return float(np.median(took)) * 1000


def stocks(snapshot: Snapshot, n: int) -> Iterator[News]:
    """Yield stock of ``n`` products, each in one store, again and again."""
    dice, ids = np.random.default_rng(1), snapshot.catalogue.ids
    while True:
        rows = dice.choice(len(snapshot.catalogue), n, replace=False).tolist()
        yield News(pieces=[Pieces(ids.id(row), "north", float(dice.integers(5))) for row in rows])


def prices(snapshot: Snapshot, n: int, moved: float = 10.0) -> Iterator[News]:
    """Yield prices of ``n`` products, each moved by up to ``moved`` or, where it has none, any."""
    dice, ids = np.random.default_rng(2), snapshot.catalogue.ids
    while True:
        rows = dice.choice(len(snapshot.catalogue), n, replace=False).tolist()
        before = [snapshot.catalogue.value("price", row) for row in rows]
        wanted = [one + dice.random() * moved if isinstance(one, float) else 5.0 for one in before]
        yield News([Product(ids.id(row), {"price": one}, False, 0) for row, one in zip(rows, wanted, strict=True)])


def arrivals(snapshot: Snapshot, n: int) -> Iterator[News]:
    """Yield ``n`` new products with the category and brand of old ones."""
    dice, number = np.random.default_rng(3), 0
    while True:
        rows = dice.choice(len(snapshot.catalogue), n).tolist()
        told = []
        for row in rows:
            number += 1
            like = {name: snapshot.catalogue.value(name, row) for name in ("category", "brand")}
            told.append(Product(f"new-{number}", {**like, "name": f"New {number}", "price": 3.5}, True, NOW))
        yield News(told)


def print_requests(trained: Snapshot, n: int) -> None:
    """Print what requests take over the trained version, and over what was told."""
    live = tell(trained, next(prices(trained, 1_000)), 1)
    live = tell(live, next(stocks(trained, 1_000)), 2)
    live = tell(live, next(arrivals(trained, 200)), 3)
    engines = Engine(trained), Engine(live)
    asks = draw(engines[0], n)
    print(f"{'request, ms':<28}{'trained':>10}{'told':>10}{'ratio':>8}")
    for name in CAROUSELS:
        took = np.array([[ask_once(one, name, ask) for one in engines] for ask in (*asks[:20], *asks)])[20:] * 1000
        (a, b) = np.median(took, axis=0)
        print(f"  {name:<26}{a:>10.2f}{b:>10.2f}{b / a:>8.2f}")


def generated(shop: Shop, n: int) -> Snapshot:
    """Return a snapshot of ``n`` products with what depends on their number, fitted on two purchases of each."""
    dice = np.random.default_rng(4)
    columns: dict[str, Column] = {
        "name": TextColumn(np.arange(n, dtype=np.int32), Strings.of(f"Product {row:08}" for row in range(n))),
        "category": words(dice, n, 300),
        "brand": words(dice, n, 5_000),
        "kind": words(dice, n, 3_000),
        "price": NumberColumn(np.round(dice.random(n) * 12, 2)),
        "cost": NumberColumn(np.round(dice.random(n) * 6, 2)),
    }
    ids = IdIndex.of(f"P{row:08}" for row in range(n))
    catalogue = Catalogue.of(ids, columns, "generated")
    bought = purchases(dice, n)
    data = Fitting(bought, catalogue, NOW)
    fitted: list[Model] = [Popularity(), CategoryPopularity(), Newcomers(), NewArrivals(), Similar(), Kinds()]
    models = {one.source: one.fit(data) for one in fitted}
    shelf = dice.choice(n, n // 2, replace=False).astype(np.int32)
    at = dice.integers(STORES, size=len(shelf)).astype(np.int32)
    stock = Stock.of(shelf, at, dice.integers(1, 9, len(shelf)).astype(np.float64), n, STORES)
    rules = bind(parse("version: 1\nrules: []\n", facts_of(_empty(shop), Path())), catalogue)
    return Snapshot(
        shop, lambda: NOW, "generated", catalogue, IdIndex.of(["u"]), IdIndex.of(f"s{row}" for row in range(STORES)),
        Histories.of(bought), {}, models, rules, None, stock, world=World(Basis().fit(data), models, {}, shop.zone),
    )  # fmt: skip


def _empty(shop: Shop) -> Snapshot:
    return load_engine(shop, None, None, lambda: NOW).snapshot


def words(dice: np.random.Generator, n: int, kinds: int) -> TextColumn:
    """Return a column of ``kinds`` texts, some of them much more often than others."""
    codes = np.minimum((dice.random(n) ** 2 * kinds).astype(np.int32), kinds - 1)
    return TextColumn(codes, Strings.of(sorted(f"{word:05}" for word in range(kinds))))


def purchases(dice: np.random.Generator, n: int) -> Purchases:
    """Return two purchases of each product by one user, an order each."""
    count, lines = 2 * n, np.arange(2 * n, dtype=np.int32)
    product = (dice.permutation(count) % n).astype(np.int32)
    time = np.sort(dice.integers(NOW - 300 * DAY, NOW, count))
    nothing, ones = np.full(count, -1, np.int32), np.ones(count, np.float32)
    return Purchases(np.zeros(count, np.int32), product, time, lines, nothing, ones, ones, 1, n, STORES, count)


if __name__ == "__main__":
    main()
