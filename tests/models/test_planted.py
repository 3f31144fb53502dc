"""A floor under every model's quality: an answer is planted in a small shop, and the model finds it."""

from itertools import combinations

import numpy as np
import pytest

from model_data import UNTIL, Order, SmallShop, shop_of
from models.als import ALS
from models.bought_together import BoughtTogether
from models.buy_again import BuyAgain
from models.columns import number_column, tags_column, text_column
from models.item_neighbours import ItemNeighbours
from models.new_arrivals import NewArrivals
from models.popularity import CategoryPopularity, Popularity, StorePopularity
from models.recently_viewed import RecentlyViewed
from models.schema import DAY, UNKNOWN
from models.similar import Similar
from models.trends import Trending

LEFT, RIGHT = range(6), range(6, 12)


@pytest.fixture(scope="module")
def two_tastes() -> SmallShop:
    """Fifteen shoppers who buy four of products 0 to 5 each, fifteen who buy four of products 6 to 11."""
    sides = [list(combinations(LEFT, 4)), list(combinations(RIGHT, 4))]
    orders = [Order(15 * side + n, sides[side][n], age=1 + n) for side in (0, 1) for n in range(15)]
    return shop_of(orders, 12)


def test_als_offers_what_is_left_of_a_shoppers_own_taste(two_tastes: SmallShop) -> None:
    """The two products of her side that a shopper has not bought yet score above all of the other side."""
    model = ALS(factors=4, regularization=1.0).fit(two_tastes.data)
    for user in (0, 7, 15, 29):
        scores = model.score(two_tastes.context(user), np.arange(12, dtype=np.int32))
        own, other = (LEFT, RIGHT) if user < 15 else (RIGHT, LEFT)
        assert min(scores[own]) > max(scores[other])


def test_als_folds_a_stranger_in_by_the_cart(two_tastes: SmallShop) -> None:
    """Nobody's cart with two products of one side is answered with that side."""
    model = ALS(factors=4, regularization=1.0).fit(two_tastes.data)
    assert set(model.candidates(two_tastes.context(cart=[6, 9]), 6).rows.tolist()) == set(RIGHT)


def test_als_says_nothing_of_products_that_it_has_no_factors_for() -> None:
    """A product with fewer buyers than ``min_buyers`` is neither offered nor given a reason."""
    shop = shop_of([Order(user, [0, 1]) for user in range(4)] + [Order(0, [2])], 3)
    model, context = ALS(factors=2).fit(shop.data), shop.context(1)
    assert model.kept_.tolist() == [0, 1]
    assert model.fact(context, 2) is None
    assert model.fact(context, 1) is not None


def test_item_neighbours_of_a_page_are_bought_by_the_same_shoppers(two_tastes: SmallShop) -> None:
    """On a page of one side stands that side, and the reason names the page's product."""
    model = ItemNeighbours().fit(two_tastes.data)
    context = two_tastes.context(page=8)
    assert set(model.candidates(context, 10).rows.tolist()) == set(RIGHT) - {8}
    fact = model.fact(context, 9)
    assert fact is not None
    assert fact.values == {"product": 8}
    assert model.fact(context, 0) is None


def test_bought_together_finds_the_pair_not_the_bestseller() -> None:
    """Bread (0) is in every order; tea (1) and milk (2) are always together: milk comes first on the tea page."""
    orders = [Order(user, [0, 1, 2]) for user in range(40)] + [Order(user, [0, 3]) for user in range(40, 60)]
    orders += [Order(user, [0, 4]) for user in range(60, 120)]
    shop = shop_of(orders, 5)
    model = BoughtTogether(half_life=1e9).fit(shop.data)
    found = model.candidates(shop.context(page=1), 5).rows.tolist()
    assert found[:2] == [0, 2]
    assert found.index(2) < found.index(4)
    fact = model.fact(shop.context(page=1), 2)
    assert fact is not None
    assert fact.values == {"product": 1, "orders": 40, "times": 3.0}
    assert model.fact(shop.context(page=1), 0) is None, "bread goes with everything: no fact about tea"


