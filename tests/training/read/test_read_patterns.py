"""Postage, fees, vouchers, samples and test orders are declared by pattern, and each pattern says what it set aside."""

import pytest
from small_shop import Read

from models.errors import ConfigError

TOML = 'columns = { user_id = "u", product_id = "p", order_id = "o", time = "t" }\n'
ROWS = """u,p,o,t
a,85123A,1,2020-01-01
a,POST,1,2020-01-01
a,DOT,1,2020-01-01
a,dotcom fee,2,2020-01-02
b,gift_0001_20,3,2020-01-02
b,POSTER,3,2020-01-02
qa-7,85123A,4,2020-01-03
b,85123A,TEST-9,2020-01-03
b,71053,5,2020-01-03
"""
PRODUCTS = (
    "sku,title,kind\n85123A,White heart,Home\n71053,Carriage postage,Home\nPOSTER,Poster,Samples\nPOST,Postage,\n"
)
MORE = '[data.products]\nfiles = ["q.csv"]\ncolumns = { product_id = "sku", name = "title", category = "kind" }'


def test_products_that_are_none_go_by_pattern(read: Read) -> None:
    """An id as it stands, with *, as a regular expression; POSTER is no POST; upper and lower case are one."""
    data = read(ROWS, toml=TOML + 'no_products = ["post", "DOT*", "re:^gift_.*"]')
    facts = data.facts.tables["purchases"]
    assert facts.set_aside == {"no product: post": 1, "no product: DOT*": 2, "no product: re:^gift_.*": 1}
    assert {data.products.id(row) for row in range(len(data.products))} == {"85123A", "71053", "POSTER"}


def test_names_and_categories_say_it_too(read: Read) -> None:
    """What a pattern takes out of the purchases leaves the catalogue too; of several columns all must fit."""
    toml = TOML + 'no_products = [{ name = "*postage*" }, { category = "sample?", product_id = "P*" }, "DOT*", "gift*"]'
    data = read(ROWS, toml=toml, more=MORE, files={"q.csv": PRODUCTS})
    assert data.facts.tables["purchases"].set_aside == {
        "no product: name = *postage*": 2,
        "no product: category = sample?, product_id = P*": 1,
        "no product: DOT*": 2,
        "no product: gift*": 1,
    }
    assert data.facts.tables["products"].set_aside == {
        "no product: name = *postage*": 2,
        "no product: category = sample?, product_id = P*": 1,
    }
    assert [data.products.id(row) for row in range(len(data.products))] == ["85123A"]


def test_test_orders_go_by_pattern(read: Read) -> None:
    """By the order's id, or by whose it is."""
    data = read(ROWS, toml=TOML + 'test_orders = ["TEST*", { user_id = "qa-*" }]')
    facts = data.facts.tables["purchases"]
    assert facts.set_aside == {"test order: TEST*": 1, "test order: user_id = qa-*": 1}
    assert [data.users.id(row) for row in range(len(data.users))] == ["a", "b"]


def test_a_pattern_that_fits_nothing_is_told(read: Read) -> None:
    """A typo is not silent; what only the catalogue has is something."""
    toml = TOML + 'no_products = ["PSOT", "re:^HEART$", { category = "Samples" }]\ntest_orders = ["x-*"]'
    facts = read(ROWS, toml=toml, more=MORE, files={"q.csv": PRODUCTS}).facts.tables["purchases"]
    assert [note for note in facts.notes if "fits nothing" in note] == [
        "test_orders: 'x-*' fits nothing here",
        "no_products: 'PSOT' fits nothing here",
        "no_products: 're:^HEART$' fits nothing here",
    ]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('no_products = ["re:("]', r"no_products.*'re:\(' is no regular expression"),
        ('no_products = [" "]', "a pattern is empty"),
        ("no_products = [{}]", "a pattern names nothing"),
        ('no_products = [{ nmae = "x" }]', r"data\.purchases\.no_products: no column 'nmae'.*did you mean 'name'"),
        (
            'test_orders = [{ visitor_id = "x" }]',
            r"test_orders: no column 'visitor_id'.*there are: user_id, product_id",
        ),
        ('no_products = ["re:(?<=x)y"]', r"no_products: .* cannot be used"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_told(read: Read, toml: str, said: str) -> None:
    """An expression that does not hold, nothing at all, a column that is not there."""
    with pytest.raises(ConfigError, match=said):
        read(ROWS, toml=TOML + toml, more=MORE, files={"q.csv": PRODUCTS})
