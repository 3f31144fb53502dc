"""Numbers that occur, where they come first, and which of them each is: as numpy's ``unique`` has it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.distinct import distinct, first_places, in_order, numbered

KEYS = st.one_of(
    st.lists(st.integers(0, 6), max_size=40),
    st.lists(st.integers(-3, 3), max_size=40),
    st.lists(st.sampled_from([0, 1, 2**62, 2**63 - 1, -(2**63)]), max_size=12),
)
"""Few and many alike, negative ones, and such that number and place together take more than 63 bits."""


@given(KEYS)
def test_numbers_and_places_are_those_of_unique(found: list[int]) -> None:
    """Values, first places and numbers agree, for 64 bits."""
    keys = np.array(found, np.int64)
    values, first, number = np.unique(keys, return_index=True, return_inverse=True)
    assert distinct(keys).tolist() == values.tolist()
    assert first_places(keys).tolist() == first.tolist()
    assert [part.tolist() for part in numbered(keys)] == [values.tolist(), number.tolist()]


@given(KEYS)
def test_equal_numbers_stay_as_they_lay(found: list[int]) -> None:
    """The order is that of a stable sort, whether or not number and place are sorted as one."""
    keys = np.array(found, np.int64)
    ascending, places = in_order(keys)
    assert places.tolist() == np.argsort(keys, kind="stable").tolist()
    assert ascending.tolist() == keys[places].tolist()


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_numbers_keep_their_type(kind: type[np.signedinteger]) -> None:
    """What comes in as 32 bits goes out so; places have 64."""
    ascending, places = in_order(np.array([3, 1, 3], kind))
    assert (ascending.dtype, places.dtype) == (np.dtype(kind), np.dtype(np.int64))
