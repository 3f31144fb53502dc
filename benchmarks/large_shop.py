"""A version of a shop with as many products and shoppers as wanted, written without the hours that training it would take.

    python benchmarks/large_shop.py examples/complete-journey/shop.toml --artifacts /tmp/large --products 1000000 --users 1000000

What counts sales is fitted on generated purchases with a long tail. What costs the square of the shop (factors, neighbours,
EASE) and the trees are drawn, in the sizes that training would give them: their answers mean nothing, their cost is real.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from models.als import ALS  # noqa: E402
from models.artifact import Manifest, write_artifact  # noqa: E402
from models.base import Fitting, Model  # noqa: E402
from models.basis import Basis  # noqa: E402
from models.bought_together import BoughtTogether  # noqa: E402
from models.buy_again import BuyAgain  # noqa: E402
from models.catalogue import Catalogue  # noqa: E402
from models.columns import NumberColumn, TextColumn, column_arrays  # noqa: E402
from models.ease import Ease  # noqa: E402
from models.features import names  # noqa: E402
from models.histories import Histories  # noqa: E402
from models.ids import IdIndex  # noqa: E402
from models.kinds import Kinds  # noqa: E402
from models.lists import RankedLists  # noqa: E402
from models.new_arrivals import NewArrivals  # noqa: E402
from models.newcomers import Newcomers  # noqa: E402
from models.popularity import CategoryPopularity, Popularity, StorePopularity  # noqa: E402
from models.ranker import DEPTHS, Ranker  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.schema import DAY, Arrays, Floats, Ints, Purchases  # noqa: E402
from models.settings_of import settings_of  # noqa: E402
from models.shop import Shop, read_shop  # noqa: E402
from models.similar import Similar  # noqa: E402
from models.strings import Strings  # noqa: E402
from models.trees import Trees  # noqa: E402
from models.trends import Trending  # noqa: E402
from models.user_neighbours import UserNeighbours  # noqa: E402

UNTIL, STORES, LINES = 1_514_826_000, 50, 4
"""Unix seconds; stores; purchases by shopper."""
TREES, LEAVES, LIST = 150, 31, 100
"""As training makes them; products of a shopper's list where there are very many shoppers."""
EASE_USERS, NEAR_USERS, ALS_USERS = 300_000, 15_000, 16_666
"""Shoppers that training gives a list of their own."""


