"""Generated purchases with a long tail, of any size, as a shop would export them: one file a month, oldest first.

    python benchmarks/purchases.py /tmp/shop --lines 1000000

What is drawn: products by Zipf's law; shoppers by a log-normal activity; each shopper's own small choice of products out
of a few liked categories, bought again and again, the first ones most; orders of one product and more, each in one store
at one moment; busier Fridays and Saturdays, a quiet night; prices by product that move a little by week. A shopper's
choice is worked out from a hash whenever it is needed, so memory does not grow with the lines: a month is held at a time.
The same arguments make the same files.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

DAYS = 365
STARTS = 1_735_689_600
"""2025-01-01, Unix seconds."""
MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
WEEK = np.array([0.9, 0.9, 0.95, 1.0, 1.25, 1.3, 0.7])
"""Orders of each day of the week, Monday first, against the mean."""
HOURS = np.array([1, 1, 1, 1, 1, 1, 3, 6, 9, 10, 10, 11, 12, 11, 10, 10, 12, 14, 15, 14, 12, 9, 5, 2], float)
ZIPF, CATEGORIES, LIKED = 0.9, 300, 4
SOLD_BY = 0.55
"""Chance that an order goes on with a further line."""

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is drawn."""

    lines: int
    users: int
    products: int
    stores: int
    seed: int = 1


@dataclass(frozen=True, slots=True)
class World:
    """Who buys, and what there is."""

    size: Size
    activity: npt.NDArray[np.float64]
    """(n_users,) cumulated shares of the orders."""
    choice: npt.NDArray[np.float64]
    """(n_users,) products that a shopper chooses from."""
    sold: npt.NDArray[np.float64]
    """(n_products,) cumulated shares, the most sold first."""
    ids: npt.NDArray[np.int64]
    """(n_products,) the number in the id of each product: sales are not told by it."""
    price: npt.NDArray[np.float64]

    @classmethod
    def of(cls, size: Size) -> "World":
        """Return the world that ``size.seed`` draws."""
        rng = np.random.default_rng(size.seed)
        weight = rng.lognormal(0, 1.1, size.users)
        orders = weight / weight.sum() * size.lines * (1 - SOLD_BY)
        sold = 1 / np.arange(1, size.products + 1) ** ZIPF
        return cls(
            size,
            np.cumsum(weight) / weight.sum(),
            2 + 2 * (orders / (1 - SOLD_BY)) ** 0.75,
            np.cumsum(sold) / sold.sum(),
            rng.permutation(size.products),
            np.exp(rng.normal(1.6, 0.9, size.products)).round(2).astype(np.float64),
        )


