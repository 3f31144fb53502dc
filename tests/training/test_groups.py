"""Groups of shoppers: by the orders that were there before, and none that is too small to say something."""

import numpy as np

from model_data import UNTIL, Order, purchases_of
from models.schema import DAY, UNKNOWN
from training.groups import groups_of, orders_before
from training.split import make_requests

START = UNTIL - 14 * DAY


def test_orders_are_counted_and_not_lines() -> None:
    """User 0 has two orders of three lines, user 1 none, user 2 one; what nobody bought is nobody's."""
    orders = [Order(0, [1, 2], age=30), Order(0, [1], age=20), Order(2, [3], age=20), Order(UNKNOWN, [1], age=20)]
    assert orders_before(purchases_of(orders, 5, n_users=4)).tolist() == [2, 0, 1, 0]


def test_shoppers_lie_in_the_group_of_their_orders() -> None:
    """20 shoppers for each of 0, 1, 2, 10 and 11 orders before: 2 and 10 are both few."""
    counts = [0, 1, 2, 10, 11]
    orders = [
        Order(number * 20 + user, [1], age=30 + order)
        for number, count in enumerate(counts)
        for user in range(20)
        for order in range(count)
    ]
    purchases = purchases_of([*orders, *(Order(user, [2, 3], age=1) for user in range(100))], 5)
    task = make_requests(purchases, START, UNTIL, 100, 1)[0]
    found = groups_of(purchases.where(purchases.time < START), task)
    assert {name: np.flatnonzero(mask).tolist() for name, mask in found.items()} == {
        "new": list(range(20)),
        "one": list(range(20, 40)),
        "few": list(range(40, 80)),
        "many": list(range(80, 100)),
    }


def test_a_group_of_fewer_than_twenty_is_left_out() -> None:
    """19 shoppers are new, 20 are not."""
    old = [Order(user, [1], age=30) for user in range(20)]
    purchases = purchases_of([*old, *(Order(user, [2, 3], age=1) for user in range(39))], 5)
    task = make_requests(purchases, START, UNTIL, 100, 1)[0]
    found = groups_of(purchases.where(purchases.time < START), task)
    assert {name: int(mask.sum()) for name, mask in found.items()} == {"one": 20}
