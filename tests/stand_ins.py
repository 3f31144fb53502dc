"""Small shops of other shapes than the samples: drawn with a seed, each with a structure that models can learn.

Every shopper likes a few groups of products, and within a group products go in pairs. Popular groups make bestsellers
worth something, so that whoever beats them has learned more.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from models.schema import Doubles

USERS, PRODUCTS, GROUPS = 300, 200, 20
SIZE = PRODUCTS // GROUPS
"""Products of a group: group g has products g * SIZE and on; an even one goes with the next."""
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class StandIn:
    """A shop as it comes: one table, and what its shop.toml says about it."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    toml: str

    def write(self, folder: Path, more: str = "") -> Path:
        """Write the shop into ``folder``; return its shop.toml."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lines.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([self.header, *self.rows])
        path = folder / "shop.toml"
        path.write_text(f'name = "Stand-in"\n[data.purchases]\nfiles = ["lines.csv"]\n{self.toml}\n{more}', "utf-8")
        return path


def _likes(rng: Rng) -> Doubles:
    """Return (USERS, PRODUCTS) how often each shopper takes each product, rows adding up to 1."""
    of_group = rng.permutation(1 / (1 + np.arange(GROUPS))) ** 0.5
    groups = np.array([rng.choice(GROUPS, 3, replace=False, p=of_group / of_group.sum()) for _ in range(USERS)])
    likes = np.full((USERS, PRODUCTS), 0.02)
    for user, mine in enumerate(groups):
        for group in mine:
            likes[user, group * SIZE : (group + 1) * SIZE] = 1.0
    likes *= rng.uniform(0.2, 1.0, PRODUCTS)
    out: Doubles = likes / likes.sum(axis=1, keepdims=True)
    return out


def _basket(rng: Rng, likes: Doubles, most: int) -> list[int]:
    """Return the distinct products of an order: some that are liked, each often with the one that it goes with."""
    drawn = rng.choice(PRODUCTS, rng.integers(1, most), replace=False, p=likes).tolist()
    return sorted({*drawn, *(product ^ 1 for product in drawn if rng.random() < 0.5)})


def supermarket(rng: Rng) -> StandIn:
    """Return ordered baskets: shopper, number of the order, product; no time, no price, rows by product."""
    likes = _likes(rng)
    rows: list[tuple[str, ...]] = []
    for user in range(USERS):
        staples = rng.choice(PRODUCTS, 6, replace=False, p=likes[user])
        for number in range(1, rng.integers(4, 12)):
            if number % 4 == 0:  # tastes move on: what was bought last says more
                staples[:3] = rng.choice(PRODUCTS, 3, replace=False, p=likes[user])
            basket = {*staples[rng.random(6) < 0.6].tolist(), *_basket(rng, likes[user], 4)}
            rows += [(f"{user:04}", str(number), f"sku {product:03}") for product in sorted(basket)]
    toml = 'columns = { user_id = "shopper", order_id = "number", product_id = "product" }'
    return StandIn(("shopper", "number", "product"), rows, toml)


def gift_shop(rng: Rng) -> StandIn:
    """Return a web shop's invoices: season, returns, nobody's invoices, wholesalers, postage and rows that are broken."""
    likes = _likes(rng)
    rows: list[tuple[str, ...]] = []
    season = np.where(np.arange(PRODUCTS) % SIZE >= SIZE - 2, 8.0, 1.0)  # the last pair of each group is for Christmas
    first, invoice = datetime(2025, 1, 6, 9, 0), 536_000
    for user in range(USERS):
        wholesale = 24 if user % 15 == 0 else 1
        for _ in range(rng.integers(3, 9)):
            day = 364 * (1 - rng.random() ** 2)  # most is sold late in the year
            taste = likes[user] * (season if day > 300 else 1 / season)
            when, invoice = first + timedelta(days=day), invoice + 1
            customer = "" if rng.random() < 0.15 else f"{12_000 + user}.0"
            for product in _basket(rng, taste / taste.sum(), 5):
                price, pieces = f"{0.5 + product % 40 / 4:.2f}", int(rng.integers(1, 7)) * wholesale
                line = (f"G{product:03}", str(pieces), f"{when:%d/%m/%Y %H:%M}", price, customer)
                rows.append((str(invoice), *line))
                if rng.random() < 0.03:
                    rows.append((f"C{invoice}", line[0], f"-{pieces}", *line[2:]))
            rows.append((str(invoice), "POST", "1", f"{when:%d/%m/%Y %H:%M}", "4.95", customer))
    rows += [
        ("536001", "", "1", "07/01/2025 10:00", "1.25", "12001.0"),
        ("536002", "G001", "x", "never", "1", "12002.0"),
    ]
    rows.append(("A563185", "B", "1", "12/08/2025 14:50", "-11062.06", ""))
    columns = ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID")
    names = ("order_id", "product_id", "quantity", "time", "price", "user_id")
    pairs = ", ".join(f'{our} = "{theirs}"' for our, theirs in zip(names, columns, strict=True))
    return StandIn(columns, rows, f"columns = {{ {pairs} }}\nkeep = \"StockCode <> 'POST'\"")


def likes_set(rng: Rng) -> StandIn:
    """Return a set of users and items: each pair once, in no order."""
    likes = _likes(rng)
    rows: list[tuple[str, ...]] = [
        (f"u{user}", f"i{product}")
        for user in range(USERS)
        for product in rng.choice(PRODUCTS, rng.integers(6, 30), replace=False, p=likes[user]).tolist()
    ]
    rng.shuffle(rows)
    return StandIn(("user", "item"), rows, 'columns = { user_id = "user", product_id = "item" }')


WEATHER, PLACES, DAYTIMES = ("sunny", "rainy", "snowy", ""), ("home", "work", "street"), ("morning", "noon", "evening")


def context_log(rng: Rng) -> StandIn:
    """Return a log of uses: user, item, weather, place, daytime; what is used depends on the place too."""
    likes = _likes(rng)
    rows: list[tuple[str, ...]] = []
    places = np.where(rng.integers(0, 3, PRODUCTS) == np.arange(3)[:, None], 12.0, 1.0)
    for user in range(USERS):
        own = likes[user] * (rng.random(PRODUCTS) < 0.25)  # a few things, used again and again
        for _ in range(rng.integers(15, 45)):
            place = int(rng.integers(3))
            chance = own * places[place]
            item = int(rng.choice(PRODUCTS, p=chance / chance.sum()))
            said = (str(rng.choice(WEATHER)), PLACES[place], str(rng.choice(DAYTIMES)))
            rows.append((f"u{user}", f"app-{item}", *said))
    columns = ("user", "item", "weather", "place", "daytime")
    named = ", ".join(f'{one} = "{one}"' for one in columns[2:])
    fields = "\n".join(f'{one} = "categorical"' for one in columns[2:])
    toml = f'columns = {{ user_id = "user", product_id = "item", {named} }}\n[context.fields]\n{fields}'
    return StandIn(columns, rows, toml)


def sessions(rng: Rng) -> StandIn:
    """Return views by session: nobody is known, and no session comes back."""
    likes = _likes(rng)
    rows: list[tuple[str, ...]] = []
    first = datetime(2025, 3, 1)
    for number in range(4 * USERS):
        when = first + timedelta(days=60 * rng.random())
        views = _basket(rng, likes[number % USERS], 5)
        for product in rng.permutation(views).tolist():
            when += timedelta(seconds=int(rng.integers(5, 90)))
            rows.append((f"{number * 7919 % 100_003:06}", f"{product:05}", f"{when:%Y-%m-%dT%H:%M:%SZ}"))
    toml = 'columns = { session_id = "session", product_id = "item", time = "when" }'
    return StandIn(("session", "item", "when"), rows, toml)


STAND_INS: dict[str, Callable[[Rng], StandIn]] = {
    "supermarket": supermarket,
    "gift-shop": gift_shop,
    "set": likes_set,
    "context-log": context_log,
    "sessions": sessions,
}


def write_stand_in(name: str, folder: Path, more: str = "", seed: int = 1) -> Path:
    """Write the shop called ``name`` into ``folder``; return its shop.toml."""
    return STAND_INS[name](np.random.default_rng(seed)).write(folder, more)
