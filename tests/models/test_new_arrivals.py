"""A product that came after the training is seen among the new ones, however many there are."""

from dataclasses import replace

import numpy as np

from model_data import UNTIL, Order, shop_of
from models.beyond import Live
from models.catalogue import Catalogue
from models.new_arrivals import NewArrivals
from models.schema import DAY, UNKNOWN

OLD = 20
"""Products that came before the training, all of them new; each sells better than the one before."""


def arrivals(*since: int) -> tuple[NewArrivals, NewArrivals]:
    """Return the trained model, and the one that was told of a product at each of the moments."""
    sold = [Order(UNKNOWN, [OLD], age=200)] + [Order(UNKNOWN, [p], age=20) for p in range(OLD) for _ in range(p + 1)]
    data = shop_of(sold, OLD + 1).data
    trained = Catalogue(data.catalogue.ids, {}, "1")
    names = [f"told-{place}" for place in range(len(since))]
    live = Catalogue(trained.ids.plus(names), {}, "2")
    model = NewArrivals().fit(replace(data, catalogue=trained))
    return model, model.follow(Live(trained, live, np.array(since, np.int64)))


def test_a_product_told_of_now_has_the_third_place_among_many_that_sell() -> None:
    """What sold nothing yet came behind all that sell better than the middle one: no shopper saw it."""
    before, after = arrivals(UNTIL)
    shop = shop_of([], OLD + 1)
    assert before.candidates(shop.context(), 4).rows.tolist() == [19, 18, 17, 16]
    assert after.candidates(shop.context(), 4).rows.tolist() == [19, 18, 21, 17]


def test_of_many_products_told_of_the_newest_come_first_and_leave_two_places_of_three() -> None:
    """One that is not there yet has no place; a single product is no flood either where nothing else is new."""
    shop, (_, after) = shop_of([], OLD + 1), arrivals(UNTIL - DAY, UNTIL, UNTIL + DAY)
    assert after.candidates(shop.context(), 7).rows.tolist() == [19, 18, 22, 17, 16, 21, 15]
    _, flooded = arrivals(*[UNTIL] * 100)
    found = flooded.candidates(shop.context(), 200).rows
    assert len(found) == OLD + 100 and set(found.tolist()) == {*range(OLD), *range(OLD + 1, OLD + 101)}
    assert [row > OLD for row in found[:12].tolist()] == [False, False, True] * 4


def test_where_nothing_else_is_new_the_newest_come_first_too() -> None:
    """They had one score, and stood in the order in which they came: the oldest first."""
    shop = shop_of([Order(UNKNOWN, [0], age=200), Order(UNKNOWN, [0], age=10)], 1)
    trained = Catalogue(shop.data.catalogue.ids, {}, "1")
    live = Catalogue(trained.ids.plus(["told-0", "told-1", "told-2"]), {}, "2")
    model = NewArrivals().fit(replace(shop.data, catalogue=trained))
    after = model.follow(Live(trained, live, np.array([UNTIL - DAY, UNTIL, UNTIL], np.int64)))
    assert after.candidates(shop.context(), 9).rows.tolist() == [2, 3, 1]


def test_behind_the_last_that_sells_the_newest_come_first_too() -> None:
    shop, (_, flooded) = shop_of([], OLD + 1), arrivals(*range(UNTIL - 100, UNTIL))
    rows = [row for row in flooded.candidates(shop.context(), 200).rows.tolist() if row > OLD]
    assert rows == list(range(OLD + 100, OLD, -1))