def test_where_no_order_holds_two_products_a_shopper_is_the_basket() -> None:
    """A set of users and items: tea (1) and milk (2) are always had by the same, bread (0) by everybody."""
    sets = [[0, 1, 2]] * 10 + [[0, 3]] * 10
    shop = shop_of([Order(user, [product], age=0) for user, mine in enumerate(sets) for product in mine], 5)
    model = BoughtTogether(prior=1.0).fit(shop.data)
    found = model.candidates(shop.context(page=1), 5)
    assert set(found.rows.tolist()[:2]) == {0, 2}
    fact = model.fact(shop.context(page=1), 2)
    assert fact is not None
    assert fact.text.format(**fact.values) == "Bought with 1 by 10 shoppers, 2.0 times more often than chance"


def test_buy_again_puts_the_staple_first_and_waits_for_its_cycle() -> None:
    """Milk (0), bought each week, comes before salt (1), bought once; right after a purchase it counts less."""
    orders = [Order(user, [0], age=age) for user in range(30) for age in range(7 + user % 5, 120, 7)]
    orders += [Order(user, [1], age=30) for user in range(30)]
    shop = shop_of(orders, 2)
    model = BuyAgain().fit(shop.data)
    assert model.candidates(shop.context(0), 5).rows.tolist() == [0, 1]
    milk = np.array([0], np.int32)
    just_bought = shop.context(0, at=UNTIL - 7 * DAY + 3600)
    due = shop.context(0, at=UNTIL)
    assert model.score(just_bought, milk)[0] < model.score(due, milk)[0]
    fact = model.fact(due, 0)
    assert fact is not None
    assert fact.values == {"every": 7, "days": 7}


def test_similar_ranks_by_category_then_by_price() -> None:
    """On the page of a red wine for 10: the red wine for 11, the red for 80, then what shares only the tag."""
    shop = shop_of(
        [],
        8,
        {
            "category": text_column(["wine", "wine", "wine", "tea", "tea", "tea", "soap", "soap"]),
            "tags": tags_column([["red"], ["red"], ["red"], ["red"], [], [], [], []]),
            "price": number_column([10, 11, 80, 10, 3, 3, 2, None]),
            "name": text_column([f"n{row}" for row in range(8)]),
        },
    )
    model = Similar().fit(shop.data)
    assert model.candidates(shop.context(page=0), 8).rows.tolist() == [1, 3, 2]
    assert model.candidates(shop.context(recent=[4, 6]), 8).rows.tolist() == [7]
    assert model.fact(shop.context(page=0), 6) is None


def test_what_nearly_every_product_has_alone_is_no_likeness() -> None:
    """Article numbers, names and pictures make nothing similar; nor does what all products share."""
    columns = {
        "article": text_column([f"a{row}" for row in range(6)]),
        "image": text_column(["same.png"] * 6),
        "country": text_column(["IT"] * 6),
    }
    shop = shop_of([], 6, columns)
    assert len(Similar().fit(shop.data).candidates(shop.context(page=0), 6)) == 0


def test_popularity_counts_recent_orders() -> None:
    """Last week's bestseller comes before last year's, in the shop, in its store and in its category."""
    old = [Order(user, [0], age=360, store=0) for user in range(40)]
    new = [Order(user, [1], age=2, store=0) for user in range(10)] + [Order(50, [2], store=1)]
    shop = shop_of(old + new, 3, {"category": text_column(["a", "a", "b"])}, n_stores=2)
    assert Popularity().fit(shop.data).candidates(shop.context(), 3).rows.tolist() == [1, 2, 0]
    assert StorePopularity().fit(shop.data).candidates(shop.context(store=0), 3).rows.tolist() == [1, 0]
    assert StorePopularity().fit(shop.data).candidates(shop.context(store=1), 3).rows.tolist() == [2]
    by_category = CategoryPopularity().fit(shop.data)
    assert by_category.candidates(shop.context(page=0), 3).rows.tolist() == [1, 0]
    assert by_category.candidates(shop.context(cart=[0, 2]), 3).rows.tolist() == [2]
    assert len(by_category.candidates(shop.context(), 3)) == 0


