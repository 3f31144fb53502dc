"""Products, users, stores and stock: aligned columns, what is no product, and the last row of an id."""

import pytest
from small_shop import COLUMNS, Read

from models.columns import NumberColumn, TagsColumn, TextColumn
from models.errors import ConfigError

PURCHASES = "user,product,time\na,p1,2020-01-01\na,p2,2020-01-01\nb,p9,2020-01-01\n"
PRODUCTS = "sku,title,group,cost,tags,size,from\np1,Red Wine,Wine,2,red|dry,007,2020-01-01\np2,Bag,Fees,,,12,\np3,Tea,Hot,1.5,,3,\n"
MORE = """
[data.products]
files = ["products.csv"]
columns = { product_id = "sku", name = "title", category = "group", cost = "cost", tags = "tags", available_from = "from" }
attributes = ["size"]
keep = "\\"group\\" <> 'Fees'"
"""


def test_columns_are_aligned_with_the_ids(read: Read) -> None:
    """Listed and bought products share one index; a product that was only bought has no values."""
    data = read(PURCHASES, files={"products.csv": PRODUCTS}, more=MORE)
    assert [data.products.id(row) for row in range(len(data.products))] == ["p1", "p3", "p9"]
    assert [data.catalogue.value("name", row) for row in range(3)] == ["Red Wine", "Tea", None]
    assert [data.catalogue.value("cost", row) for row in range(3)] == [2.0, 1.5, None]
    assert [data.catalogue.value("available_from", row) for row in range(3)] == [1_577_836_800, None, None]
    assert data.catalogue.value("tags", 0) == ["dry", "red"]
    kinds = {name: type(column) for name, column in data.catalogue.columns.items()}
    assert kinds["tags"] is TagsColumn
    assert kinds["cost"] is NumberColumn
    assert kinds["size"] is TextColumn, "007 is a code"
    assert data.facts.without_catalogue_row == 1
    assert data.facts.products_listed == 2


def test_purchases_of_what_is_no_product_are_set_aside(read: Read) -> None:
    """What data.products does not keep is no product: its purchases are set aside, not refused."""
    facts = read(PURCHASES, files={"products.csv": PRODUCTS}, more=MORE).facts
    assert facts.tables["products"].set_aside == {"not kept by `keep`": 1}
    assert facts.tables["purchases"].set_aside == {"product is not kept in data.products": 1}
    assert facts.tables["purchases"].refused == {}


def test_unlisted_products_go_where_the_shop_says(read: Read) -> None:
    """unlisted = "set-aside" leaves out what the products table does not know."""
    data = read(PURCHASES, toml=COLUMNS + '\nunlisted = "set-aside"', files={"products.csv": PRODUCTS}, more=MORE)
    assert len(data.purchases) == 1
    assert data.facts.tables["purchases"].set_aside["product is not listed in data.products"] == 1


def test_the_last_row_of_an_id_counts(read: Read) -> None:
    """A product that is listed twice has the values of its last row."""
    files = {"products.csv": "sku,title\np1,Old\np1,New\n,Nobody\n"}
    more = '[data.products]\nfiles = ["products.csv"]\ncolumns = { product_id = "sku", name = "title" }'
    data = read(PURCHASES, files=files, more=more)
    assert data.catalogue.value("name", 0) == "New"
    assert data.facts.tables["products"].set_aside == {"given again: the last row counts": 1}
    assert data.facts.tables["products"].refused == {"no product_id": 1}


def test_lines_of_purchases_make_a_catalogue_of_what_most_of_them_say(read: Read) -> None:
    """One line that says "?", a blank one and another spelling rename nothing; of as many the last one counts."""
    rows = ("a,p1,Mug,red", "b,p1,,", "c,p1,Mug,blue", "d,p1,?,", "e,p2,Tea,", "f,p2,Green tea,")
    text = "user,product,title,colour,time\n" + "".join(f"{row},2020-01-01\n" for row in rows)
    more = '[data.products]\nfiles = ["p.csv"]\ncolumns = { product_id = "product", name = "title" }\nattributes = ["colour"]'
    data = read(text, more=more)
    assert [data.catalogue.value("name", row) for row in (0, 1)] == ["Mug", "Green tea"]
    assert [data.catalogue.value("colour", row) for row in (0, 1)] == ["blue", None]
    assert data.facts.tables["products"].set_aside == {"given again: the value of most rows counts": 4}


def test_the_catalogue_changes_its_version_with_a_value(read: Read) -> None:
    """The same files give the same version, another name another one."""
    more = '[data.products]\nfiles = ["products.csv"]\ncolumns = { product_id = "sku", name = "title" }'
    versions = [
        read(PURCHASES, files={"products.csv": f"sku,title\np1,{one}\n"}, more=more).catalogue.version for one in "aab"
    ]
    assert versions[0] == versions[1] != versions[2]


def test_users_have_attributes_bought_or_not(read: Read) -> None:
    """A listed user without a purchase is known too; numbers are numbers where all values are."""
    more = '[data.users]\nfiles = ["u.csv"]\ncolumns = { user_id = "id", tier = "tier" }\nattributes = ["age"]'
    data = read(PURCHASES, files={"u.csv": "id,tier,age\nb,gold,41\nc,silver,29\n"}, more=more)
    assert [data.users.id(row) for row in range(3)] == ["a", "b", "c"]
    assert [data.user_columns["tier"].value(row) for row in range(3)] == [None, "gold", "silver"]
    assert [data.user_columns["age"].value(row) for row in range(3)] == [None, 41.0, 29.0]
    assert data.facts.users == 2


def test_stock_is_by_product_and_store(read: Read) -> None:
    """A level without a store is of the whole shop; the last row of a pair counts; unknown products go."""
    more = '[data.stock]\nfiles = ["s.csv"]\ncolumns = { product_id = "p", store_id = "s", quantity = "n" }'
    text = "p,s,n\np1,north,5\np1,north,4\np2,,7\nzz,north,1\np9,south,many\n"
    data = read(PURCHASES, files={"s.csv": text}, more=more)
    assert [data.stores.id(row) for row in range(len(data.stores))] == ["north"]
    assert (data.stock.product.tolist(), data.stock.store.tolist()) == ([0, 1], [0, -1])
    assert data.stock.quantity.tolist() == [4, 7]
    assert data.facts.tables["stock"].refused == {"quantity is no number": 1}


def test_stores_are_listed_beside_those_of_purchases(read: Read) -> None:
    """data.stores makes stores known that have sold nothing yet."""
    more = '[data.stores]\nfiles = ["s.csv"]\ncolumns = { store_id = "s" }'
    data = read(PURCHASES, files={"s.csv": "s,city\n01,Ely\n02,Diss\n"}, more=more)
    assert [data.stores.id(row) for row in range(len(data.stores))] == ["01", "02"]


def test_a_stock_column_that_means_nothing_is_told(read: Read) -> None:
    """Closed tables name the nearest known key."""
    more = '[data.stock]\nfiles = ["s.csv"]\ncolumns = { product_id = "p", quantity = "n", stor_id = "s" }'
    with pytest.raises(
        ConfigError, match=r"data\.stock\.columns\.stor_id: means nothing here: did you mean 'store_id'"
    ):
        read(PURCHASES, files={"s.csv": "p,s,n\n"}, more=more)
