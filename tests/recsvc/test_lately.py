"""What events of the last days say, on lines small enough to check by hand."""

import numpy as np
import pytest

from models.schema import DAY, NO_HISTORY, UNKNOWN, History
from recsvc.lately import CAMPAIGN, CART, LOOK_BACK, MOST_VIEWED, lately_of, with_orders
from recsvc.store.did import Did

AT, UNTIL = 1_000 * DAY, 990 * DAY
PRODUCTS = {"a": 0, "b": 1, "c": 2}


def did(kind: str, product: str | None, ago: float, **more: object) -> Did:
    """Return what was done so many days ago."""
    return Did(kind, int(AT - ago * DAY), product, **more)  # type: ignore[arg-type]


def history(*lines: tuple[int, float], order: int = 0) -> History:
    """Return lines of (product, days ago), an order each."""
    n = len(lines)
    return History(
        np.array([line[0] for line in lines], np.int32),
        np.array([AT - line[1] * DAY for line in lines], np.int64),
        np.arange(order, order + n, dtype=np.int32),
        np.ones(n, np.float32), np.full(n, np.nan, np.float32), np.full(n, UNKNOWN, np.int32),
    )  # fmt: skip


def joined(past: History, *orders: Did, until: int = UNTIL) -> History:
    """Return the history with ``orders``, oldest first."""
    found = sorted(orders, key=lambda one: one.time)
    return with_orders(past, found, until, AT, lambda one: PRODUCTS.get(one, UNKNOWN), lambda _: UNKNOWN)


def test_views_count_a_month_carts_a_week_and_a_coupon_a_day() -> None:
    old = [
        did("view", "a", LOOK_BACK / DAY + 1), did("cart", "a", CART / DAY + 1),
        did("coupon", None, CAMPAIGN / DAY + 1, campaign="OLD"),
    ]  # fmt: skip
    assert lately_of(old, AT) == lately_of([], AT)
    new = [did("view", "a", 2), did("cart", "b", 2), did("coupon", None, 0.5, campaign="NEW")]
    found = lately_of([*old, *new], AT)
    assert (found.recent, found.cart, found.campaign) == (("a",), ("b",), "NEW")


def test_the_last_views_and_the_last_coupon_count_and_what_was_taken_out_or_bought_left_the_cart() -> None:
    many = [did("view", f"p{n}", 1) for n in range(MOST_VIEWED + 5)]
    assert lately_of(many, AT).recent == tuple(one.product_id for one in many[5:])
    steps = [("cart", "a"), ("cart", "b"), ("cart", "c"), ("remove-from-cart", "a"), ("purchase", "b"), ("cart", "a")]
    assert lately_of([did(kind, product, 1) for kind, product in steps], AT).cart == ("c", "a")


def test_purchases_after_the_training_are_appended_as_orders_of_their_own() -> None:
    """Lines of one order share a number; the price, the pieces and the order of time are kept."""
    past = history((0, 20), (1, 15), order=5)
    found = joined(
        past,
        did("purchase", "c", 2, order_id="x", quantity=3.0, price=1.5),
        did("purchase", "a", 2, order_id="x"),
        did("purchase", "b", 1, event_id="alone"),
        did("purchase", "nobody knows", 1),
    )
    assert found.product.tolist() == [0, 1, 2, 0, 1]
    assert found.order.tolist() == [5, 6, 7, 7, 8]
    assert found.quantity.tolist() == [1, 1, 3, 1, 1] and found.price[2] == 1.5
    assert [part.dtype for part in (found.time, found.price, found.store)] == [np.int64, np.float32, np.int32]


def test_without_purchases_the_history_is_the_very_same() -> None:
    past = history((0, 20))
    assert joined(past) is past


def test_a_purchase_before_the_end_of_the_training_counts_where_the_history_does_not_have_it() -> None:
    """Within a day, whatever the shop's files say of the hour; each line stands for one event."""
    past = history((0, 20), (1, 12))
    assert joined(past, did("purchase", "a", 20.4)).product.tolist() == [0, 1]
    assert joined(past, did("purchase", "a", 18)).product.tolist() == [0, 0, 1]
    assert joined(past, did("purchase", "a", 20.4), did("purchase", "a", 20.2)).product.tolist() == [0, 0, 1]
    assert joined(past, did("purchase", "b", 11.5)).product.tolist() == [0, 1]
    assert joined(past, did("purchase", "b", 9.9)).product.tolist() == [0, 1, 1]


def test_a_return_takes_pieces_off_the_order_that_it_names_or_off_the_newest() -> None:
    bought = [did("purchase", "a", 5, order_id="x", quantity=2.0), did("purchase", "a", 4, order_id="y")]
    assert joined(NO_HISTORY, *bought, did("refund", "a", 1, order_id="x")).quantity.tolist() == [1, 1]
    assert joined(NO_HISTORY, *bought, did("refund", "a", 1)).quantity.tolist() == [2]
    assert joined(NO_HISTORY, *bought, did("refund", "a", 1, quantity=9.0)).quantity.tolist() == []
    assert len(joined(NO_HISTORY, did("refund", "a", 1))) == 0


def test_a_return_of_what_was_trained_on_counts_after_the_end_of_the_training_only() -> None:
    """Those before it are in the trained purchases already."""
    past = history((0, 30), (0, 20), (1, 15))
    assert joined(past, did("refund", "a", 1)).time.tolist() == [AT - 30 * DAY, AT - 15 * DAY]
    assert joined(past, did("refund", "a", 16)).product.tolist() == [0, 0, 1]
    assert joined(past, did("refund", "c", 1)).product.tolist() == [0, 0, 1]


@pytest.mark.parametrize("ago", [0, -1])
def test_a_purchase_of_this_moment_lies_before_it(ago: float) -> None:
    found = joined(NO_HISTORY, did("purchase", "a", ago))
    assert found.time.tolist() == [AT - 1] and len(found.before(AT)) == 1


def test_in_a_shop_without_times_live_purchases_have_none_and_known_products_stay_as_they_are() -> None:
    past = History(*(part if name != "time" else np.zeros(1, np.int64) for name, part in (
        (name, getattr(history((0, 1)), name)) for name in ("product", "time", "order", "quantity", "price", "store")
    )))  # fmt: skip
    found = joined(past, did("purchase", "a", 1), did("purchase", "b", 1), until=1)
    assert found.product.tolist() == [0, 1] and found.time.tolist() == [0, 0]
