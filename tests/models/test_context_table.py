"""The lookup table of context: what comes out is what was laid in, through arrays too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.columns import number_column
from models.context_table import ContextTable, Key, build, key_text
from models.errors import ArtifactError
from models.ids import IdIndex

STORES = ("north", "south", "west")
N_PRODUCTS = 5
N_KINDS = 4
ALWAYS = (np.full(N_KINDS, -(2**62)), np.full(N_KINDS, 2**62))


def table(rows: list[tuple[int, int, int]], validity: tuple[np.ndarray, np.ndarray] = ALWAYS) -> ContextTable:
    """Return a table by store and product; ``rows`` are (store, product, kind)."""
    packed = np.array([(s * N_PRODUCTS + p) * N_KINDS + k for s, p, k in rows], np.int64)
    values = number_column([float(kind) for kind in range(N_KINDS)])
    keys, index = [Key("store_id")], [IdIndex.of(STORES)]
    return build(keys, index, packed, N_PRODUCTS, "UTC", *validity, {"worth": values})


rows = st.lists(st.tuples(st.integers(0, 2), st.integers(0, N_PRODUCTS - 1), st.integers(0, N_KINDS - 1)), max_size=30)


@given(rows)
def test_every_row_is_found_where_it_was_laid(laid: list[tuple[int, int, int]]) -> None:
    """For each store and product the first kind that was laid there comes out, and NaN elsewhere."""
    made = table(laid)
    for store, called in enumerate(STORES):
        found = made.lookup({"store_id": called}, 0, np.arange(N_PRODUCTS, dtype=np.int32))["worth"]
        for product in range(N_PRODUCTS):
            kinds = [k for s, p, k in laid if (s, p) == (store, product)]
            assert found[product] == min(kinds) if kinds else np.isnan(found[product])


@given(rows)
def test_arrays_and_settings_make_the_same_table(laid: list[tuple[int, int, int]]) -> None:
    """A table comes back from an artifact as it was."""
    made = table(laid)
    again = ContextTable.load(made.arrays(), made.settings())
    assert again.settings() == made.settings()
    for name, array in made.arrays().items():
        assert np.array_equal(array, again.arrays()[name])


def test_of_several_kinds_the_first_that_holds_counts() -> None:
    """Kinds are tried in their order; from is inside, until is not."""
    starts, ends = np.array([20, 10, 0, 0]), np.array([30, 40, 15, 5])
    made = table([(0, 1, 0), (0, 1, 1), (0, 1, 2), (0, 2, 3)], (starts, ends))
    asked = np.array([2, 1, 1, 4], np.int32)
    told = {at: made.match({"store_id": "north"}, at, asked).tolist() for at in (4, 12, 19, 20, 30, 40)}
    assert told == {
        4: [3, 2, 2, -1], 12: [-1, 1, 1, -1], 19: [-1, 1, 1, -1], 20: [-1, 0, 0, -1], 30: [-1, 1, 1, -1],
        40: [-1, -1, -1, -1],
    }  # fmt: skip


def test_a_row_costs_five_bytes() -> None:
    """Four for the product, one for what holds there."""
    made = table([(0, 1, 0), (0, 2, 0)])
    assert (made.product.itemsize, made.what.itemsize, len(made)) == (4, 1, 2)


@pytest.mark.parametrize(("n_kinds", "width"), [(256, 1), (257, 2), (65_537, 4)])
def test_kinds_take_as_few_bytes_as_they_need(n_kinds: int, width: int) -> None:
    """One, two or four bytes."""
    packed = np.array([n_kinds - 1], np.int64)
    made = build([], [], packed, 1, "UTC", np.zeros(n_kinds, np.int64), np.ones(n_kinds, np.int64), {})
    assert made.what.itemsize == width
    assert made.what.tolist() == [n_kinds - 1]


def test_a_week_changes_at_local_midnight() -> None:
    """Week 1 of the shop ends on a Sunday night in its own zone."""
    key = Key("week", "period", starts=736_324, days=7, first=1)  # 2016-12-26
    made = build([key], [np.array([1, 2])], np.array([0, 3]), 2, "America/New_York", *(one[:1] for one in ALWAYS), {})
    monday = 1_483_333_200  # 2017-01-02 00:00 in New York
    asked = np.array([0, 1], np.int32)
    assert made.lookup({}, monday - 1, asked)["listed"].tolist() == [1, 0]
    assert made.lookup({}, monday, asked)["listed"].tolist() == [0, 1]
    assert made.lookup({}, monday + 7 * 86_400, asked)["listed"].tolist() == [0, 0]


def test_nothing_is_known_of_nothing() -> None:
    """No rows asked for, no such store, no table: nothing, and no error."""
    made = table([])
    assert made.match({"store_id": "north"}, 0, np.empty(0, np.int32)).tolist() == []
    assert made.match({"store_id": "north"}, 0, np.zeros(1, np.int32)).tolist() == [-1]
    assert made.facts({"store_id": "north"}, 0) == {}


def test_numbers_are_keys_as_they_are_written() -> None:
    """7.0 in a request is the "7" of a file."""
    assert [key_text(one) for one in (7.0, 7.5, "007", None)] == ["7", "7.5", "007", None]


def test_a_missing_array_is_told() -> None:
    """A broken artifact says which array and what to do."""
    made = table([(0, 1, 0)])
    arrays = {name: array for name, array in made.arrays().items() if name != "what"}
    with pytest.raises(ArtifactError, match=r"'what' .* train again"):
        ContextTable.load(arrays, made.settings())