def mixed(words: Words) -> Words:
    """Return words that look drawn (Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014)."""
    words = (words + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def unit(words: Words) -> npt.NDArray[np.float64]:
    """Return numbers in [0, 1) from words."""
    return (words >> np.uint64(11)).astype(np.float64) / 2.0**53


def chosen(world: World, user: npt.NDArray[np.int64], slot: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return (n,) the product at ``slot`` of each user's choice, 0 the most sold of the shop."""
    words = mixed((user.astype(np.uint64) << np.uint64(24)) ^ slot.astype(np.uint64) ^ np.uint64(world.size.seed << 56))
    rank = np.searchsorted(world.sold, unit(words))
    liked = mixed(user.astype(np.uint64) * np.uint64(LIKED) + mixed(words) % np.uint64(LIKED)) % np.uint64(CATEGORIES)
    near = rank - rank % CATEGORIES + liked.astype(np.int64)  # the product of a liked category that sells about as well
    loyal = unit(mixed(words ^ np.uint64(7))) < 0.7
    return np.minimum(np.where(loyal & (near < len(world.sold)), near, rank), len(world.sold) - 1)


def months(world: World) -> Iterator[dict[str, npt.NDArray[np.generic]]]:
    """Yield the lines of each month, by time."""
    size, first, number = world.size, 0, 0
    for month, days in enumerate(MONTHS):
        rng = np.random.default_rng([size.seed, month])
        of_day = WEEK[(2 + first + np.arange(days)) % 7] / 7  # the first day is a Wednesday
        lines = round(size.lines * (first + days) / DAYS) - round(size.lines * first / DAYS)
        more = rng.geometric(1 - SOLD_BY, lines).cumsum()
        orders = int(np.searchsorted(more, lines)) + 1
        order = np.repeat(np.arange(orders), np.diff(np.minimum(more[:orders], lines), prepend=0))
        day = rng.choice(days, orders, p=of_day / of_day.sum())
        hour = rng.choice(24, orders, p=HOURS / HOURS.sum())
        time = np.sort(STARTS + (first + day) * 86_400 + hour * 3600 + rng.integers(0, 3600, orders))
        user = np.searchsorted(world.activity, rng.random(orders))
        buyer = user[order]
        slot = (world.choice[buyer] * rng.random(lines) ** 2).astype(np.int64)
        product = chosen(world, buyer, slot)
        week = (first + day)[order] // 7
        moved = 1 + 0.1 * (unit(mixed((product * 53 + week).astype(np.uint64))) - 0.5)
        yield {
            "u": buyer, "p": world.ids[product], "o": order + number, "t": time[order],
            "s": (user * 7919 % size.stores)[order], "q": rng.geometric(0.8, lines),
            "price": np.round(world.price[product] * moved, 2),
        }  # fmt: skip
        first, number = first + days, number + orders


COLUMNS = """printf('u%07d', u) as user_id, printf('p%06d', p) as product_id, printf('o%09d', o) as order_id,
    printf('s%03d', s) as store_id, make_timestamp(t * 1000000) as time, q::integer as quantity, price"""
SHOP = """name = "Generated"
currency = "EUR"
clock_starts = "2026-01-01 00:00"

[data.purchases]
files = ["purchases-*.{suffix}"]

[data.purchases.columns]
user_id = "user_id"
product_id = "product_id"
order_id = "order_id"
store_id = "store_id"
time = "time"
quantity = "quantity"
price = "price"

[data.products]
files = ["products.{suffix}"]
columns = {{ product_id = "product_id", name = "name", category = "category", brand = "brand", price = "price" }}
"""


def write(folder: Path, size: Size, suffix: str, tell: bool = False) -> None:
    """Write the purchases, the products and a shop.toml into ``folder``; ``suffix`` is parquet or csv."""
    folder.mkdir(parents=True, exist_ok=True)
    world = World.of(size)
    with duckdb.connect(config={"threads": 1}) as con:
        for number, month in enumerate(months(world), 1):
            path = folder / f"purchases-2025-{number:02}.{suffix}"
            con.register("month", month)
            con.execute(f"copy (select {COLUMNS} from month) to '{path}'")
            con.unregister("month")
            if tell:
                print(f"{path.name}: {len(month['u']):,} lines", flush=True)
        rank = np.arange(size.products)
        con.register("ranks", {"p": world.ids, "c": rank % CATEGORIES, "b": rank * 31 % 997, "price": world.price})
        con.execute(
            "copy (select printf('p%06d', p) as product_id, 'Product ' || p as name, 'Category ' || c as category, "
            f"'Brand ' || b as brand, price from ranks order by p) to '{folder}/products.{suffix}'"
        )
    (folder / "shop.toml").write_text(SHOP.format(suffix=suffix), "utf-8")


def default_size(lines: int, seed: int = 1) -> Size:
    """Return a size whose users, products and stores go with its lines: 50 million have 1 million and 200,000."""
    return Size(lines, max(lines // 50, 10), min(200_000, max(int(28.3 * lines**0.5), 10)), 50, seed)


def main() -> None:
    """Write a shop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, help="default: a fiftieth of the lines")
    parser.add_argument("--products", type=int, help="default: 28.3 times the root of the lines, 200,000 at most")
    parser.add_argument("--stores", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    told = parser.parse_args()
    usual = default_size(told.lines, told.seed)
    size = Size(told.lines, told.users or usual.users, told.products or usual.products, told.stores, told.seed)
    write(told.folder, size, told.format, tell=True)


if __name__ == "__main__":
    main()
