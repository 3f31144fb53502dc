"""Columns and the catalogue made of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue import Catalogue
from models.columns import Column, column_arrays, load_columns, number_column, tags_column, text_column
from models.ids import IdIndex
from models.strings import encode

any_text = st.text(st.characters(exclude_categories=()), max_size=5)
texts = st.lists(st.none() | any_text, max_size=12)
tag_lists = st.lists(st.none() | st.lists(any_text, max_size=4), max_size=12)
numbers = st.lists(st.none() | st.floats(), max_size=12)


@given(texts, tag_lists, numbers)
def test_columns_come_back_from_arrays(
    some: list[str | None], tags: list[list[str] | None], given_numbers: list[float | None]
) -> None:
    """Every value survives the trip; blanks, NaN and infinities are no value; tags are sorted and distinct."""
    columns: dict[str, Column] = {"t": text_column(some), "g": tags_column(tags), "n": number_column(given_numbers)}
    loaded = load_columns(column_arrays(columns))
    assert sorted(loaded) == sorted(columns)
    assert [loaded[name].kind for name in "tgn"] == ["text", "tags", "number"]
    assert [loaded["t"].value(row) for row in range(len(some))] == [value or None for value in some]
    expected = [sorted({tag for tag in row or () if tag}, key=encode) for row in tags]
    assert [loaded["g"].value(row) for row in range(len(tags))] == expected
    finite = [value if value is not None and math.isfinite(value) else None for value in given_numbers]
    assert [loaded["n"].value(row) for row in range(len(finite))] == finite


@given(st.lists(st.tuples(st.none() | any_text, st.none() | st.floats(-9, 9), st.booleans()), max_size=12))
def test_rows_are_taken_by_mask_and_by_place(rows: list[tuple[str | None, float | None, bool]]) -> None:
    """Both give the same values; the vocabulary stays."""
    text, number = text_column([row[0] for row in rows]), number_column([row[1] for row in rows])
    mask = np.array([row[2] for row in rows], np.bool_)
    for chosen in (mask, np.flatnonzero(mask)):
        some, few = text.take(chosen), number.take(chosen)
        assert [some.value(row) for row in range(len(some.codes))] == [row[0] or None for row in rows if row[2]]
        assert [few.value(row) for row in range(len(few.values))] == [row[1] for row in rows if row[2]]
        assert some.vocabulary is text.vocabulary


def catalogue(**columns: Column) -> Catalogue:
    n = 4
    return Catalogue.of(IdIndex.of(str(row) for row in range(n)), columns, "v")


def test_margin_is_worked_out_from_price_and_cost() -> None:
    """(10 - 4) / 10; none where either is unknown or nothing is paid; a loss is below 0."""
    shop = catalogue(price=number_column([10, None, 0, 2]), cost=number_column([4, 1, 1, 3]))
    assert [shop.value("margin", row) for row in range(4)] == [pytest.approx(0.6), None, None, -0.5]
    again = Catalogue.load(shop.ids, shop.arrays(), "v")
    assert [again.value("margin", row) for row in range(4)] == [pytest.approx(0.6), None, None, -0.5]


def test_a_margin_that_the_shop_gives_stands() -> None:
    """A column of that name is not overwritten, and without a cost there is none."""
    given_margin = number_column([0.1, 0.2, 0.3, None])
    shop = catalogue(price=number_column([1, 1, 1, 1]), cost=number_column([1, 1, 1, 1]), margin=given_margin)
    assert shop.value("margin", 2) == 0.3
    assert catalogue(price=number_column([1, 1, 1, 1])).value("margin", 0) is None


def test_a_product_is_on_sale_from_its_first_moment_to_before_its_last() -> None:
    """From is inclusive, until is exclusive, unset is always."""
    rows = np.arange(4, dtype=np.int32)
    shop = catalogue(
        available_from=number_column([100, None, 100, None]), available_until=number_column([200, 200, None, None])
    )
    assert shop.on_sale(rows, 99).tolist() == [False, True, False, True]
    assert shop.on_sale(rows, 100).tolist() == [True, True, True, True]
    assert shop.on_sale(rows, 200).tolist() == [False, False, True, True]
    assert shop.on_sale(rows[[3, 0]], 300).tolist() == [True, False]
    assert catalogue().on_sale(rows, 0).all()


def test_a_value_that_nobody_gave_is_none() -> None:
    """No such column, no value at the row."""
    shop = catalogue(brand=text_column(["a", None, "", "b"]))
    assert [shop.value("brand", row) for row in range(4)] == ["a", None, None, "b"]
    assert shop.value("colour", 0) is None
    assert len(shop) == 4
