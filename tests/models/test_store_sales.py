"""What each store sold lately, counted by hand."""

import numpy as np
import pytest

from model_data import Order, shop_of
from models.schema import Floats, Ints, Longs
from models.store_sales import HALF_LIVES, PRIOR, StoreSales

NORTH, SOUTH = 0, 1


def sales(*orders: Order) -> StoreSales:
    data = shop_of(orders, 3, n_stores=2).data
    lines = data.purchases
    cells: Longs = np.unique(lines.order.astype(np.int64) * 3 + lines.product, return_index=True)[1]
    return StoreSales().fit(data, cells)


def looked(known: StoreSales, store: int, products: Ints) -> tuple[Floats, Floats]:
    """Return (n_products, n_half_lives) shares, and days since sold."""
    out = np.empty((3, len(products)), np.float32)
    known.look(store, products, out)
    return out[:2].T, out[2]


def rows(*products: int) -> Ints:
    return np.array(products, np.int32)


def test_a_share_is_drawn_to_the_whole_shop() -> None:
    """Orders of this moment count 1: north sold product 0 in one of two, the shop in one of three orders."""
    found, _ = looked(
        sales(Order(0, [0], 0, NORTH), Order(0, [1], 0, NORTH), Order(0, [1], 0, SOUTH)), NORTH, rows(0, 2)
    )
    assert found[0] == pytest.approx([(1 + PRIOR / 3) / (2 + PRIOR)] * 2)
    assert found[1] == pytest.approx([0.0, 0.0])


def test_what_was_sold_long_ago_counts_less_on_the_short_half_life() -> None:
    """Ten days halve the short one."""
    found, since = looked(sales(Order(0, [0], HALF_LIVES[0], NORTH), Order(0, [1], 0, NORTH)), NORTH, rows(0))
    short = 0.5
    assert found[0, 0] == pytest.approx((short + PRIOR * short / (1 + short)) / (1 + short + PRIOR))
    assert found[0, 1] > found[0, 0]
    assert since == pytest.approx([HALF_LIVES[0]])


def test_the_latest_sale_counts_and_an_unsold_product_has_none() -> None:
    """Days since the last sale, by store."""
    _, since = looked(
        sales(Order(0, [0], 9, NORTH), Order(1, [0], 3, NORTH), Order(0, [0], 1, SOUTH)), NORTH, rows(0, 1)
    )
    assert since[0] == pytest.approx(3)
    assert np.isnan(since[1])


def test_a_store_that_nobody_knows_says_nothing() -> None:
    """Neither does an order without a store count for one."""
    known = sales(Order(0, [0], 1), Order(0, [0], 1, SOUTH))
    for store in (-1, 7):
        shares, since = looked(known, store, rows(0))
        assert np.isnan(shares).all()
        assert np.isnan(since).all()
    assert known.orders_[SOUTH, 0] < 1.01
