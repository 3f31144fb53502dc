"""What the ranker reads of a shopper's past, by hand."""

from zoneinfo import ZoneInfo

import numpy as np

from model_data import Order, shop_of
from models.basis import Basis
from models.columns import text_column
from models.features import World, features

ZONE = ZoneInfo("UTC")


def test_a_brand_is_told_of_over_all_kinds_of_product() -> None:
    """Two orders of the maker's tea: its wine, never bought, is of a known maker and of no known kind; beer is of neither."""
    columns = {
        "category": text_column(["tea", "wine", "beer"] * 6),
        "brand": text_column(["Adler", "Adler", "Bock"] * 6),
    }
    shop = shop_of([Order(0, [0], age=10), Order(0, [3, 0], age=4), Order(1, [1, 2], age=3)], 18, columns)
    world = World(Basis().fit(shop.data), {}, {}, ZONE)
    found = features(world, shop.context(0), np.array([3, 1, 2], np.int32))
    told = {name: found[:, place].tolist() for name, place in world.places.items()}
    assert told["brand.orders"] == [2, 2, 0]
    assert told["brand.due"][:2] == [1, 1], "the share of the orders"
    assert told["make.orders"] == [2, 0, 0], "kind and brand together"
    assert told["product.orders"] == [1, 0, 0]
    assert told["brand.since"][:2] == [4, 4] and np.isnan(told["brand.since"][2])
