"""Label windows: what a past moment's requests were asked with."""

import csv
from pathlib import Path

from models.features import context_fields
from models.schema import DAY
from models.shop import read_shop
from tiny_shop import write_tiny_shop
from training.progress import SILENT
from training.read.shop_data import read_shop_data
from training.windows import learn_window

OFFERS = """
[context.offers]
files = ["offers.csv"]
keys = { product_id = "sku", weather = "weather" }
"""


def test_a_request_of_the_past_has_the_context_of_its_purchase(tmp_path: Path) -> None:
    """A table that holds in the rain is found for requests of the north, where it rains, and for no other."""
    toml = write_tiny_shop(tmp_path)
    text = toml.read_text().replace('price = "paid" }', 'price = "paid", weather = "weather" }', 1)
    toml.write_text(text + OFFERS)
    (tmp_path / "offers.csv").write_text("sku,weather\n" + "".join(f"m-{one},rain\n" for one in range(1, 7)))
    with (tmp_path / "purchases.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "purchases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "weather"])
        writer.writeheader()
        writer.writerows({**row, "weather": "rain" if row["store"] == "north" else ""} for row in rows)
    shop = read_shop(toml)
    end = shop.moment("2026-10-09 18:00")
    data = read_shop_data(shop, until=None, now=end, rejects=None, progress=SILENT)
    examples = learn_window(data, shop, end - 14 * DAY, 14, 1)["next-order"]
    tables = context_fields(data.contexts)
    listed = examples.features[:, tables.index(("offers", "listed")) - len(tables)]  # context tables come last
    assert set(listed.tolist()) == {0.0, 1.0}