def test_trending_finds_the_riser_not_the_bestseller() -> None:
    """Product 0 sells three a day as ever; product 1 sold once a week, and now once a day."""
    orders = [Order(UNKNOWN, [0], age=age / 3) for age in range(1, 180)]
    orders += [Order(UNKNOWN, [1], age=age) for age in range(8, 60, 7)]
    orders += [Order(UNKNOWN, [1], age=age) for age in (0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5)]
    shop = shop_of(orders, 2)
    model = Trending().fit(shop.data)
    assert model.candidates(shop.context(), 2).rows.tolist() == [1]
    fact = model.fact(shop.context(), 1)
    assert fact is not None
    assert fact.values["times"] > 3
    assert model.fact(shop.context(), 0) is None


def test_nothing_trends_where_no_weeks_came_before() -> None:
    """A shop with five days of data does not claim that anything sells faster than before."""
    shop = shop_of([Order(UNKNOWN, [0], age=age) for age in (1, 2, 3, 4, 5)], 2)
    assert len(Trending().fit(shop.data).candidates(shop.context(), 5)) == 0


def test_new_arrivals_go_by_the_catalogue_then_by_the_first_sale() -> None:
    """Product 1 came ten days ago by the catalogue, 2 was first sold five days ago, 3 comes tomorrow; 0 is old."""
    day = [UNTIL - 10 * DAY, UNTIL + DAY]
    columns = {"available_from": number_column([None, day[0], None, day[1]])}
    shop = shop_of([Order(0, [0, 1], age=200), Order(0, [2], age=5), Order(0, [0], age=1)], 4, columns)
    model = NewArrivals().fit(shop.data)
    assert model.candidates(shop.context(), 5).rows.tolist() == [2, 1]
    assert set(model.candidates(shop.context(at=UNTIL + 2 * DAY), 5).rows.tolist()) == {1, 2, 3}
    assert len(model.candidates(shop.context(at=UNTIL + 90 * DAY), 5)) == 0
    fact = model.fact(shop.context(), 1)
    assert fact is not None
    assert fact.values == {"days": 10}
    assert model.fact(shop.context(), 3) is None, "it is not here yet"
    assert model.fact(shop.context(at=UNTIL + 90 * DAY), 1) is None, "it is not new any more"


def test_new_arrivals_of_the_kinds_that_a_shopper_buys_come_first() -> None:
    """Tea and wine are new, wine sells better: who buys tea sees tea first, a stranger wine."""
    columns = {"category": text_column(["tea", "wine"] * 10)}
    old = [Order(user, [user % 2], age=200 - user) for user in range(40)]
    shop = shop_of(
        [*old, *(Order(UNKNOWN, [18], age=5) for _ in range(4)), *(Order(UNKNOWN, [19], age=5) for _ in range(6))],
        20,
        columns,
    )
    model = NewArrivals().fit(shop.data)
    assert model.candidates(shop.context(), 5).rows.tolist() == [19, 18]
    assert model.candidates(shop.context(0), 5).rows.tolist() == [18, 19]
    assert model.candidates(shop.context(1), 5).rows.tolist() == [19, 18]


def test_recently_viewed_is_the_session_last_first() -> None:
    """Each product once, at the place of its last look."""
    shop = shop_of([], 5)
    found = RecentlyViewed().fit(shop.data).candidates(shop.context(recent=[1, 2, 3, 2]), 9)
    assert found.rows.tolist() == [2, 3, 1]
    assert found.scores.tolist() == pytest.approx([1, 1 / 2, 1 / 3])
