"""Models live with products that came after their training."""

from dataclasses import replace

import numpy as np
import pytest

from model_data import random_shop
from models.basis import Basis
from models.beyond import Follows, Live, live_codes, values_at
from models.catalogue import Catalogue
from models.columns import Column, NumberColumn, TagsColumn, TextColumn
from models.schema import NO_ROWS, UNKNOWN, Context, Ints
from models.sources import MODELS
from models.strings import Strings


def rows(*values: int) -> Ints:
    return np.array(values, np.int32)


def test_rows_behind_the_end_have_the_value_of_what_is_absent() -> None:
    """Of tables with several columns too; UNKNOWN is the last row, as without."""
    array = np.array([1.0, 2.0, 3.0], np.float32)
    assert values_at(array, rows(0, 2), 9).tolist() == [1, 3]
    assert values_at(array, rows(0, 7, 3, UNKNOWN), 9).tolist() == [1, 9, 9, 3]
    assert values_at(array[:, None], rows(1, 5), 0).tolist() == [[2], [0]]
    assert values_at(array, NO_ROWS, 9).tolist() == []
    assert values_at(array[:0], rows(0), 9).tolist() == [9]


def with_new(trained: Catalogue, n: int) -> Catalogue:
    """Return the catalogue with ``n`` products that nobody said anything of behind it."""
    columns: dict[str, Column] = {}
    for name, column in trained.columns.items():
        if isinstance(column, TextColumn):
            columns[name] = TextColumn(np.append(column.codes, np.full(n, UNKNOWN, np.int32)), column.vocabulary)
        elif isinstance(column, NumberColumn):
            columns[name] = NumberColumn(np.append(column.values, np.full(n, np.nan)))
        else:
            ends = np.full(n, column.ptr[-1])
            columns[name] = TagsColumn(np.append(column.ptr, ends), column.codes, column.vocabulary)
    return Catalogue(trained.ids.plus([f"new-{i}" for i in range(n)]), columns, "live")


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.source)
def test_every_model_answers_with_new_products_as_page_cart_and_session(kind: type) -> None:
    """It offers nothing beyond the catalogue, and scores a product that it knows nothing of as one it would not offer."""
    data = random_shop().data
    model, n = kind().fit(data), len(data.catalogue)
    live = Live(data.catalogue, with_new(data.catalogue, 2), np.array([0, 0]))
    asked = model.follow(live) if isinstance(model, Follows) else model
    context = Context(data.until, user=0, page=n, cart=rows(n, 0), recent=rows(1, n + 1), store=7)
    for one in (context, Context(data.until, cart=rows(n)), Context(data.until, recent=rows(n + 1))):
        found = asked.candidates(one, 50)
        assert not len(found) or found.rows.max() < n + 2
        scores = asked.score(one, np.arange(n + 2, dtype=np.int32))
        assert scores.shape == (n + 2,) and np.isfinite(scores).all()
        assert all(fact is None or fact.text for fact in (asked.fact(one, n), asked.fact(one, 0)))


def test_a_catalogue_that_did_not_move_leaves_the_codes_alone() -> None:
    data = random_shop().data
    column = next(one for one in data.catalogue.columns.values() if isinstance(one, TextColumn))
    assert live_codes(column.codes, Live(data.catalogue, data.catalogue, np.empty(0, np.int64))) is column.codes


def test_a_price_that_moved_is_what_is_paid_now() -> None:
    """Over the usual price of the training, in logarithms; an unmoved one stays as trained, a new product has none."""
    data = random_shop().data
    basis, live = Basis().fit(data), with_new(data.catalogue, 1)
    price = live.columns["price"]
    assert isinstance(price, NumberColumn)
    values = price.values.copy()
    values[0], values[1], values[-1] = values[0] / 2, np.nan, 4.0
    moved = Catalogue(live.ids, {**live.columns, "price": NumberColumn(values)}, "moved")
    after = basis.follow(Live(data.catalogue, moved, np.array([0])))
    assert after.price_now_[0] == pytest.approx(np.log(0.5))
    assert np.isnan(after.price_now_[[1, -1]]).all()
    assert np.array_equal(after.price_now_[2:-1], basis.price_now_[2:], equal_nan=True)
    assert np.array_equal(after.price_[:-1], basis.price_, equal_nan=True) and after.price_[-1] == np.float32(np.log(4))


def test_new_products_have_the_kind_and_the_make_that_training_knew() -> None:
    """A brand that it did not know makes none."""
    data = random_shop().data
    codes = np.array([row % 2 for row in range(len(data.catalogue))], np.int32)
    brands = TextColumn(codes, Strings.of(["acme", "best"]))
    trained = Catalogue(data.catalogue.ids, {**data.catalogue.columns, "brand": brands}, "trained")
    basis, live = Basis().fit(replace(data, catalogue=trained)), with_new(trained, 2)
    columns = dict(live.columns)
    category, brand = columns["category"], columns["brand"]
    assert isinstance(category, TextColumn) and isinstance(brand, TextColumn)
    category.codes[-2:], brand.codes[-2:] = category.codes[0], (brand.codes[0], len(brands.vocabulary))
    after = basis.follow(Live(trained, live, np.array([0, 0])))
    assert after.category_[-2:].tolist() == [basis.category_[0]] * 2
    assert after.make_[-2:].tolist() == [basis.make_[0], UNKNOWN]
    assert np.array_equal(after.make_[:-2], basis.make_)