def main() -> None:
    """Write the version, and make it live."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, required=True)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=1_000_000)
    given = parser.parse_args()
    write(read_shop(given.shop), given.artifacts, given.products, given.users)


def write(shop: Shop, artifacts: Path, n_products: int, n_users: int) -> None:
    """Write two versions that hold the same, and make the first one live."""
    dice, registry = np.random.default_rng(1), Registry(artifacts)
    bought = purchases(dice, n_products, n_users)
    catalogue = Catalogue.of(IdIndex.of(f"P{row:07}" for row in range(n_products)), columns(dice, n_products), "large")
    data = Fitting(bought, catalogue, UNTIL, zone=shop.zone)
    fitted: list[Model] = [
        Popularity(), StorePopularity(), CategoryPopularity(), Newcomers(), Trending(), NewArrivals(), Similar(), Kinds(),
        BuyAgain(), BoughtTogether(),
    ]  # fmt: skip
    models: dict[str, Model] = {one.source: one.fit(data) for one in fitted}
    models |= {one.source: one for one in drawn(dice, n_products, n_users)}
    basis = Basis().fit(data)
    groups: dict[str, Arrays] = {
        "products": catalogue.arrays(), "ids/products": catalogue.ids.arrays(),
        "ids/users": IdIndex.of(f"u{row:07}" for row in range(n_users)).arrays(),
        "ids/stores": IdIndex.of(f"s{row}" for row in range(STORES)).arrays(),
        "users": column_arrays({}), "history": Histories.of(bought).arrays(), "basis": basis.arrays(),
    }  # fmt: skip
    groups |= {f"models/{name}": model.arrays() for name, model in models.items()}
    labels = names(basis.moment_names(), {})
    groups |= {f"rankers/{name}": Ranker(*trees(dice, labels)).arrays() for name in DEPTHS}
    told = {
        "models": {name: settings_of(one) for name, one in models.items()},
        "rankers": sorted(DEPTHS),
        "context": {},
    }
    manifest = Manifest("one", shop.name, "2018-01-01T00:00:00Z", UNTIL, 1, {}, told)
    write_artifact(registry.path("one"), manifest, groups)
    write_artifact(registry.path("two"), replace(manifest, version="two"), groups)
    registry.promote("one")


def columns(dice: np.random.Generator, n: int) -> dict[str, TextColumn | NumberColumn]:
    """Return names, categories, brands, kinds and prices."""

    def words(kinds: int) -> TextColumn:
        codes = np.minimum((dice.random(n) ** 2 * kinds).astype(np.int32), kinds - 1)
        return TextColumn(codes, Strings.of(sorted(f"{word:05}" for word in range(kinds))))

    names_ = TextColumn(np.arange(n, dtype=np.int32), Strings.of(f"Product {row:08}" for row in range(n)))
    price = NumberColumn(np.round(dice.random(n) * 12 + 0.5, 2))
    return {"name": names_, "category": words(300), "brand": words(5_000), "kind": words(3_000), "price": price}


def purchases(dice: np.random.Generator, n_products: int, n_users: int) -> Purchases:
    """Return ``LINES`` purchases of each shopper, two an order, products with a long tail."""
    n = n_users * LINES
    user = np.repeat(np.arange(n_users, dtype=np.int32), LINES)
    product = np.minimum((dice.random(n) ** 3 * n_products).astype(np.int32), n_products - 1)
    time = np.repeat(dice.integers(UNTIL - 300 * DAY, UNTIL, (n_users, LINES // 2)), 2, axis=1)
    time.sort(axis=1)
    order = np.arange(n, dtype=np.int32) // 2
    store = np.repeat(dice.integers(STORES, size=n // 2), 2).astype(np.int32)
    ones = np.ones(n, np.float32)
    return Purchases(user, product, time.ravel(), order, store, ones, ones, n_users, n_products, STORES, n // 2)


def drawn(dice: np.random.Generator, n_products: int, n_users: int) -> list[Model]:
    """Return factors, neighbours and EASE with lists that are drawn."""

    def lists(keys: int, n_keys: int, length: int) -> RankedLists:
        first = dice.integers(n_products - length, size=(keys, 1))
        rows = (first + np.arange(length)).astype(np.int32)
        scores = np.broadcast_to(np.linspace(0.9, 0.1, length, dtype=np.float32), rows.shape)
        ptr = np.minimum(np.arange(n_keys + 1), keys) * length
        return RankedLists(ptr.astype(np.int64), rows.ravel(), scores.ravel())

    als, ease, near = ALS(), Ease(), UserNeighbours()
    folded = min(ALS_USERS, n_users)
    items, vectors = (
        dice.standard_normal((n, als.factors), np.float32) * np.float32(0.1) for n in (n_products, folded)
    )
    gram = items.T @ items + np.float32(als.regularization) * np.eye(als.factors, dtype=np.float32)
    als.load({
        "item_factors": items, "kept": np.arange(n_products, dtype=np.int32), "gram": gram, "vectors": vectors,
        "users": np.arange(folded, dtype=np.int32), "lines": np.full(folded, LINES, np.int32),
        **lists(folded, folded, LIST).arrays("lists"),
    })  # fmt: skip
    ease.lists_ = lists(min(EASE_USERS, n_users), n_users, LIST)
    ease.weights_ = lists(min(10_000, n_products), n_products, LIST)
    near.lists_ = lists(min(NEAR_USERS, n_users), n_users, LIST)
    return [als, ease, near]


def trees(dice: np.random.Generator, labels: tuple[str, ...]) -> tuple[Ints, tuple[str, ...], dict[int, Floats], Trees]:
    """Return what a ranker is made of, with trees that test drawn features."""
    used, nodes = np.arange(len(labels), dtype=np.int32), TREES * (LEAVES - 1)
    made = Trees(
        dice.integers(len(labels), size=nodes).astype(np.int32), dice.random(nodes, np.float32),
        dice.integers(2, size=nodes).astype(np.uint8), np.zeros(nodes, np.uint8),
        dice.standard_normal(TREES * LEAVES) * 0.1, (np.arange(TREES) + 1) * LEAVES, -3.0, len(labels),
    )  # fmt: skip
    return used, labels, {}, made


if __name__ == "__main__":
    main()
