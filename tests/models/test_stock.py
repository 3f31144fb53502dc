"""Stock by product and store, against a dict."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.schema import UNKNOWN
from models.stock import Stock

N_PRODUCTS, N_STORES = 5, 3
told = st.lists(
    st.tuples(st.integers(0, N_PRODUCTS - 1), st.integers(-1, N_STORES - 1), st.integers(-2, 9)), max_size=15
)


def stock_of(rows: list[tuple[int, int, int]]) -> Stock:
    table = np.array(rows, np.int64).reshape(len(rows), 3)
    return Stock.of(
        table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2].astype(np.float64), N_PRODUCTS, N_STORES
    )


@given(told)
def test_stock_is_what_was_told_last(rows: list[tuple[int, int, int]]) -> None:
    """A store's pieces, else those of no store, else not told; without a store the sum of what is above 0."""
    stock = Stock.load(stock_of(rows).arrays())
    assert stock is not None
    last = {(product, store): pieces for product, store, pieces in rows}
    products = np.arange(N_PRODUCTS, dtype=np.int32)
    for store in range(N_STORES):
        expected = [last.get((product, store), last.get((product, -1), math.nan)) for product in range(N_PRODUCTS)]
        np.testing.assert_array_equal(stock.of_store(products, store), expected)
    totals = []
    for product in range(N_PRODUCTS):
        mine = [max(pieces, 0) for (one, _), pieces in last.items() if one == product]
        totals.append(sum(mine) if mine else math.nan)
    np.testing.assert_array_equal(stock.of_store(products, UNKNOWN), totals)


def test_a_version_without_stock_has_none() -> None:
    """No arrays, no stock; silence about everything is told apart from a sell-out."""
    assert Stock.load({}) is None
    silent = stock_of([])
    assert np.isnan(silent.of_store(np.array([0, 4], np.int32), 1)).all()
    assert np.isnan(silent.of_store(np.array([0, 4], np.int32), UNKNOWN)).all()
    assert silent.of_store(np.empty(0, np.int32), 0).shape == (0,)


def test_all_that_is_known_of_some_products_is_listed() -> None:
    stock = stock_of([(0, 1, 4), (2, UNKNOWN, 5), (2, 0, 6)])
    places, stores, pieces = stock.of_products(np.array([2, 1, 0]))
    assert (places.tolist(), stores.tolist(), pieces.tolist()) == ([0, 0, 2], [UNKNOWN, 0, 1], [5.0, 6.0, 4.0])
    assert np.isnan(stock.of_store(np.array([N_PRODUCTS, 1], np.int32), UNKNOWN)).all()
