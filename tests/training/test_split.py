"""The tasks that versions are judged by: what is asked, what counts as found, and that nothing looks ahead."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_data import UNTIL, Order, purchases_of
from models.columns import number_column, text_column
from models.schema import DAY, UNKNOWN, Purchases
from training.split import TASKS, Requests, make_requests

WINDOW = 14
START = UNTIL - WINDOW * DAY


def tasks_of(purchases: Purchases, users: int = 100, seed: int = 1) -> dict[str, Requests]:
    return {task.task: task for task in make_requests(purchases, START, UNTIL, users, seed)}


def truths(task: Requests) -> list[list[int]]:
    return [found.tolist() for found in task.truth]


@pytest.fixture
def tasks() -> dict[str, Requests]:
    """Two shoppers with a past and one without; user 0's first order in the window has one product only."""
    orders = [
        Order(0, [1, 2], age=30, store=0),
        Order(0, [3], age=10, store=1),
        Order(0, [1, 4], age=5, store=1),
        Order(0, [2, 5], age=2),
        Order(1, [3], age=40),
        Order(1, [3], age=3),
        Order(2, [5, 6, 7], age=1, store=0),
        Order(UNKNOWN, [1, 2], age=4),
    ]
    return tasks_of(purchases_of(orders, 8, n_stores=2))


def test_every_task_is_judged_by_a_carousel_of_its_own(tasks: dict[str, Requests]) -> None:
    """The tasks come in the order in which the page on quality tells them; the last two where many are new."""
    assert [*tasks, "session", "first-order"] == list(TASKS)


def test_next_order_is_the_first_order_of_two_products_of_each_shopper(tasks: dict[str, Requests]) -> None:
    """User 0's single product of ten days ago is no such order, user 1 has none at all, nobody is not asked for."""
    task = tasks["next-order"]
    assert task.user.tolist() == [0, 2]
    assert truths(task) == [[1, 4], [5, 6, 7]]
    assert task.at.tolist() == [UNTIL - 5 * DAY, UNTIL - DAY]
    assert task.store.tolist() == [1, 0]
    assert (task.known, task.page.tolist()) == (True, [UNKNOWN, UNKNOWN])


def test_discovery_is_what_a_shopper_with_a_past_never_bought_before(tasks: dict[str, Requests]) -> None:
    """User 0 found 3, 4 and 5; user 1 bought the same as ever; user 2 is new, so that nothing of hers is a discovery."""
    task = tasks["discovery"]
    assert task.user.tolist() == [0]
    assert truths(task) == [[3, 4, 5]]
    assert task.at.tolist() == [UNTIL - 10 * DAY], "asked at the first purchase in the window"
    assert task.store.tolist() == [1]


def test_complements_and_completing_ask_for_the_rest_of_an_order(tasks: dict[str, Requests]) -> None:
    """One product of the order is the page, the others are the truth; only completing names the shopper."""
    unknown, known = tasks["complements"], tasks["completing"]
    for task in (unknown, known):
        whole = [sorted([int(page), *rest]) for page, rest in zip(task.page, truths(task), strict=True)]
        assert whole == [[1, 4], [5, 6, 7]]
    assert (unknown.known, known.known) == (False, True)
    assert unknown.page.tolist() == known.page.tolist()


def test_a_request_has_the_context_of_its_own_first_line() -> None:
    """Of the order that is asked for, or of the first purchase in the window; what is unknown is left out."""
    orders = [Order(0, [1], age=30), Order(0, [3], age=10), Order(0, [1, 4], age=5), Order(1, [2, 5], age=4)]
    bare = purchases_of(orders, 6)
    places = text_column(["home", "train", "work", "home", None, "shop"])
    told = tasks_of(replace(bare, fields={"place": places, "degrees": number_column([1, 2, 3, 4, 0, None])}))
    work, known = {"place": "work", "degrees": 3.0}, {"degrees": 0.0}
    for name in ("next-order", "complements", "completing"):
        assert [told[name].fields_of(number) for number in range(len(told[name]))] == [work, known]
    assert [told["discovery"].fields_of(0)] == [{"place": "train", "degrees": 2.0}]
    assert [tasks_of(bare)[name].fields_of(0) for name in tasks_of(bare)] == [{}] * 4


