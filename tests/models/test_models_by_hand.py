"""Figures of the models, worked out by hand on a handful of orders."""

import numpy as np
import pytest

from model_data import UNTIL, Order, purchases_of, shop_of
from models.als import ALS
from models.base import Fitting
from models.bought_together import BoughtTogether
from models.buy_again import BuyAgain
from models.columns import text_column
from models.interactions import Weighting, tastes, user_items
from models.item_neighbours import ItemNeighbours
from models.popularity import CategoryPopularity, Popularity, StorePopularity
from models.schema import DAY, UNKNOWN

FIVE = [
    Order(0, [0, 1]),
    Order(1, [0, 1, 2]),
    Order(2, [0, 2]),
    Order(3, [1]),
    Order(UNKNOWN, [0, 1]),
]
FLAT = 1e12
"""A half-life after which everything counts 1."""


def test_pair_counts_of_five_orders() -> None:
    """0 and 1 share three orders, 0 and 2 two, 1 and 2 one; the anonymous order counts like any other."""
    model = BoughtTogether(half_life=FLAT).fit(shop_of(FIVE, 4).data)
    assert model.orders_.tolist() == pytest.approx([4, 4, 2, 0])
    assert model.share_.tolist() == pytest.approx([0.8, 0.8, 0.4, 0])
    lists = model.lists_
    assert lists is not None
    assert [lists.list(row).rows.tolist() for row in range(4)] == [[1, 2], [0, 2], [0, 1], []]
    assert [lists.list(row).scores.tolist() for row in range(4)] == [
        pytest.approx([3, 2]), pytest.approx([3, 1]), pytest.approx([2, 1]), [],
    ]  # fmt: skip


def test_the_probability_is_drawn_to_the_share_by_the_prior() -> None:
    """P(1 | 0) = (3 + 10 * 0.8) / (4 + 10); a cart of two seeds takes the mean of both."""
    shop = shop_of(FIVE, 4)
    model = BoughtTogether(half_life=FLAT, prior=10).fit(shop.data)
    one, two = np.array([1], np.int32), np.array([2], np.int32)
    assert model.score(shop.context(page=0), one)[0] == pytest.approx(11 / 14)
    both = ((2 + 10 * 0.4) / 14 + (1 + 10 * 0.4) / 14) / 2
    assert model.score(shop.context(cart=[0, 1]), two)[0] == pytest.approx(both)
    uneven = ((3 + 10 * 0.8) / 14 + (1 + 10 * 0.8) / 12) / 2
    assert model.score(shop.context(cart=[0, 2]), one)[0] == pytest.approx(uneven)
    unknown = shop.context(page=3)
    assert model.score(unknown, two)[0] == pytest.approx(0.4), "no order of the seed: the share alone"


def test_pairs_of_an_old_order_count_less() -> None:
    """An order one half-life old counts one half in pairs and in orders."""
    shop = shop_of([Order(0, [0, 1], age=0), Order(0, [0, 1], age=10)], 2)
    model = BoughtTogether(half_life=10).fit(shop.data)
    assert model.orders_.tolist() == pytest.approx([1.5, 1.5])
    assert model.share_.tolist() == pytest.approx([1, 1])


def test_a_huge_order_is_cut_and_blocks_change_no_count() -> None:
    """Only the first ``largest`` products of an order make pairs."""
    model = BoughtTogether(half_life=FLAT, largest=3).fit(shop_of([Order(0, range(6))], 6).data)
    lists = model.lists_
    assert lists is not None
    assert [len(lists.list(row)) for row in range(6)] == [2, 2, 2, 0, 0, 0]


def test_popularity_is_the_share_of_orders() -> None:
    """A product on two lines of one order is in one order: of five orders four hold it."""
    shop = shop_of([*FIVE[:4], Order(UNKNOWN, [0, 0, 1])], 4)
    model = Popularity(half_life=FLAT).fit(shop.data)
    assert model.score(shop.context(), np.arange(4, dtype=np.int32)).tolist() == pytest.approx([0.8, 0.8, 0.4, 0])
    facts = [model.fact(shop.context(), row) for row in range(4)]
    assert [fact.values["place"] if fact else None for fact in facts] == [1, 1, 3, None]


