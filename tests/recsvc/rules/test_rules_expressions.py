"""Expressions: what they mean, over the whole catalogue and over the rows of a request, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_kit import CATALOGUE, IDS, KINDS, NOW, SHOP, history, row, situation

from models.catalogue import Catalogue
from models.columns import text_column
from models.ids import IdIndex
from recsvc.rules.expression_check import check_expression
from recsvc.rules.expression_eval import Frame, matches
from recsvc.rules.expression_parse import parse_expression
from recsvc.rules.expression_tokens import ExpressionError
from recsvc.rules.expression_tree import is_static
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.targets import Ground
from recsvc.rules.times import start_of

STOCK = np.array([0, 3, 5, 0, np.nan, 1, 1, 1])
REQUEST = situation(
    page="00502",
    fields={"store": "S1", "temperature": 21.0, "campaign": "SPRING"},
    stock=lambda rows, store: STOCK[rows] if store == "S1" else np.full(len(rows), np.nan),
    history=history(("00504", 10), ("00504", 3), ("00506", 100)),
)


def matching(text, request=REQUEST):
    """Return the last digits of the products that match, checked for all rows at once and for some rows."""
    expression = parse_expression(text)
    assert not check_expression(expression, SHOP), text
    tables: dict[object, object] = {}
    every = matches(expression, Frame(CATALOGUE, tables, None, request, None, "Europe/London"))
    odd = np.array([7, 1, 3, 5], np.int32)
    some = matches(expression, Frame(CATALOGUE, tables, odd, request, None, "Europe/London"))
    assert some.tolist() == every[odd].tolist()
    return "".join(IDS[place][-1] for place in np.flatnonzero(every))


MEANING = {
    "category == 'wine'": "123",
    "category != 'wine'": "4567",
    "not category == 'wine'": "4567",
    "category in ['wine', 'bread', 'fish']": "12367",
    "category not in ['wine', 'bread']": "45",
    "category == 'fish'": "",
    "not category == 'fish'": "1234567",
    "price > 5": "1235",
    "price >= 5 and price < 12": "345",
    "5 <= price < 12": "345",
    "price between 5 and 12": "1345",
    "price not between 5 and 12": "267",
    "price in [5, 7]": "45",
    "price == 5 or price == 7": "45",
    "not (price > 5)": "467",
    "margin > 0.45": "1467",
    "price - cost > 3": "1",
    "price * 2 + 1 == 11": "4",
    "price / 0 > 1": "",
    "-price < -10": "12",
    "price > -1": "1234567",
    "'bf-deal' in tags": "14",
    "'bf-deal' not in tags": "235678",
    "'none' in tags": "",
    "product_id == '00503'": "3",
    "product_id in ['00503', '00505', 'x']": "35",
    "product_id == page.product_id": "2",
    "startswith(product_id, '0050')": "12345678",
    "startswith(brand, 'Hov')": "6",
    "contains(lower(brand), 'hov')": "67",
    "lower(brand) == 'hovis'": "67",
    "lower(category) != 'wine'": "4567",
    "brand == category": "",
    "brand == brand": "1234567",
    "lower(brand) == brand": "7",
    "category == page.category": "123",
    "brand != page.brand": "34567",
    "brand in page.tags": "",
    "price between 0.5 * page.price and 1.2 * page.price": "12",
    "'clearance' in page.tags": "",
    "'clearance' not in page.tags": "12345678",
    "page.category == 'wine'": "12345678",
    "context.store == 'S1'": "12345678",
    "context.store in ['S2']": "",
    "context.weather == 'rain' or category == 'wine'": "123",
    "context.temperature > 20": "12345678",
    "startswith(context.campaign, 'SPR') and category == 'cheese'": "45",
    "contains(category, context.campaign)": "",
    "stock_in(context.store) <= 0": "14",
    "stock_in(context.store) > 0": "23678",
    "stock_in('S2') > 0": "",
    "bought()": "46",
    "not bought()": "123578",
    "bought(30)": "4",
    "bought(category)": "4567",
    "bought(brand, 30)": "45",
    "days_since(bought) > 50": "6",
    "days_since(bought) < 5": "4",
    "`category` == \"wine\" and 'it''s' != category": "123",
}  # fmt: skip


@pytest.mark.parametrize("text", MEANING)
def test_an_expression_means_what_it_says(text):
    assert matching(text) == MEANING[text]


def test_without_page_store_or_stock_nothing_that_needs_them_matches():
    nothing = situation()
    for text in ("category == page.category", "not category == page.category", "stock_in(context.store) <= 0", "price < page.price",
                 "context.store != 'S1'", "'x' not in page.tags", "contains(category, context.campaign)", "days_since(bought) > 0"):  # fmt: skip
        assert matching(text, nothing) == ""


def test_days_since_reads_dates_and_unix_seconds():
    columns = {"launched": text_column(["2026-10-01", "soon", None])}
    shop = Catalogue.of(IdIndex.of("abc"), columns, "1")
    frame = Frame(shop, {}, None, situation(now=NOW), None, "Europe/London")
    assert matches(parse_expression("days_since(launched) < 14"), frame).tolist() == [True, False, False]
    days = (NOW - start_of("2026-10-01", "Europe/London")) / 86_400
    assert matches(parse_expression(f"days_since(launched) < {days}"), frame).tolist() == [False, False, False]


def test_sorts_that_do_not_fit_are_unknown_where_the_columns_were_not_known_at_load():
    for text in ("category > 3", "price == 'x'", "price in ['x']", "tags == 'x'", "'x' in price", "nothing == 1", "lower(price) == 'x'",
                 "startswith(price, 'x')", "contains(brand, page.price)",
                 "days_since(tags) > 1", "bought(price)", "3 in tags", "category + 1 > 2", "price",
                 "price and true_ == 1", "category in page.nothing", "days_since(page.category) > 1", "lower(page.tags) == 'x'"):  # fmt: skip
        expression = parse_expression(text)
        assert not matches(expression, Frame(CATALOGUE, {}, None, REQUEST, None, "UTC")).any(), text


def test_only_the_catalogue_decides_a_static_expression():
    assert is_static(parse_expression("price > 3 and lower(brand) in ['x']"))
    for text in (
        "price > page.price",
        "context.store == 'x'",
        "bought()",
        "days_since(available_from) > 3",
        "stock_in('S1') > 0",
    ):
        assert not is_static(parse_expression(text))


def test_a_static_part_is_worked_out_once_for_the_catalogue():
    ground = Ground(CATALOGUE, "UTC")
    target = ground.target((), parse_expression("category == 'wine' and price < page.price"))
    assert target.rows is not None and target.rows.listed().tolist() == [0, 1, 2] and target.dynamic is not None
    assert ground.listed(target, REQUEST).tolist() == [0, 2]
    assert ground.target((), parse_expression("category == 'wine' and bought()")).rows is target.rows


WRONG = {
    "": "0 the expression is empty",
    "price > ": "8 the end where an attribute, a number or a text in quotes belongs",
    "price = 3": "6 '=' means nothing here (write == to compare)",
    "price > 30%": "10 '%' means nothing here (write a fraction: 30% is 0.30)",
    "brand == ‘x’": "9 '‘' means nothing here (use straight quotes: '…')",
    "brand == 'x": '9 "\'" means nothing here (the quote is never closed)',
    "price > 3 AND price < 5": "10 'AND' does not belong here (write and)",
    "brand is 'x'": "6 'is' does not belong here (write ==)",
    "price > 3 price": "10 'price' does not belong here (join conditions with and; put quotes round a text)",
    "(price > 3": "10 ')' is missing for the bracket at character 1, found the end",
    "price between 3": "15 'and' is missing after between … , found the end",
    "brand in ['a' 'b']": "14 ',' is missing between the values of the list, found the text 'b'",
    "brand in [a]": "10 'a' where a number or a text in quotes belongs (put quotes round a text)",
    "brand in []": "9 a list needs values, all of them numbers or all of them texts",
    "brand in ['a', 1]": "9 a list needs values, all of them numbers or all of them texts",
    "brand.name == 'x'": "0 'brand' has no parts",
    "page.3 == 'x'": "4 '.3' does not belong here",
    "contain(brand, 'x')": "0 unknown function 'contain' (did you mean 'contains'?)",
    "lower(brand": "11 ',' is missing between the arguments of lower, found the end",
    "(" * 41 + "price > 1": "40 nested more than 40 levels deep",
    "not " * 41 + "price > 1": "160 nested more than 40 levels deep",
    "price > 1" + "+1" * 61: "129 more than 60 signs of arithmetic in a row",
    "price > 1" + "*1" * 61: "129 more than 60 signs of arithmetic in a row",
    "price > " + "9" * 400: "8 the number is too large",
    "__import__('os')": "0 unknown function '__import__'",
    # names and sorts
    "prise > 3": "0 no product has an attribute 'prise' (did you mean 'price'?)",
    "store == 'S1'": "0 no product has an attribute 'store' (write context.store)",
    "lower == 'x'": "0 no product has an attribute 'lower' (a function needs brackets: lower(brand))",
    "context.stor == 'x'": "0 unknown context field 'stor' (did you mean 'store'?)",
    "page.prise > 1": "0 no product has an attribute 'prise'",
    "price": "0 this is a number, not a condition (compare it: category == 'wine')",
    "price and brand == 'x'": "0 and, or and not join conditions, and this is a number (compare it with a value)",
    "price == '3'": "0 == compares a text with a number (write the number without quotes)",
    "brand == 3": "0 == compares a text with a number (write the number in quotes)",
    "brand == price": "0 == compares a text with a number (one side needs to change)",
    "brand > 'x'": "0 > cannot order texts (texts know == and !=; dates: days_since(…))",
    "tags == 'x'": "0 == cannot compare tags (write 'x' in tags)",
    "brand == ['x']": "0 == cannot compare a list (write in before a list)",
    "bought() == 1": "0 == cannot compare a condition",
    "'x' in brand": "7 in needs a list or tags, and this is a text (text inside a text: contains(name, 'organic'))",
    "'x' in 3": "7 in needs a list or tags, and this is a number",
    "tags in ['x']": "0 in cannot look for tags",
    "3 in tags": "0 in cannot look for a number in tags",
    "brand in [1]": "9 the list holds numbers, and the value is a text",
    "price in ['1']": "9 the list holds texts, and the value is a number",
    "brand + 1 > 2": "0 + needs numbers, and this is a text",
    "lower(price) == 'x'": "6 lower needs texts, and this is a number",
    "startswith(brand, category)": "18 startswith looks for one text",
    "startswith(brand)": "0 startswith does not take 1 values (write startswith(name, 'Dr'))",
    "stock_in(brand) > 0": "9 stock_in needs one store for all products (stock_in(context.store))",
    "stock_in(3) > 0": "9 stock_in needs a store, and this is a number",
    "bought('x')": "0 bought takes an attribute, a number of days, or both",
    "bought(0)": "7 the number of days must be above 0",
    "bought(price)": "7 bought compares texts, and this is a number",
    "bought(page.brand)": "7 bought takes an attribute of the product tested",
    "days_since(tags) > 1": "11 days_since needs an attribute that holds a date",
    "days_since('2026-10-01') > 1": "11 days_since needs an attribute that holds a date",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:40])
def test_a_wrong_expression_says_where_and_why(text):
    try:
        errors = check_expression(parse_expression(text), SHOP)
    except ExpressionError as error:
        errors = [error]
    shown = [f"{one.at} {one.message}" + (f" ({one.hint})" if one.hint else "") for one in errors]
    assert any(WRONG[text] in one for one in shown), shown


def test_all_unknown_names_of_an_expression_are_told():
    assert len(check_expression(parse_expression("prise > 1 and brnd == 'x'"), SHOP)) == 2


def test_names_are_free_while_the_columns_are_not_known():
    assert not check_expression(parse_expression("anything == 'x' and other > 3 and 'y' in third"), ShopFacts())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["price", "brand", "tags", "'x'", "3", "(", ")", "[", "]", ",", "and", "or", "not", "in", "between",
                         "==", "<", "+", "-", "/", ".", "page", "context.store", "lower", "bought", "days_since", "`"]),
        max_size=14,
    )
)  # fmt: skip
def test_any_words_in_any_order_are_an_expression_or_an_error_with_a_place(words):
    text = " ".join(words)
    try:
        expression = parse_expression(text)
    except ExpressionError as error:
        assert 0 <= error.at <= len(text)
        return
    for error in check_expression(expression, ShopFacts(columns=KINDS)):
        assert 0 <= error.at <= len(text)
    assert matches(expression, Frame(CATALOGUE, {}, None, REQUEST, None, "UTC")).shape == (len(IDS),)


def test_a_row_of_the_kit_is_a_row_of_the_catalogue():
    assert CATALOGUE.ids.row("00503") == row("00503")
