"""A whole shop in three small files: wine lovers, tea drinkers and everybody's milk; enough for every carousel."""

import csv
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from models.shop import Shop
from training.pipeline import Report

SHOP = """
name = "Tiny shop"
timezone = "Europe/London"
currency = "GBP"
clock_starts = "2026-10-09 18:00"

[data.purchases]
files = ["purchases.csv"]
columns = { user_id = "user", product_id = "sku", order_id = "basket", store_id = "store", time = "when", quantity = "n", price = "paid" }

[data.products]
files = ["products.csv"]
columns = { product_id = "sku", name = "title", category = "kind", brand = "maker", price = "price" }
attributes = ["country"]

[data.users]
files = ["users.csv"]
columns = { user_id = "user" }
attributes = ["tier"]

[data.stock]
files = ["stock.csv"]
columns = { product_id = "sku", store_id = "store", quantity = "n" }

[context.promotions]
files = ["promotions.csv"]
keys = { product_id = "sku", store_id = "store" }
starts = "since"
ends = "until"
fields = ["shelf"]

[context.fields]
loyalty_app = "categorical"

[training]
ranker = false
choose = false

[evaluation]
days = 14
users = 50
rounds = 100

[rules]
file = "rules.yaml"
"""

RULES = """version: 1
timezone: Europe/London
segments:
  wine-lovers: {bought: {where: "category == 'wine'", at_least: 2, within_days: 180}}
rules:
  - id: chianti-first
    why: Autumn wine fair
    do: pin
    product: "00501"
    position: 1
    carousels: [you-may-also-like]
    when: {segment: wine-lovers, active: {from: "2026-10-01", until: "2026-10-31"}}
  - id: recall-milk
    why: Recall notice 118
    do: hide
    everywhere: true
    products: ["m-4"]
"""

WINES = ["00501", "00502", "w-3", "w-4", "w-5", "w-6", "w-7", "w-8"]
TEAS = [f"t-{i}" for i in range(1, 9)]
MILKS = [f"m-{i}" for i in range(1, 7)]
TOOLS = ["corkscrew", "teapot"]
FIRST_DAY = datetime(2026, 4, 1, 9, 0)
LAST_DAY = datetime(2026, 10, 9, 17, 0)


@dataclass(frozen=True, slots=True)
class TinyShop:
    """A shop on the disk, with a trained and published version."""

    folder: Path
    shop: Shop
    report: Report

    @property
    def toml(self) -> Path:
        """Its shop.toml."""
        return self.folder / "shop.toml"

    @property
    def artifacts(self) -> Path:
        """Its artifacts folder."""
        return self.folder / "artifacts"

    def clock(self) -> int:
        """Return the shop's time at its start."""
        return self.shop.moment("2026-10-09 18:00")


def product_rows() -> list[list[str]]:
    """Return the catalogue: sku, title, kind, maker, country, price."""
    rows = [
        [sku, f"Wine {i}", "wine", f"maker-{i % 3}", "Italy" if i < 4 else "Spain", f"{9 + i:.2f}"]
        for i, sku in enumerate(WINES)
    ]
    rows += [[sku, f"Tea {i}", "tea", f"maker-{i % 2}", "India", f"{3 + i / 4:.2f}"] for i, sku in enumerate(TEAS)]
    rows += [[sku, f"Milk {i}", "milk", "dairy", "Britain", f"{1 + i / 10:.2f}"] for i, sku in enumerate(MILKS)]
    return [
        *rows,
        ["corkscrew", "Corkscrew", "tools", "steel", "", "6.00"],
        ["teapot", "Teapot", "tools", "clay", "", ""],
    ]


def purchase_rows(seed: int = 7) -> list[list[str]]:
    """Return half a year of purchases: user, sku, basket, store, when, n, paid. Users w… buy wine, t… tea, m… milk only."""
    draw = random.Random(seed)
    prices = {row[0]: row[5] or "8.00" for row in product_rows()}
    rows, basket = [], 0
    for number in range(60):
        user, taste = [(f"w{number}", WINES), (f"t{number}", TEAS), (f"m{number}", [])][number % 3]
        store = ["north", "south"][number % 2]
        own = draw.sample(taste, 4) if taste else []
        staple = draw.choice(MILKS)
        when = FIRST_DAY + timedelta(days=draw.randrange(10), minutes=number)
        while when < LAST_DAY:
            basket += 1
            items = {staple, *(draw.sample(own, 2) if own else draw.sample(MILKS, 2))}
            if own and draw.random() < 0.4:
                items.add("corkscrew" if taste is WINES else "teapot")
            moment = when.isoformat(sep=" ")
            rows.extend(
                [user, sku, f"b{basket}", store, moment, str(draw.choice([1, 1, 2])), prices[sku]]
                for sku in sorted(items)
            )
            when += timedelta(days=draw.choice([6, 7, 8]))
    return rows


def write_rows(path: Path, header: list[str], rows: list[list[str]]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def write_tiny_shop(folder: Path) -> Path:
    """Write the shop into ``folder``; return its shop.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "products.csv", ["sku", "title", "kind", "maker", "country", "price"], product_rows())
    write_rows(folder / "purchases.csv", ["user", "sku", "basket", "store", "when", "n", "paid"], purchase_rows())
    users = sorted({row[0] for row in purchase_rows()})
    write_rows(
        folder / "users.csv", ["user", "tier"], [[user, "gold" if user.endswith("0") else "plain"] for user in users]
    )
    stock = [
        [sku, store, "0" if (sku, store) == ("w-4", "north") else "9"] for sku in WINES for store in ("north", "south")
    ]
    write_rows(folder / "stock.csv", ["sku", "store", "n"], stock)
    offers = [
        ["t-1", "north", "2026-10-05", "2026-10-11", "front"],
        ["00502", "south", "2026-09-01", "2026-09-07", "rear"],
    ]
    write_rows(folder / "promotions.csv", ["sku", "store", "since", "until", "shelf"], offers)
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    path = folder / "shop.toml"
    path.write_text(SHOP, encoding="utf-8")
    return path
