"""Likeness by name: rare words that two names share, near in price; what an attribute says already is no word."""

import numpy as np
import pytest

from model_data import UNTIL, shop_of
from models.beyond import Live
from models.catalogue import Catalogue
from models.columns import number_column, text_column
from models.words import Words, own_words

NAMES = [
    "Red Chianti Classico", "CHIANTI Riserva", "Chianti in a flask 2 l", "Red tea pot", "Blue tea pot", "Tea towel",
    "Corkscrew", None, "Candle", "Soap", "Soap dish", "Lamp", "Clock", "Vase", "Chair", "Stool", "Bench", "Table", "Rug",
    "Plate",
]  # fmt: skip
PRICES = [10, 11, 80, 10, 10, 4, 6, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9]


def test_who_shares_a_rare_word_is_like_and_the_nearer_in_price_first() -> None:
    """On the page of a Chianti for 10: the one for 11, then the flask for 80; the red tea pot shares a word of three letters."""
    shop = shop_of([], 20, {"name": text_column(NAMES), "price": number_column(PRICES)})
    model = Words(common=0.5).fit(shop.data)
    assert model.candidates(shop.context(page=0), 9).rows.tolist() == [1, 3, 2]
    assert model.candidates(shop.context(recent=[0, 9]), 9).rows.tolist() == [10]
    assert model.candidates(shop.context(page=7), 9).rows.tolist() == []
    fact = model.fact(shop.context(page=0), 1)
    assert fact is not None
    assert fact.values == {"product": 0}
    assert model.fact(shop.context(page=0), 9) is None


def test_a_word_in_many_names_tells_nothing() -> None:
    """Three of twenty say Chianti: too common at a tenth; two of them never are."""
    shop = shop_of([], 20, {"name": text_column(NAMES)})
    assert Words(common=0.1).fit(shop.data).candidates(shop.context(page=1), 9).rows.tolist() == []
    assert Words(common=0.1).fit(shop.data).candidates(shop.context(page=9), 9).rows.tolist() == [10]


def test_what_an_attribute_says_is_no_word() -> None:
    """Names that are put together from category and brand leave nothing."""
    columns = {
        "name": text_column(["Wine, Acme", "Wine, Acme", "Tea, Acme", "Tea, Acme"]),
        "category": text_column(["WINE", "WINE", "TEA", "TEA"]),
        "brand": text_column(["Acme"] * 4),
    }
    shop = shop_of([], 4, columns)
    assert own_words(shop.data.catalogue, np.arange(4, dtype=np.int32)) == [frozenset()] * 4


@pytest.mark.parametrize("price", [12.0, None])
def test_a_product_that_came_later_is_found_by_the_words_that_training_knew(price: float | None) -> None:
    """On the page of a Chianti, and on its own page."""
    shop = shop_of([], 20, {"name": text_column(NAMES), "price": number_column(PRICES)})
    trained = shop.data.catalogue
    columns = {
        "name": text_column([*NAMES, "Chianti Gran Selezione"]),
        "price": number_column([*(float(one) for one in PRICES), price]),
    }
    live = Live(trained, Catalogue.of(trained.ids.plus(["new"]), columns, "2"), np.array([UNTIL]))
    model = Words(common=0.5).fit(shop.data).follow(live)
    assert 20 in model.candidates(shop.context(page=0), 9).rows.tolist()
    assert set(model.candidates(shop.context(page=20), 9).rows.tolist()) == {0, 1, 2}
