"""What is held out where nothing has a time: the last order, a fifth of a set, a fifth of a log; and never what is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_data import Order, purchases_of
from models.columns import text_column
from models.schema import DAY, UNKNOWN, Purchases
from models.shop import Shop
from tiny_shop import TinyShop
from training.held_out import Split, held_out, hidden_parts, in_sequence, is_log, suited
from training.progress import SILENT
from training.read.shop_data import read_shop_data
from training.split import Requests, make_requests

NEVER = 0
"""The moment of every purchase in a shop without times."""


def timeless(orders: list[Order], n_products: int) -> Purchases:
    """Return the lines of ``orders`` with every time 0; a shopper's orders follow each other as they are listed."""
    plain = [Order(order.user, order.products, 0, order.store) for order in orders]
    return purchases_of(plain, n_products, until=NEVER)


def by_task(split: Split) -> dict[str, Requests]:
    return {one.task: one for one in split.requests}


def lines(purchases: Purchases) -> list[tuple[int, int]]:
    """Return (order, product) of each line, ascending."""
    return sorted(zip(purchases.order.tolist(), purchases.product.tolist(), strict=True))


def test_the_last_order_of_each_shopper_with_two_is_asked_for_and_not_known() -> None:
    """User 0 has three orders, user 1 one, nobody one: order 3 is hidden, and 5 is the only new product in it."""
    orders = [Order(0, [1, 2]), Order(1, [3, 4]), Order(0, [2]), Order(0, [2, 5]), Order(UNKNOWN, [6, 7])]
    split = hidden_parts(timeless(orders, 8), 1, 100, seed=1)
    assert lines(split.known) == [(0, 1), (0, 2), (1, 3), (1, 4), (2, 2), (4, 6), (4, 7)]
    found = by_task(split)
    assert list(found) == ["next-order", "discovery", "complements", "completing"]
    assert [truth.tolist() for truth in found["next-order"].truth] == [[2, 5]]
    assert [truth.tolist() for truth in found["discovery"].truth] == [[5]]
    assert found["next-order"].at.tolist() == [0], "the engine's own clock then"
    assert split.until == 1


def test_a_fifth_of_a_set_is_hidden_and_only_discovery_is_asked() -> None:
    """Twelve products: two are hidden, whether they are one order or twelve; four are too few to hide any."""
    for orders in (
        [Order(0, range(12)), Order(1, range(4))],
        [Order(0, [p]) for p in range(12)] + [Order(1, [p]) for p in range(4)],
    ):
        purchases = timeless(orders, 12)
        assert not in_sequence(purchases) and not is_log(purchases)
        split = hidden_parts(purchases, 1, 100, seed=1)
        assert list(by_task(split)) == ["discovery"]
        (truth,) = by_task(split)["discovery"].truth
        assert len(truth) == 2
        assert set(split.known.product[split.known.user == 0].tolist()) == set(range(12)) - set(truth.tolist())
        assert (split.known.user == 1).sum() == 4


def test_the_lines_of_a_log_are_asked_one_by_one_in_their_own_context() -> None:
    """Thirty lines of three products: six are hidden, three of them are asked for, each with its own weather."""
    purchases = timeless([Order(0, [number % 3]) for number in range(30)], 3)
    weather = text_column(["sun" if product == 0 else "rain" for product in purchases.product])
    purchases = Purchases(**{one: getattr(purchases, one) for one in Purchases.__slots__} | {"fields": {"w": weather}})
    assert is_log(purchases)
    split = hidden_parts(purchases, 1, 100, seed=1)
    assert len(split.known) == 24
    (asked,) = split.requests
    assert (asked.task, len(asked)) == ("next-order", 3), "nothing is new to this shopper"
    for number, truth in enumerate(asked.truth):
        assert asked.fields_of(number) == {"w": "sun" if truth.tolist() == [0] else "rain"}


