"""The compiled loops against plain Python."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.compiled import isin, kernels, places_in
from models.schema import Floats, Ints, Longs

ROWS = st.lists(st.integers(0, 2**31 - 1) | st.integers(0, 40), max_size=60)


def ints(*values: int) -> Ints:
    return np.array(values, np.int32)


@given(ROWS, ROWS)
def test_a_row_is_found_where_it_stands_first_and_nothing_else_is(own: list[int], wanted: list[int]) -> None:
    found = [own.index(one) if one in own else -1 for one in wanted]
    assert places_in(ints(*own), ints(*wanted)).tolist() == found
    assert isin(ints(*wanted), ints(*own)).tolist() == [one in own for one in wanted]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=40), st.lists(st.integers(0, 11), max_size=20)
)
def test_of_what_was_told_of_a_product_the_first_that_holds_counts(
    told: list[tuple[int, int]], wanted: list[int]
) -> None:
    told.sort(key=lambda one: one[0])
    starts, ends, at = np.arange(6, dtype=np.int64), np.arange(6, dtype=np.int64) + 3, 4
    out = np.empty(len(wanted), np.int32)
    product, what = ints(*(row for row, _ in told)), np.array([kind for _, kind in told], np.uint8)
    kernels().holding(product, what, starts, ends, 0, len(told), at, ints(*wanted), out)
    for row, found in zip(wanted, out.tolist(), strict=True):
        holding = [kind for product_row, kind in told if product_row == row and starts[kind] <= at < ends[kind]]
        assert found == (holding[0] if holding else -1)


LISTS = st.lists(st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0.1, 0.25, 0.7])), max_size=6), max_size=5)


def lists_of(told: list[list[tuple[int, float]]]) -> tuple[Longs, Ints, Floats]:
    ptr = np.cumsum([0, *(len(one) for one in told)]).astype(np.int64)
    flat = [entry for one in told for entry in one]
    return ptr, ints(*(row for row, _ in flat)), np.array([score for _, score in flat], np.float32)


@given(LISTS, st.lists(st.integers(-1, 6), max_size=6), st.lists(st.integers(0, 14), max_size=20))
def test_what_lists_share_with_products_is_summed_in_their_order(
    told: list[list[tuple[int, float]]], keys: list[int], wanted: list[int]
) -> None:
    """A product that is asked for twice gets its sum twice; a key outside has no list."""
    ptr, rows, scores = lists_of(told)
    out = np.empty(len(wanted))
    kernels().shared(ptr, rows, scores, ints(*keys), 0.3, ints(*wanted), out)
    entries = [entry for key in keys if 0 <= key < len(told) for entry in told[key]]
    for row, found in zip(wanted, out.tolist(), strict=True):
        total = 0.0
        for other, score in entries:
            total += float(np.float32(score) / np.float32(0.3)) if other == row else 0.0
        assert found == total


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1)), max_size=30))
def test_distinct_rows_are_told_in_order_of_appearance_with_their_sums(pairs: list[tuple[int, float]]) -> None:
    rows, scores = ints(*(row for row, _ in pairs)), np.array([score for _, score in pairs], np.float64)
    own, out = np.empty(len(pairs), np.int32), np.empty(len(pairs))
    n = kernels().sums(rows, scores, own, out)
    assert own[:n].tolist() == list(dict.fromkeys(rows.tolist()))
    assert out[:n].tolist() == np.bincount(rows, scores, 10)[own[:n]].tolist()


def test_what_completes_an_order_is_its_share_and_what_speaks_for_it_but_never_the_seed() -> None:
    """Product 9 came after the training and has no share of its own."""
    share, out = np.array([0.5, 0.25, 0.125], np.float32), np.empty(4, np.float32)
    kernels().paired(ints(1, 9, 0), np.array([0.5, 0.25, 7.0]), share, 0.5, ints(0), ints(2, 1, 9, 0), out)
    assert out.tolist() == [0.0625, 0.625, 0.25, 0]


def test_a_shopper_s_orders_are_counted_once_for_each_product() -> None:
    """Wine twice in the older order and once in the newer, tea in the older one only."""
    wine, tea = 7, 3
    own, rate, last = np.empty(4, np.int32), np.empty(4), np.empty(4)
    starts, age, faded = np.array([True, False, False, True]), np.array([9.0, 9, 9, 2]), np.array([0.25] * 3 + [0.5])
    n = kernels().rates(ints(wine, tea, wine, wine), starts, age, faded, own, rate, last)
    assert own[:n].tolist() == [wine, tea]
    assert rate[:n].tolist() == [0.75, 0.25] and last[:n].tolist() == [2, 9]


def test_a_history_is_counted_by_order_and_told_of_the_products_that_are_asked_about() -> None:
    """Orders 10 and 4 days ago: wine twice in the first and once in the second, tea in the second only."""
    wine, tea, beer = 7, 3, 5
    codes, price = np.arange(8, dtype=np.int32), np.array([0, 0, 0, 3, 0, 1, 0, 2], np.float32)
    age, orders = np.array([10.0, 10.0, 4.0, 4.0]), np.array([0, 0, 1, 1], np.int64)
    faded, totals = np.tile([0.25, 0.25, 0.5, 0.5], (3, 1)), np.full(3, 0.75)
    here, more = np.array([True, False]), np.array([[1.0, 3.0, 2.0, 4.0], [0.5, np.nan, 1.5, np.nan]])
    out: Floats = np.full((42, 3), np.nan, np.float32)
    kernels().history(
        ints(wine, wine, wine, tea), ints(beer, wine, tea), *[codes] * 4, orders, age, np.array([10.0, 4.0]), faded,
        totals, here, more, np.full(3, 8, np.float32), price, out,
    )  # fmt: skip
    product, kind, own = out[:7].T, out[7:14].T, out[35:].T
    assert product[0, :4].tolist() == [0, 0, 0, 0] and np.isnan(product[0, 4:]).all(), "beer was never bought"
    assert product[1].tolist() == [1, 1, 1, 2, 4, np.float32(4 / 6), 0.5], (
        "in both orders, six days apart, four days ago"
    )
    assert product[2, :5].tolist() == [*[np.float32(0.5 / 0.75)] * 3, 1, 4] and np.isnan(product[2, 5])
    assert kind[1, 6] == 1.0 and kind[2, 6] == 0.5, "the share of the orders"
    assert own[1].tolist() == [1, 1, 2, 2, 0.5, 1, 1], (
        "since the first, in the last, of three, pieces, here, of its kind, price"
    )
    assert own[2, :6].tolist() == [1, 1, 1, 4, 0, 1] and np.isnan(own[2, 6]), "what was paid for tea is not known"