def test_popularity_fades_by_half_lives() -> None:
    """An order one half-life old weighs one half: shares 1 / 1.5 and 0.5 / 1.5."""
    shop = shop_of([Order(0, [0], age=0), Order(0, [1], age=30)], 2)
    found = Popularity(half_life=30).fit(shop.data).candidates(shop.context(), 2)
    assert found.scores.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_a_shop_that_stopped_selling_long_ago_keeps_its_bestsellers() -> None:
    """Thirty years after the last order the shares are what they were."""
    orders = [Order(0, [0], age=10_950), Order(0, [0], age=10_950), Order(0, [1], age=10_950)]
    found = Popularity().fit(shop_of(orders, 2).data).candidates(shop_of(orders, 2).context(), 2)
    assert found.scores.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_a_store_with_few_orders_is_drawn_to_the_whole_shop() -> None:
    """Store 1 sold product 0 in its only order: (1 + 4 * 3/4) / (1 + 4); the line without a store counts overall."""
    orders = [Order(0, [0], store=1), Order(0, [0]), Order(0, [0, 1], store=0), Order(0, [1], store=0)]
    shop = shop_of(orders, 3, n_stores=2)
    model = StorePopularity(half_life=FLAT, prior=4).fit(shop.data)
    assert model.candidates(shop.context(store=1), 5).rows.tolist() == [0]
    assert model.score(shop.context(store=1), np.array([0, 1], np.int32)).tolist() == pytest.approx([0.8, 0])
    zero, one = (1 + 4 * 0.75) / 6, (2 + 4 * 0.5) / 6
    assert model.score(shop.context(store=0), np.array([0, 1], np.int32)).tolist() == pytest.approx([zero, one])
    fact = model.fact(shop.context(store=0), 1)
    assert fact is not None
    assert fact.values == {"place": 2}, "a tie goes to the lower row"
    assert model.fact(shop.context(), 1) is None


def test_category_shares_count_an_order_once_for_each_category() -> None:
    """Two orders hold category a, one of them with both of its products."""
    orders = [Order(0, [0, 1]), Order(1, [0, 2])]
    shop = shop_of(orders, 3, {"category": text_column(["a", "a", "b"])})
    model = CategoryPopularity(half_life=FLAT, prior=0).fit(shop.data)
    assert model.score(shop.context(page=1), np.arange(3, dtype=np.int32)).tolist() == pytest.approx([1, 0.5, 0])


def test_the_personal_rate_is_the_share_of_the_shoppers_orders() -> None:
    """Two of four orders hold product 0, one on two lines; with no timing the rate is the score."""
    orders = [Order(0, [0, 0], age=4), Order(0, [0, 1], age=3), Order(0, [1], age=2), Order(0, [2], age=1)]
    shop = shop_of(orders, 3)
    model = BuyAgain(half_life=FLAT, timing=0).fit(shop.data)
    assert model.score(shop.context(0), np.arange(3, dtype=np.int32)).tolist() == pytest.approx([0.5, 0.5, 0.25])


def test_orders_at_one_moment_stay_apart() -> None:
    """Two orders of the same second, whose lines lie mixed, are two orders."""
    shop = shop_of([Order(0, [0, 2], age=1), Order(0, [1, 2], age=1)], 3)
    model = BuyAgain(timing=0).fit(shop.data)
    assert model.score(shop.context(0), np.arange(3, dtype=np.int32)).tolist() == pytest.approx([0.5, 0.5, 1])


def test_the_hazard_is_low_right_after_a_purchase_and_peaks_at_the_usual_gap() -> None:
    """Everybody buys each ten days: repurchases at a share of 1 of the gap, none before."""
    orders = [Order(user, [0], age=age) for user in range(20) for age in range(5, 100, 10)]
    model = BuyAgain().fit(shop_of(orders, 1).data)
    assert model.gap_ is not None
    assert model.gap_[0] == pytest.approx(10)
    assert len(model.hazard_) == BuyAgain.BINS
    assert np.argmax(model.hazard_) == 8, "the bin from 8/8 to 9/8 of the gap"
    assert model.hazard_[:7].max() < 0.2 < 1 < model.hazard_[8]


def test_purchases_of_one_day_are_no_gap() -> None:
    """Bought twice on one day and never again: the shop's usual gap stays the default of 30 days."""
    model = BuyAgain().fit(shop_of([Order(0, [0], age=1.5), Order(0, [0], age=1.6)], 1).data)
    assert model.gap_ is not None
    assert model.gap_[0] == pytest.approx(30)


def test_two_visits_around_midnight_are_no_short_cycle() -> None:
    """An hour apart on two days counts as half a day at least."""
    model = BuyAgain().fit(shop_of([Order(0, [0], age=1.02), Order(0, [0], age=0.98)], 1).data)
    assert model.gap_ is not None
    assert model.gap_[0] == pytest.approx(0.5)