def test_a_session_is_asked_for_its_second_half_where_most_shoppers_are_new() -> None:
    """Users 1 and 2 came in the window, user 0 was there before; the lines of an order lie in their order of time."""
    session = purchases_of([Order(1, [6], age=2.0), Order(1, [4], age=1.9), Order(1, [5], age=1.8)], 8)
    session = replace(session, order=np.zeros(3, np.int32))
    task = tasks_of(session)["session"]
    assert (task.user.tolist(), task.known, task.page.tolist()) == ([1], False, [UNKNOWN])
    assert [recent.tolist() for recent in task.recent] == [[6]]
    assert truths(task) == [[4, 5]]
    old = [Order(0, [1, 2], age=30), Order(0, [1, 3], age=2)]
    assert "session" not in tasks_of(purchases_of([*old, Order(1, [4, 5], age=1)], 8))
    assert "session" in tasks_of(purchases_of([*old, Order(1, [4, 5], age=1), Order(2, [4, 5], age=1)], 8))


def test_the_first_orders_of_newcomers_are_asked_for_without_a_name() -> None:
    """Users 0 to 19 come in the window, each with an order of two products after one of one; user 20 was there before."""
    fresh = [Order(user, products, age) for user in range(20) for products, age in (([1], 9), ([2, 3], 5), ([4, 5], 1))]
    purchases = purchases_of([*fresh, Order(20, [6], age=30), Order(20, [6, 7], age=3)], 8)
    task = tasks_of(purchases)["first-order"]
    assert (task.user.tolist(), task.known, set(task.page.tolist())) == (list(range(20)), False, {UNKNOWN})
    assert truths(task) == [[2, 3]] * 20
    assert set(task.at.tolist()) == {UNTIL - 5 * DAY}
    assert len(tasks_of(purchases, 7)["first-order"]) == 7


def test_a_week_with_fewer_newcomers_is_not_judged_by_them() -> None:
    """Nineteen say nothing yet."""
    assert "first-order" not in tasks_of(purchases_of([Order(user, [2, 3], age=5) for user in range(19)], 8))


def test_an_order_with_a_product_twice_is_no_order_of_two() -> None:
    """Two lines of one product have nothing to complete."""
    assert not tasks_of(purchases_of([Order(0, [3, 3], age=2)], 4))


@pytest.mark.parametrize(
    "orders",
    [
        [],
        [Order(0, [1, 2], age=30)],
        [Order(UNKNOWN, [1, 2], age=3)],
        [Order(0, [1, 2], age=0), Order(0, [1, 2], age=-1)],
    ],
    ids=["no purchase", "none in the window", "nobody known", "at the end and later"],
)
def test_without_anything_to_ask_there_is_no_task(orders: list[Order]) -> None:
    """An empty task would be a division by nothing."""
    assert tasks_of(purchases_of(orders, 4)) == {}


def test_the_window_begins_at_its_start_and_ends_before_its_end() -> None:
    """A purchase at the very start is asked for, one at the very end is not."""
    orders = [Order(0, [1, 2], age=WINDOW), Order(1, [1, 2], age=0)]
    assert tasks_of(purchases_of(orders, 4))["next-order"].user.tolist() == [0]


def test_no_more_shoppers_than_wanted_are_drawn_and_the_seed_decides_which() -> None:
    """The same seed draws the same shoppers and pages, another one others."""
    orders = [Order(user, [user % 5, 5, 6], age=age) for user in range(200) for age in (20, 3)]
    purchases = purchases_of(orders, 8)
    drawn, again, other = tasks_of(purchases, 20), tasks_of(purchases, 20), tasks_of(purchases, 20, seed=2)
    for name, task in drawn.items():
        assert len(task) == len(np.unique(task.user)) == 20
        assert task.user.tolist() == sorted(task.user.tolist()) == again[name].user.tolist()
        assert task.page.tolist() == again[name].page.tolist()
    assert drawn["next-order"].user.tolist() != other["next-order"].user.tolist()


orders = st.lists(
    st.builds(
        Order,
        st.integers(-1, 5),
        st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True),
        st.floats(0.01, 40).map(lambda age: round(age, 2)),
        st.integers(-1, 2),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(orders, st.integers(1, 8), st.integers(0, 5))
def test_every_request_lies_in_the_window_and_asks_for_what_was_bought_there(
    made: list[Order], users: int, seed: int
) -> None:
    """Also for shops that nobody thought of: no truth is empty, none was bought outside of the window, none is the page."""
    purchases = purchases_of(made, 10, n_users=6, n_stores=3)
    bought = {
        (int(user), int(product))
        for user, product, time in zip(purchases.user, purchases.product, purchases.time, strict=True)
        if START <= time < UNTIL
    }
    for task in tasks_of(purchases, users, seed).values():
        assert 1 <= len(task) <= users
        assert ((task.at >= START) & (task.at < UNTIL)).all()
        for user, page, truth in zip(task.user.tolist(), task.page.tolist(), truths(task), strict=True):
            assert truth == sorted(set(truth)) and truth and page not in truth
            assert {(user, product) for product in truth} <= bought
