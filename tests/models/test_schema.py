"""``best``, ``take`` and histories: what every model and the request path stand on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_data import UNTIL, Order, purchases_of
from models.columns import number_column, text_column
from models.errors import ArtifactError
from models.histories import Histories
from models.schema import DAY, NO_HISTORY, UNKNOWN, best, take

scores_32 = st.lists(st.floats(-2, 5, width=32), max_size=40)
coarse = st.lists(st.sampled_from([-1.0, 0.0, 1e-40, 0.25, 0.5, 0.5 + 1e-12, 3.0]), max_size=40)
"""Ties, values that differ only in float64, and one below the normal range of float32."""


def sorted_in_python(scores: np.ndarray, rows: np.ndarray, n: int) -> list[tuple[int, float]]:
    pairs = [(int(row), float(np.float32(score))) for row, score in zip(rows, scores, strict=True)]
    return sorted((pair for pair in pairs if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))[: max(n, 0)]


@given(st.one_of(scores_32, coarse), st.integers(-1, 45), st.randoms(use_true_random=False))
def test_best_is_sorting_and_cutting(values: list[float], n: int, shuffler: object) -> None:
    """The n highest of what is above 0 as float32, ties by lower row, with and without rows of their own."""
    for kind in (np.float64, np.float32):
        scores = np.array(values, kind)
        found = best(scores, n)
        expected = sorted_in_python(scores, np.arange(len(scores)), n)
        assert list(zip(found.rows.tolist(), found.scores.tolist(), strict=True)) == expected
        rows = np.arange(len(scores), dtype=np.int32) * 3
        shuffler.shuffle(rows)  # type: ignore[attr-defined]
        found = best(scores, n, rows)
        expected = sorted_in_python(scores, rows, n)
        assert list(zip(found.rows.tolist(), found.scores.tolist(), strict=True)) == expected
        assert found.rows.dtype == np.int32
        assert found.scores.dtype == np.float32


def test_best_leaves_its_input_alone() -> None:
    """Scores from a read-only map can be ranked."""
    scores = np.array([0.5, 1, 0], np.float32)
    scores.flags.writeable = False
    assert best(scores, 2).rows.tolist() == [1, 0]


def test_take_names_what_is_missing_or_of_another_kind() -> None:
    """A missing array, and one of another type, are told by name."""
    with pytest.raises(ArtifactError, match="'scores' is missing"):
        take({}, "scores", np.float32)
    with pytest.raises(ArtifactError, match="'scores' holds float64, not float32"):
        take({"scores": np.zeros(1)}, "scores", np.float32)


orders = st.lists(
    st.builds(Order, st.integers(-1, 4), st.lists(st.integers(0, 5), min_size=1, max_size=3), st.integers(0, 9)),
    max_size=12,
)


@given(orders)
def test_a_history_is_the_users_lines_oldest_first(given_orders: list[Order]) -> None:
    """Each shopper's slice holds exactly the lines of that shopper; anonymous lines belong to nobody."""
    lines = purchases_of(given_orders, 6, n_users=5)
    whole = Histories.of(lines)
    table = Histories.load(whole.arrays(), whole.field_arrays())
    for user in range(5):
        mine = lines.where(lines.user == user)
        history = table.of_user(user)
        for part in ("product", "time", "order", "quantity", "price"):
            assert getattr(history, part).tolist() == getattr(mine, part).tolist()
        assert (np.diff(history.time) >= 0).all()
    for nobody in (UNKNOWN, 5, 99):
        assert len(table.of_user(nobody)) == 0


def test_the_context_of_a_purchase_stays_with_its_line() -> None:
    """Fields lie beside the lines of known users, through an artifact's arrays and back; no fields, no arrays."""
    lines = purchases_of([Order(-1, [0], 1), Order(2, [1], 2), Order(0, [2, 3], 3)], 6, n_users=5)
    device = text_column([f"device {product}" if product != 2 else None for product in lines.product.tolist()])
    degrees = number_column([float(product) for product in lines.product.tolist()])
    whole = Histories.of(replace(lines, fields={"device": device, "degrees": degrees}))
    table = Histories.load(whole.arrays(), whole.field_arrays())
    assert table.product.tolist() == [2, 3, 1]
    told = {name: [column.value(line) for line in range(3)] for name, column in table.fields.items()}
    assert told == {"device": [None, "device 3", "device 1"], "degrees": [2.0, 3.0, 1.0]}
    assert not Histories.of(lines).field_arrays()


@given(orders, st.integers(-2, 12))
def test_before_is_strict(given_orders: list[Order], age: int) -> None:
    """``before`` keeps what happened earlier than the moment, not at it."""
    lines = purchases_of(given_orders, 6, n_users=5)
    history, moment = Histories.of(lines).of_user(0), UNTIL - age * DAY
    assert history.before(moment).time.tolist() == [time for time in history.time.tolist() if time < moment]
    assert len(history.before(moment).product) == len(history.before(moment))


def test_lines_take_their_context_with_them() -> None:
    """A mask of lines is one of their fields; without fields there are none."""
    lines = purchases_of([Order(0, [1, 2, 3])], 4)
    assert lines.where(lines.product > 1).fields == {}
    told = replace(lines, fields={"device": text_column(["a", None, "b"]), "degrees": number_column([1, 2, None])})
    some = told.where(told.product > 1).fields
    assert [[some[name].value(row) for row in range(2)] for name in ("device", "degrees")] == [[None, "b"], [2.0, None]]


def test_nobody_has_no_history() -> None:
    """The empty history stays empty."""
    assert len(NO_HISTORY.before(UNTIL)) == 0
