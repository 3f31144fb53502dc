"""When purchases were made in a shop without times: orders are counted back, from training and from serving alike."""

from hypothesis import given, settings
from hypothesis import strategies as st

from model_data import UNTIL, Order, purchases_of
from models.histories import Histories
from models.moments import ORDER_DAYS, ages, moments, timed
from models.schema import DAY, NO_HISTORY, UNKNOWN

WEEK = ORDER_DAYS * DAY


def test_a_shop_with_times_keeps_them() -> None:
    """Moments are the times, and ages are days before the request."""
    purchases = purchases_of([Order(0, [1], age=3), Order(0, [2], age=1)], 3)
    assert timed(purchases)
    assert moments(purchases, UNTIL).tolist() == purchases.time.tolist()
    assert ages(Histories.of(purchases).of_user(0), UNTIL).tolist() == [3, 1]


def test_without_times_an_order_is_a_week() -> None:
    """Three orders of user 0 lie three, two and one week back; a single order of user 1 one; nobody's are now."""
    orders = [Order(0, [1, 2], 0), Order(0, [1], 0), Order(1, [1, 2], 0), Order(0, [3], 0), Order(UNKNOWN, [1, 2], 0)]
    purchases = purchases_of(orders, 4, until=0)
    assert not timed(purchases)
    back = [(1 - moment) // WEEK for moment in moments(purchases, 1).tolist()]
    told = sorted(zip(purchases.user.tolist(), purchases.order.tolist(), back, strict=True))
    assert told == [(-1, 4, 0), (-1, 4, 0), (0, 0, 3), (0, 0, 3), (0, 1, 2), (0, 3, 1), (1, 2, 1), (1, 2, 1)]


def test_where_every_line_is_an_order_nothing_came_first() -> None:
    """A set of users and items has no sequence: all are of one age."""
    purchases = purchases_of([Order(0, [product], 0) for product in range(4)], 4, until=0)
    assert moments(purchases, 1).tolist() == [1] * 4
    assert ages(Histories.of(purchases).of_user(0), UNTIL).tolist() == [0] * 4


def test_no_history_has_no_ages() -> None:
    """Somebody new."""
    assert ages(NO_HISTORY, UNTIL).tolist() == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Order, st.integers(-1, 3), st.lists(st.integers(0, 4), min_size=1, max_size=3), st.sampled_from([0, 0.0])
        ),
        max_size=20,
    ),
    st.integers(0, 2**31),
)
def test_training_and_serving_count_alike_whatever_the_clock(made: list[Order], at: int) -> None:
    """A shopper's ages at a request are the days between the moments of training and its end."""
    purchases = purchases_of(made, 5, until=0, n_users=4)
    table = Histories.of(purchases)
    for user in range(4):
        mine = purchases.user == user
        assert ages(table.of_user(user), at).tolist() == ((1 - moments(purchases, 1)[mine]) / DAY).tolist()
