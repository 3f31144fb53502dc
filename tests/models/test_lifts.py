"""How much more often than chance, counted by hand."""

import numpy as np
import pytest

from models import lifts
from models.lifts import PRIOR, Lifts
from models.schema import UNKNOWN

FRIDAY, SATURDAY = 0, 1
WINE, TEA = 0, 1


def friday_wine() -> Lifts:
    """30 Friday orders with wine, 30 Saturday orders with tea, one order without a day."""
    values = np.array([[FRIDAY]] * 30 + [[SATURDAY]] * 30 + [[UNKNOWN]], np.int32)
    product = np.array([WINE] * 30 + [TEA] * 30 + [TEA], np.int32)
    return Lifts().fit(values.T, 2, np.arange(61, dtype=np.int32), product, 2)


def test_a_lift_is_the_log_of_orders_over_those_expected() -> None:
    """Wine is in 30 of 61 orders, so 30 Fridays would have 14.75 of it by chance."""
    lift = friday_wine().lifts(np.array([FRIDAY]), np.array([WINE, TEA], np.int32))[0]
    assert lift[0] == pytest.approx(np.log((30 + PRIOR) / (30 * 30 / 61 + PRIOR)))
    assert lift[1] == pytest.approx(np.log(PRIOR / (30 * 31 / 61 + PRIOR)))


def test_what_holds_always_lifts_nothing() -> None:
    """One value for every order says nothing."""
    order = np.arange(20, dtype=np.int32)
    counted = Lifts().fit(np.zeros((1, 20), np.int32), 1, order, np.zeros(20, np.int32), 1)
    assert counted.lifts(np.array([0]), np.zeros(1, np.int32))[0] == pytest.approx(0.0)


def test_several_fields_are_counted_side_by_side() -> None:
    """An order counts once for each of its values, and an order of two lines counts once."""
    values = np.array([[0, 2], [0, 2], [1, UNKNOWN]], np.int32)
    counted = Lifts().fit(values.T, 3, np.array([0, 0, 1], np.int32), np.array([0, 1, 1], np.int32), 2)
    assert counted.orders_.tolist() == [1, 1, 1]
    assert (
        counted.lifts(np.array([2]), np.array([0], np.int32))[0][0]
        > 0
        > counted.lifts(np.array([1]), np.array([0], np.int32))[0][0]
    )


def test_lifts_come_back_from_their_arrays() -> None:
    """What is written is what is read."""
    counted = friday_wine()
    again = Lifts.load(counted.arrays("x"), "x")
    rows = np.array([TEA, WINE], np.int32)
    assert (again.lifts(np.array([SATURDAY]), rows)[0] == counted.lifts(np.array([SATURDAY]), rows))[0].all()


@pytest.mark.parametrize("unknown", [0.0, 0.3])
def test_a_shop_of_too_many_values_is_counted_to_the_same_bits(monkeypatch: pytest.MonkeyPatch, unknown: float) -> None:
    """Cells of values and products in one table, or sorted where the table would be too large."""
    rng = np.random.default_rng(4)
    order = np.sort(rng.integers(0, 90, 400)).astype(np.int32)
    product = rng.integers(0, 30, 400).astype(np.int32)
    cells = np.unique(order * 30 + product, return_index=True)[1]
    values = [rng.integers(start, start + 5, len(cells)).astype(np.int32) for start in (0, 5)]
    values = [np.where(rng.random(len(cells)) < unknown, UNKNOWN, one).astype(np.int32) for one in values]
    told = (values, 10, order[cells], product[cells], 30, rng.random(90)[order[cells]] + 0.1)
    table = Lifts().fit(*told).arrays("x")
    monkeypatch.setattr(lifts, "TABLE", -(10**9))
    assert {name: one.tobytes() for name, one in Lifts().fit(*told).arrays("x").items()} == {
        name: one.tobytes() for name, one in table.items()
    }
    assert len(table["x.rows"]) > 100