def test_a_shop_without_times_still_knows_what_is_bought_again() -> None:
    """All times 0, asked today: an order counts as a week, and the reason names no number of days."""
    orders = [Order(0, [0, 1], age=0), Order(0, [0], age=0)]
    shop = shop_of(orders, 2, until=0)
    data = Fitting(shop.data.purchases, shop.data.catalogue, 1)
    model, context = BuyAgain().fit(data), shop.context(0, at=1)
    later = type(context)(UNTIL, 0, history=context.history)
    assert model.candidates(later, 2).rows.tolist() == [0, 1]
    milk, salt = model.score(later, np.array([0, 1], np.int32))
    older = 2 ** (-7 / 80)  # the weight of the order before the last
    assert salt / milk == pytest.approx(older / (1 + older))
    fact = model.fact(later, 0)
    assert fact is not None
    assert fact.values == {}


def test_the_matrix_has_one_cell_a_user_and_product() -> None:
    """Cells are log(1 + faded purchases); anonymous lines have no row; binary cells are 1."""
    data = shop_of([Order(0, [0, 0, 1], age=0), Order(UNKNOWN, [1]), Order(1, [1], age=365)], 2).data
    matrix = user_items(data, Weighting()).toarray()
    assert matrix.tolist() == [pytest.approx(np.log([3, 2])), pytest.approx([0, np.log(1.5)])]
    assert user_items(data, Weighting(binary=True)).toarray().tolist() == [[1, 1], [0, 1]]


def test_tastes_are_purchases_and_the_session() -> None:
    """Purchases fade by age, the session by steps back; each product once, ascending."""
    shop = shop_of([Order(0, [3], age=365)], 4)
    rows, weights = tastes(shop.context(0, recent=[0, 1], cart=[2]), Weighting())
    assert rows.tolist() == [0, 1, 2, 3]
    assert weights.tolist() == pytest.approx(np.log1p([2 ** (-2 / 3), 2 ** (-1 / 3), 1, 0.5]).tolist())


def test_likeness_with_full_damping_is_the_cosine() -> None:
    """Buyers of 0: three, of 1: two, of 2: one; without damping it is the number of common buyers."""
    shop = shop_of([Order(0, [0, 1]), Order(1, [0, 1]), Order(2, [0, 2])], 3)
    context, rows = shop.context(page=0), np.arange(3, dtype=np.int32)
    cosine = ItemNeighbours(damping=1, weighting=Weighting(binary=True)).fit(shop.data)
    assert cosine.score(context, rows).tolist() == pytest.approx([0, 2 / 6**0.5, 1 / 3**0.5])
    common = ItemNeighbours(damping=0, weighting=Weighting(binary=True)).fit(shop.data)
    assert common.score(context, rows).tolist() == pytest.approx([0, 2, 1])


def test_a_shopper_is_folded_in_by_the_papers_equation() -> None:
    """x = (Y'Y + Y'(C - I)Y + regularization * I)^-1 Y'Cp, with C = 1 + alpha on what was bought."""
    shop = shop_of([Order(user, [user % 5, (user + 1) % 5]) for user in range(20)], 5)
    model = ALS(factors=3, regularization=0.5, alpha=4.0).fit(shop.data)
    items = model.item_factors_
    assert items is not None
    bought = np.array([1.0, 1, 0, 0, 0])
    confidence = np.diag(1 + 4.0 * bought)
    normal = items.T @ confidence @ items + 0.5 * np.eye(3)
    expected = items @ np.linalg.solve(normal, items.T @ confidence @ bought)
    found = model.score(shop.context(0), np.arange(5, dtype=np.int32))
    assert found.tolist() == pytest.approx(np.maximum(expected, 0).tolist(), rel=1e-3, abs=1e-5)


def test_the_builders_keep_the_promise_of_purchases() -> None:
    """Lines are sorted by user, then time, then product, and anonymous ones come first."""
    lines = purchases_of([Order(1, [2, 0]), Order(UNKNOWN, [1], age=5), Order(1, [1], age=9)], 3)
    assert lines.user.tolist() == [UNKNOWN, 1, 1, 1]
    assert lines.product.tolist() == [1, 1, 0, 2]
    assert (lines.n_users, lines.n_orders, len(lines)) == (2, 3, 4)
    assert lines.time[1] == UNTIL - 9 * DAY
