"""Values of request fields as numbers: texts by name, numbers by quantile."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.buckets import BINS, Buckets
from models.columns import number_column, tags_column, text_column
from models.schema import UNKNOWN

NUMBERS = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=60)
TEXTS = st.lists(st.none() | st.text(max_size=4), max_size=30)


@given(NUMBERS)
def test_a_number_falls_into_the_same_bucket_in_training_and_in_a_request(values: list[float | None]) -> None:
    """And an unknown one into none."""
    column = number_column(values)
    made = Buckets.of("temperature", column)
    assert made is not None
    assert len(made) <= BINS
    codes = made.codes(column)
    assert codes.tolist() == [made.code(None if np.isnan(v) else float(v)) for v in column.values]
    assert ((codes < len(made)) & (codes >= UNKNOWN)).all()


@given(TEXTS)
def test_a_text_falls_into_the_same_bucket_in_training_and_in_a_request(values: list[str | None]) -> None:
    """A text that training never saw is no value."""
    column = text_column(values)
    made = Buckets.of("weather", column)
    assert made is not None
    assert made.codes(column).tolist() == [made.code(value or None) for value in values]
    assert made.code("never seen") == UNKNOWN


def test_no_number_is_no_value() -> None:
    """A request may say anything."""
    made = Buckets.of("temperature", number_column([1, 2, 3, 4, 5]))
    assert made is not None
    assert [made.code(told) for told in ("warm", float("nan"), float("inf"), None)] == [UNKNOWN] * 4
    assert made.code("4") == made.code(4.0) != UNKNOWN


def test_tags_have_no_buckets() -> None:
    """A row may have many tags."""
    assert Buckets.of("tags", tags_column([["a"], ["b"]])) is None


def test_buckets_come_back_from_their_arrays() -> None:
    """Of texts and of numbers."""
    for column in (text_column(["rain", "sun"]), number_column([1, 2, 3])):
        made = Buckets.of("x", column)
        assert made is not None
        assert Buckets.load("x", made.arrays()).codes(column).tolist() == made.codes(column).tolist()
