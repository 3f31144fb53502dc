"""What follows in a session: by distance, both ways, summed over the last products."""

from dataclasses import replace

import numpy as np
import pytest

from model_data import UNTIL, Order, SmallShop, shop_of
from models.next_in_session import NextInSession
from models.similar import Similar


def sessions(lists: list[list[int]], n: int) -> SmallShop:
    """Return a shop where each list is a session that looked at a product a second, all of them just now."""
    shop = shop_of([Order(user, products, age=0) for user, products in enumerate(lists)], n)
    lines = shop.data.purchases
    place = [
        lists[user].index(product) for user, product in zip(lines.user.tolist(), lines.product.tolist(), strict=True)
    ]
    time = UNTIL - 10 + np.array(place, np.int64)
    order = np.lexsort((time, lines.user))
    timed = replace(lines, product=lines.product[order], time=time[order])
    return SmallShop(replace(shop.data, purchases=timed))


def test_a_pair_counts_by_distance_and_half_on_the_way_back() -> None:
    """Session 0, 1, 2: 1 follows 0 at once, 2 after two steps; from 1 back to 0 it counts a half. No prior."""
    shop = sessions([[0, 1, 2]], 3)
    model, rows = NextInSession(prior=0.0).fit(shop.data), np.arange(3, dtype=np.int32)
    assert model.score(shop.context(page=0), rows).tolist() == pytest.approx([0, 1, 0.5], rel=1e-4)
    assert model.score(shop.context(recent=[1]), rows).tolist() == pytest.approx([0.5, 0, 1], rel=1e-4)


def test_the_last_product_has_the_most_say() -> None:
    """3 follows 1, 4 follows 2: who looked at 1 and then at 2 is shown 4 first, and with a reason."""
    shop = sessions([[1, 3]] * 5 + [[2, 4]] * 5, 5)
    model = NextInSession().fit(shop.data)
    context = shop.context(recent=[1, 2])
    assert model.candidates(context, 5).rows.tolist() == [4, 3]
    fact = model.fact(context, 4)
    assert fact is not None and fact.values == {"product": 2}
    assert model.fact(context, 2) is None


def test_orders_of_one_moment_say_nothing_of_what_came_first() -> None:
    """A till's receipt holds no sequence: the model is silent."""
    shop = shop_of([Order(user, [0, 1, 2], age=3) for user in range(9)], 3)
    assert len(NextInSession().fit(shop.data).candidates(shop.context(page=0), 5)) == 0


def test_without_a_catalogue_products_are_alike_whose_shoppers_are() -> None:
    """0 and 1 have the same nine shoppers, 2 is everybody's: shared / (root of both + 5)."""
    orders = [Order(user, [0, 1, 2]) for user in range(9)] + [Order(user, [2, 3]) for user in range(9, 36)]
    shop = shop_of(orders, 4)
    bare = SmallShop(replace(shop.data, catalogue=replace(shop.data.catalogue, columns={})))
    model = Similar().fit(bare.data)
    lists = model.lists_
    assert lists is not None
    assert lists.list(0).rows.tolist() == [1, 2]
    assert lists.list(0).scores.tolist() == pytest.approx([9 / 14, 9 / (18 + 5)])
    context = bare.context(page=0)
    assert model.candidates(context, 3).rows.tolist() == [1, 2]
    fact = model.fact(context, 1)
    assert fact is not None and fact.code == "same-choosers"
