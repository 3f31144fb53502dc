"""The usual price: what the catalogue names, else the median of what was paid lately."""

from dataclasses import replace

import numpy as np
import pytest

from model_data import UNTIL
from models.artifact import open_artifact
from models.catalogue import Catalogue
from models.columns import NumberColumn, number_column, text_column
from models.ids import IdIndex
from models.schema import DAY, Purchases
from tiny_shop import TinyShop
from training.prices import usual_price, with_prices
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

NAN = float("nan")


def paid(*lines: tuple[int, float, float], n_products: int = 4) -> Purchases:
    """Return purchases of (product, days ago, price of a piece)."""
    product, age, price = np.array(lines, np.float64).reshape(len(lines), 3).T
    nobody, some = np.full(len(lines), -1, np.int32), np.ones(len(lines), np.float32)
    time = (UNTIL - age * DAY).astype(np.int64)
    order = np.arange(len(lines), dtype=np.int32)
    return Purchases(
        nobody,
        product.astype(np.int32),
        time,
        order,
        nobody,
        some,
        price.astype(np.float32),
        0,
        n_products,
        0,
        len(lines),
    )


def test_the_price_is_the_median_of_the_last_90_days_of_sale() -> None:
    """Product 0 was dear long ago; product 1 was sold last a year ago, and its own last 90 days count."""
    prices = usual_price(
        paid(
            (0, 1, 2.0),
            (0, 2, 2.0),
            (0, 3, 9.0),
            (0, 92, 50.0),
            (0, 93, 50.0),
            (0, 94, 50.0),
            (1, 365, 4.0),
            (1, 400, 6.0),
            (1, 401, 6.0),
        )
    )
    assert prices[:2].tolist() == [2.0, 6.0]
    assert np.isnan(prices[2:]).all()


def test_the_first_and_the_last_day_of_the_90_count() -> None:
    """90 days before the last sale still counts, a minute more does not."""
    assert usual_price(paid((0, 1, 2.0), (0, 91, 4.0), (0, 91, 4.0)))[0] == 4.0
    assert usual_price(paid((0, 1, 2.0), (0, 91.001, 4.0), (0, 91.001, 4.0)))[0] == 2.0


def test_of_two_prices_in_the_middle_the_lower_was_really_paid() -> None:
    """A price between both was never asked for."""
    assert usual_price(paid((0, 1, 3.0), (0, 2, 1.0), (0, 3, 2.0), (0, 4, 4.0)))[0] == 2.0


@pytest.mark.parametrize("price", [NAN, 0.0, -1.0])
def test_what_is_no_price_does_not_count(price: float) -> None:
    """Unknown and nothing are left out, and never make a last day of sale either."""
    prices = usual_price(paid((0, 0, price), (0, 200, 3.0), (0, 280, 5.0), (0, 285, 5.0), (1, 1, price)))
    assert prices[0] == 5.0
    assert np.isnan(prices[1])


def test_nothing_sold_has_no_price() -> None:
    """No line, no price, no warning."""
    assert np.isnan(usual_price(paid())).all()


@pytest.fixture(scope="module")
def data(trained_shop: TinyShop) -> ShopData:
    """What the tiny shop's files say."""
    return read_shop_data(trained_shop.shop, until=None, now=trained_shop.clock(), rejects=None, progress=SILENT)


def columns_with(data: ShopData, **columns: NumberColumn) -> ShopData:
    """Return ``data`` with four products and these columns."""
    ids = IdIndex.of(["a", "b", "c", "d"])
    lines = paid((1, 1, 4.0), (2, 1, 5.0))
    catalogue = Catalogue.of(ids, {"name": text_column(["A", "B", "C", "D"]), **columns}, "1")
    return replace(data, purchases=lines, catalogue=catalogue)


def column(data: ShopData, name: str) -> list[float]:
    found = data.catalogue.columns[name]
    assert isinstance(found, NumberColumn)
    return [round(value, 4) for value in found.values.tolist()]


def test_a_price_of_the_catalogue_wins(data: ShopData) -> None:
    """Bought for 5, listed for 3: 3. Bought and not listed: what was paid. Neither: none. Other columns stay."""
    priced = with_prices(columns_with(data, price=number_column([1.0, None, 3.0, None])))
    assert column(priced, "price")[:3] == [1.0, 4.0, 3.0]
    assert np.isnan(column(priced, "price")[3])
    assert priced.catalogue.value("name", 1) == "B"
    assert "margin" not in priced.catalogue.columns


def test_the_margin_follows_the_price_that_was_filled_in(data: ShopData) -> None:
    """Cost 1 and 4 paid is a margin of three quarters, whether or not the catalogue names other prices."""
    cost = number_column([0.5, 1.0, 1.0, 1.0])
    for price in ({"price": number_column([1.0, None, None, None])}, {}):
        margins = column(with_prices(columns_with(data, cost=cost, **price)), "margin")
        assert margins[1:3] == [0.75, 0.8]
        assert np.isnan(margins[3])


def test_a_margin_that_the_shop_names_stays(data: ShopData) -> None:
    """Derived is what is missing only."""
    given = number_column([0.1, 0.2, None, None])
    assert column(with_prices(columns_with(data, margin=given, cost=number_column([1.0] * 4))), "margin")[:3] == [
        0.1,
        0.2,
        0.8,
    ]
    assert column(with_prices(columns_with(data, margin=given)), "margin")[:2] == [0.1, 0.2]


def test_a_shop_without_any_price_gets_no_column_of_holes(data: ShopData) -> None:
    """Carousels then show no price at all."""
    bare = columns_with(data)
    unpriced = replace(bare, purchases=replace(bare.purchases, price=np.full(2, NAN, np.float32)))
    assert "price" not in with_prices(unpriced).catalogue.columns


def test_a_trained_version_carries_the_prices(trained_shop: TinyShop) -> None:
    """The teapot has no price in the tiny shop's catalogue and costs 8 at the till."""
    products = open_artifact(trained_shop.report.folder)
    ids = IdIndex.load(products.group("ids/products"))
    price = products.group("products")["price.number.values"]
    assert price[[ids.row("teapot"), ids.row("corkscrew"), ids.row("00501")]].tolist() == [8.0, 6.0, 9.0]
