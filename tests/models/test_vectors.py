"""Likeness by given vectors: the nearest by angle first, near in price."""

from dataclasses import replace

import numpy as np

from model_data import SmallShop, shop_of
from models.columns import number_column
from models.vectors import MANY, Vectors, _neighbours

VECTORS = np.array([[1, 0], [2, 0.2], [1, 1], [0, 3], [-1, 0], [0, 0]], np.float32)


def shop(prices: list[float | None]) -> SmallShop:
    made = shop_of([], 6, {"price": number_column(prices)})
    return replace(made, data=replace(made.data, vectors=VECTORS))


def test_the_nearest_by_angle_comes_first_and_nothing_behind_a_right_angle() -> None:
    """Length does not matter; the opposite is no neighbour, and neither is a product without a vector."""
    small = shop([None] * 6)
    model = Vectors().fit(small.data)
    assert model.candidates(small.context(page=0), 9).rows.tolist() == [1, 2]
    assert model.candidates(small.context(recent=[4, 3]), 9).rows.tolist() == [2, 1]
    assert model.candidates(small.context(page=5), 9).rows.tolist() == []
    fact = model.fact(small.context(page=0), 2)
    assert fact is not None
    assert fact.values == {"product": 0}
    assert model.fact(small.context(page=0), 4) is None


def test_of_two_that_are_alike_the_nearer_in_price_comes_first() -> None:
    """Eight times as dear is worse than at a wider angle for the same."""
    small = shop([10, 80, 10, 10, 10, 10])
    assert Vectors().fit(small.data).candidates(small.context(page=0), 9).rows.tolist() == [2, 1]


def test_large_catalogues_find_the_same_neighbours_in_blocks() -> None:
    """Each of 3,000 vectors by itself, and all in blocks: the nearest agree."""
    rng = np.random.default_rng(1)
    raw = rng.standard_normal((3_000, 8), np.float32)
    units = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    found = _neighbours(units, np.arange(3_000, dtype=np.int32), 3_000, 5)
    assert MANY > 3_000
    for row in (0, 1_499, 2_999):
        cosine = units @ units[row]
        cosine[row] = -1
        assert set(found.list(row).rows.tolist()) == set(np.argsort(-cosine)[:5].tolist())