def test_a_set_with_context_is_asked_line_by_line() -> None:
    """Two things liked in two weathers are two requests."""
    purchases = timeless([Order(0, [product]) for product in range(12)], 12)
    weather = text_column(["sun", "rain"] * 6)
    purchases = Purchases(**{one: getattr(purchases, one) for one in Purchases.__slots__} | {"fields": {"w": weather}})
    (asked,) = hidden_parts(purchases, 1, 100, seed=1).requests
    assert (asked.task, [len(truth) for truth in asked.truth]) == ("discovery", [1, 1])


def test_folds_share_no_shopper_and_leave_none_out() -> None:
    """Each shopper is asked in one fold, and known in full in all others."""
    purchases = timeless([Order(user, [user % 5, 5 + n]) for user in range(20) for n in range(3)], 8)
    folds = [hidden_parts(purchases, 1, 100, 3, fold, 4) for fold in range(4)]
    asked = [set(by_task(fold)["next-order"].user.tolist()) for fold in folds]
    assert sorted(user for users in asked for user in users) == list(range(20))
    for fold, users in zip(folds, asked, strict=True):
        count = np.bincount(fold.known.user, minlength=20)
        assert {user for user in range(20) if count[user] < 6} == users


def test_with_times_the_last_days_are_held_out(trained_shop: TinyShop) -> None:
    """The same requests as ever, and everything before them is known."""
    shop = trained_shop.shop
    purchases = purchases_of([Order(0, [1, 2], age=age) for age in (40, 30, 3)], 4)
    until = int(purchases.time.max()) + 1
    split = held_out(purchases, shop, until, 1)
    start = until - shop.evaluation.days * DAY
    again = make_requests(purchases, start, until, shop.evaluation.users, 1)
    assert [one.task for one in split.requests] == [one.task for one in again]
    assert (split.until, split.known.time.max() < start) == (start, True)


@pytest.mark.parametrize(("until", "days"), [("2026-10-09 18:00", (14, 14)), ("2026-04-21", (4, 2))])
def test_short_data_holds_fewer_days_out_and_says_so(trained_shop: TinyShop, until: str, days: tuple[int, int]) -> None:
    """Half a year is enough for the settings; of twenty days, four are held out and windows have two."""
    shop: Shop = trained_shop.shop
    moment = shop.moment(until)
    data = read_shop_data(shop, until=moment, now=trained_shop.clock(), rejects=None, progress=SILENT)
    fitting = suited(shop, data, moment)
    assert (fitting.evaluation.days, fitting.training.window_days) == days
    notes = [note for note in data.facts.tables["purchases"].notes if "held out" in note]
    assert len(notes) == (days != (14, 14))


shops = st.lists(
    st.builds(Order, st.integers(-1, 5), st.lists(st.integers(0, 9), min_size=1, max_size=5)), min_size=1, max_size=40
)


@settings(max_examples=80, deadline=None)
@given(shops, st.integers(1, 6), st.integers(0, 3), st.integers(1, 3))
def test_nothing_that_is_asked_is_known_and_nothing_else_is_lost(
    made: list[Order], users: int, fold: int, folds: int
) -> None:
    """For any shop: hidden and known lines are all lines, hidden ones are of few shoppers, discoveries are new."""
    purchases = timeless(made, 10)
    split = hidden_parts(purchases, 1, users, 7, min(fold, folds - 1), folds)
    before, after = np.bincount(purchases.user + 1, minlength=7), np.bincount(split.known.user + 1, minlength=7)
    assert (after <= before).all() and after[0] == before[0]
    assert (after < before).sum() <= users
    assert ((after > 0) == (before > 0)).all(), "nobody is forgotten"
    known = set(zip(split.known.user.tolist(), split.known.product.tolist(), strict=True))
    for asked in split.requests:
        for user, truth in zip(asked.user.tolist(), asked.truth, strict=True):
            assert len(truth)
            assert after[user + 1] < before[user + 1]
            if asked.task == "discovery":
                assert not known & {(user, product) for product in truth.tolist()}
