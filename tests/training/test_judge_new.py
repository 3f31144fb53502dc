"""New products: which are new, and what lists did for them, by hand."""

import numpy as np
import pytest

from model_data import UNTIL, Order, purchases_of
from models.schema import DAY, UNKNOWN, Purchases
from training.judge_new import NewInLists, NewProducts, is_new, new_products
from training.split import Requests

PAST = [
    Order(0, [0, 1], age=60),
    Order(0, [2], age=28),
    Order(1, [1, 3], age=27.9),
    Order(UNKNOWN, [4], age=40),
    Order(1, [4], age=3),
]
"""Products 0, 1 and 4 were first sold long ago, 2 just not less than 28 days ago, 3 was not, 5 never."""


def known() -> Purchases:
    return purchases_of(PAST, 6)


def test_a_product_is_new_for_28_days_after_its_first_sale_and_before_it() -> None:
    """Whoever bought it; a product that was never sold is new too."""
    found = is_new(known(), UNTIL)
    assert found is not None
    assert found.tolist() == [False, False, True, True, False, True]
    later = is_new(known(), UNTIL + 1)
    assert later is not None
    assert later.tolist() == [False, False, False, True, False, True], "28 days and a second"


def test_nothing_is_told_where_sales_are_not_known_long_enough_or_have_no_times() -> None:
    """Everything would be new."""
    assert is_new(known(), UNTIL - 33 * DAY) is None
    assert is_new(known(), UNTIL - 31 * DAY) is not None
    assert is_new(purchases_of([Order(0, [1])], 2, until=DAY), UNTIL) is None, "every time is 0"


def test_found_and_places_are_those_counted_by_hand() -> None:
    """Two requests: 2 of 4 discoveries are new, one is shown; new products take 2 of 5 places, and 1 of 3."""
    none = np.full(2, UNKNOWN, np.int32)
    truth = (np.array([0, 3], np.int32), np.array([1, 5], np.int32))
    task = Requests("discovery", np.array([0, 1], np.int32), True, none, none, np.full(2, UNTIL), truth)
    mine = np.array([[3, 0, 1], [2, 4, UNKNOWN]])
    theirs = np.array([[0, 5, UNKNOWN], [1, UNKNOWN, UNKNOWN]])
    found = new_products(known(), UNTIL, task, {"you-may-also-like": mine, "new-arrivals": theirs})
    lists = (NewInLists("you-may-also-like", 1, 2 / 5), NewInLists("new-arrivals", 0, pytest.approx(1 / 3)))
    assert found == NewProducts(products=3, bought=2, share=0.5, lists=lists)
    assert found is not None
    assert found.plain()["lists"] == {
        "you-may-also-like": {"found": 1, "slots": 0.4},
        "new-arrivals": {"found": 0, "slots": 0.33333},
    }


def test_empty_lists_have_no_places() -> None:
    """Nothing was shown, nothing was found, and nothing is divided by nothing."""
    none = np.full(1, UNKNOWN, np.int32)
    task = Requests("discovery", none, True, none, none, np.full(1, UNTIL), (np.array([5], np.int32),))
    found = new_products(known(), UNTIL, task, {"new-arrivals": np.full((1, 10), UNKNOWN)})
    assert found == NewProducts(3, 1, 1.0, (NewInLists("new-arrivals", 0, 0.0),))
