"""Purchases from files: ids stay as they are, every row is counted, and the order is fixed."""

import gzip
import json

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import COLUMNS, Read, lines

from models.errors import ConfigError, DataError

DAY1, DAY2 = 1_577_836_800, 1_577_923_200  # 2020-01-01 and -02, UTC


def test_lines_are_sorted_by_user_then_time_then_product(read: Read) -> None:
    """Whatever the order of the file, the lines come by user, time and product."""
    data = read("user,product,time\nb,x,2020-01-01\na,z,2020-01-02\na,y,2020-01-01\na,x,2020-01-01\n")
    assert lines(data) == [("a", "x", DAY1), ("a", "y", DAY1), ("a", "z", DAY2), ("b", "x", DAY1)]
    assert data.purchases.quantity.tolist() == [1, 1, 1, 1]
    assert np.isnan(data.purchases.price).all()


def test_five_lines_of_toml_are_enough(read: Read) -> None:
    """A shop with one CSV needs a name, files and three columns."""
    assert len(read("user,product,time\n1,2,2020-01-01\n").purchases) == 1


def test_leading_zeros_and_unicode_ids_stay(read: Read) -> None:
    """Ids are text: 007 is not 7, and any script is an id."""
    data = read("user,product,time\n007,Ω-1,2020-01-01\n7,ΩΩ,2020-01-01\n 7 ,🍷,2020-01-02\n")
    assert [data.users.id(row) for row in range(len(data.users))] == ["007", "7"]
    assert {data.products.id(row) for row in range(len(data.products))} == {"Ω-1", "ΩΩ", "🍷"}


def test_numbers_of_parquet_become_their_decimal_text(read: Read, tmp_path) -> None:
    """An id that a Parquet file keeps as 12 or as 12.0 is "12"."""
    sql = "select 12::bigint as user, 5::double as product, timestamp '2020-01-01 10:00' as time"
    duckdb.sql(sql).write_parquet(str(tmp_path / "p.parquet"))
    assert lines(read(file="p.parquet")) == [("12", "5", DAY1 + 36_000)]


def test_orders_are_those_of_the_file(read: Read) -> None:
    """Lines of one user with one order id share a number; the same id of another user is another order."""
    toml = 'columns = { user_id = "u", product_id = "p", time = "t", order_id = "o" }'
    data = read("u,p,t,o\na,x,2020-01-01,1\na,y,2020-01-01,1\na,z,2020-01-01,2\nb,x,2020-01-01,1\n", toml=toml)
    assert data.purchases.order.tolist() == [0, 0, 1, 2]
    assert data.purchases.n_orders == 3


def test_orders_that_cross_each_other_stay_whole_and_repeats_are_of_later_orders(read: Read) -> None:
    """Orders are numbered by their first line; milk came again in a later order, tea twice in one, nobody's never."""
    toml = 'columns = { user_id = "u", product_id = "p", time = "t", order_id = "o" }'
    rows = [
        "a,milk,08,1",
        "a,tea,09,2",
        "a,jam,10,1",
        "a,tea,11,2",
        "a,milk,12,2",
        ",milk,07,3",
        ",milk,06,4",
        ",ham,13,3",
    ]
    told = [f"{who},{what},2020-01-01 {hour}:00,{order}" for who, what, hour, order in (row.split(",") for row in rows)]
    data = read("u,p,t,o\n" + "\n".join(told) + "\n", toml=toml)
    assert data.purchases.order.tolist() == [0, 1, 1, 2, 3, 2, 3, 3]
    assert data.facts.repeat_share == 1 / 8


def test_without_order_ids_a_day_of_the_shop_is_an_order(read: Read) -> None:
    """Without order ids the lines of a user's local day are one order, in the shop's zone."""
    top = 'timezone = "America/New_York"'
    text = "user,product,time\na,x,2020-01-01T23:00Z\na,y,2020-01-02T04:59Z\na,z,2020-01-02T05:01Z\n"
    assert read(text, top=top).purchases.order.tolist() == [0, 0, 1]


def test_anonymous_orders_have_no_user(read: Read) -> None:
    """A line with an order but no user is kept for what was bought together."""
    toml = 'columns = { user_id = "u", product_id = "p", time = "t", order_id = "o" }'
    data = read("u,p,t,o\n,x,2020-01-01,1\n,y,2020-01-01,1\n,z,2020-01-01,\n", toml=toml)
    assert data.purchases.user.tolist() == [-1, -1]
    assert data.purchases.order.tolist() == [0, 0]
    assert data.facts.tables["purchases"].refused == {"no user_id or order_id": 1}


def test_lines_without_times_keep_the_order_of_rows(read: Read) -> None:
    """A shop without times still trains: rows in their order, time 0, and a note."""
    data = read("u,p\na,y\na,x\na,y\n", toml='columns = { user_id = "u", product_id = "p" }')
    assert lines(data) == [("a", "y", 0), ("a", "x", 0), ("a", "y", 0)]
    assert data.facts.first is None
    assert any("no time column" in note for note in data.facts.tables["purchases"].notes)


def test_orders_that_are_numbered_by_shopper_follow_one_another_by_number(read: Read) -> None:
    """Rows come as they please; 10 comes after 9, and a note says what was made of it."""
    rows = "\n".join(f"{user},{number},p{number}" for user in "ab" for number in (10, 2, 9, 1))
    columns = 'columns = { user_id = "user", order_id = "n", product_id = "product" }'
    data = read(f"user,n,product\n{rows}\n", toml=columns)
    products = [data.products.id(int(row)) for row in data.purchases.product]
    assert products == ["p1", "p2", "p9", "p10"] * 2
    assert data.purchases.order.tolist() == list(range(8))
    assert any("numbered by shopper" in note for note in data.facts.tables["purchases"].notes)


def test_order_ids_of_the_whole_shop_say_nothing_of_the_sequence(read: Read) -> None:
    """Each stands once: rows in their order."""
    columns = 'columns = { user_id = "user", order_id = "n", product_id = "product" }'
    data = read("user,n,product\na,7,p1\na,3,p2\nb,5,p1\n", toml=columns)
    assert [data.products.id(int(row)) for row in data.purchases.product] == ["p1", "p2", "p1"]


def test_until_leaves_out_the_moment_itself_and_later(read: Read) -> None:
    """Only what happened strictly before `until` is there, users and products too."""
    data = read("user,product,time\na,x,2020-01-01\nb,y,2020-01-02\n", until=DAY2)
    assert lines(data) == [("a", "x", DAY1)]
    assert (len(data.users), len(data.products)) == (1, 1)


def test_keep_and_derive_work_on_text_files(read: Read) -> None:
    """Columns of a CSV are numbers to an expression where their values are."""
    toml = COLUMNS + '\nderive = { price = "value / pieces", quantity = "pieces" }\nkeep = "pieces > 0"'
    text = "user,product,time,pieces,value\na,x,2020-01-01,2,5.0\na,y,2020-01-01,0,1\n"
    data = read(text, toml=toml)
    assert data.purchases.price.tolist() == [2.5]
    assert data.purchases.quantity.tolist() == [2]
    assert data.facts.tables["purchases"].set_aside == {"not kept by `keep`": 1}


def test_other_events_are_set_aside(read: Read) -> None:
    """Views are no purchases; a blank event is one."""
    toml = 'columns = { user_id = "u", product_id = "p", time = "t", event = "e" }'
    data = read("u,p,t,e\na,x,2020-01-01,view\na,y,2020-01-01,Purchase\na,z,2020-01-01,\n", toml=toml)
    assert [product for _, product, _ in lines(data)] == ["y", "z"]
    assert data.facts.tables["purchases"].set_aside == {"event is no purchase": 1}


def test_tsv_json_lines_and_gz_read_alike(read: Read) -> None:
    """The format follows the suffix, packed or not."""
    text = "user\tproduct\ttime\n01\tx\t2020-01-01\n"
    told = json.dumps({"user": "01", "product": "x", "time": "2020-01-01"}) + "\n"
    assert lines(read(text, file="p.tsv")) == lines(read(told, file="p.jsonl")) == [("01", "x", DAY1)]
    assert lines(read(gzip.compress(text.replace("\t", ",").encode()), file="p.csv.gz")) == [("01", "x", DAY1)]


def test_a_query_joins_named_files(read: Read) -> None:
    """`tables` and `query` make one table of several files."""
    toml = 'tables = { l = "l.csv", o = "o.csv" }\nquery = "select * from l join o using (order_id)"\n'
    toml += 'columns = { user_id = "who", product_id = "sku", time = "day", order_id = "order_id" }'
    files = {"l.csv": "order_id,sku\n01,x\n01,y\n", "o.csv": "order_id,who,day\n01,a,2020-01-01\n"}
    assert lines(read(toml=toml, files=files)) == [("a", "x", DAY1), ("a", "y", DAY1)]


def test_a_missing_column_is_named_with_what_was_meant(read: Read) -> None:
    """The message has the file, the column, the nearest one and all the others."""
    with pytest.raises(
        DataError, match=r"p\.csv: no column 'product' .*did you mean 'produkt'.*has user, produkt, time"
    ):
        read("user,produkt,time\na,x,2020-01-01\n")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('columns = { product_id = "p", tiem = "t" }', "did you mean 'time'"),
        ('columns = { product_id = "p" }', "nothing says who bought"),
        ('columns = { user_id = "u" }', "no column for product_id"),
        ('columns = { user_id = "u", product_id = "p" }\nderive = { user_id = "u" }', "given twice"),
    ],
)
def test_a_wrong_mapping_is_told_before_reading(read: Read, toml: str, said: str) -> None:
    """A faulty mapping is a fault of shop.toml, with the next step."""
    with pytest.raises(ConfigError, match=said):
        read("u,p,t\n", toml=toml)


def test_an_expression_that_does_not_hold_is_told(read: Read) -> None:
    """A derive over a column that is not there names the table and the file's columns."""
    with pytest.raises(
        DataError, match=r"data\.purchases \(derive, keep\) does not hold.*the file has user, product, time"
    ):
        read("user,product,time\na,x,2020-01-01\n", toml=COLUMNS + '\nderive = { price = "sales / 2" }')


ids = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=8).filter(
    lambda text: text.strip() == text and text.lower() not in ("nan", "null", "none", "undefined", "(not set)")
)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(ids, ids), min_size=1, max_size=6))
def test_any_id_comes_back_as_it_was(read: Read, pairs: list[tuple[str, str]]) -> None:
    """JSON lines with any ids give exactly the distinct lines that were written."""
    text = "".join(json.dumps({"user": u, "product": p, "time": "2020-01-01"}) + "\n" for u, p in pairs)
    assert {(u, p) for u, p, _ in lines(read(text, file="p.jsonl"))} == set(pairs)


def test_lines_in_another_currency_are_refused(read: Read) -> None:
    """Prices of another currency would bend every sum."""
    toml = 'columns = { user_id = "u", product_id = "p", time = "t", currency = "c" }'
    data = read("u,p,t,c\na,x,2020-01-01,eur\na,y,2020-01-01,USD\n", toml=toml, top='currency = "EUR"')
    assert data.facts.tables["purchases"].refused == {"currency is not EUR": 1}


def test_a_missing_export_stops_the_reading(read: Read) -> None:
    """Fewer files than expected is a fault of the input."""
    more = "[training]\nexpected_files = 2"
    with pytest.raises(DataError, match=r"1 files where training\.expected_files = 2"):
        read("user,product,time\na,x,2020-01-01\n", more=more, share=None)


def test_zstandard_files_are_read(read: Read, tmp_path) -> None:
    """A .zst file is unpacked on the way."""
    duckdb.sql("select '01' as user, 'x' as product, '2020-01-01' as time").write_csv(
        str(tmp_path / "p.csv.zst"), compression="zstd"
    )
    assert lines(read(file="p.csv.zst")) == [("01", "x", DAY1)]


def test_a_query_without_an_order_gives_the_same_rows_every_time(read: Read) -> None:
    """Rows of a query are numbered by all their columns, or by its own order."""
    toml = 'tables = {{ l = "l.csv" }}\nquery = "select * from l{}"\ncolumns = {{ user_id = "u", product_id = "p" }}'
    files = {"l.csv": "u,p\na,y\na,x\n"}
    assert [p for _, p, _ in lines(read(toml=toml.format(""), files=files))] == ["x", "y"]
    assert [p for _, p, _ in lines(read(toml=toml.format(" order by p desc"), files=files))] == ["y", "x"]


def test_two_tables_of_one_name_and_broken_queries_are_told(read: Read) -> None:
    """A glob that matches two files is no table, and SQL that does not hold is told in a line."""
    files = {"1.csv": "u,p\n", "2.csv": "u,p\n"}
    columns = 'columns = { user_id = "u", product_id = "p" }'
    with pytest.raises(ConfigError, match=r"tables\.l: '\*\.csv' matches 2 files"):
        read(toml=f'tables = {{ l = "*.csv" }}\nquery = "select * from l"\n{columns}', files=files)
    with pytest.raises(DataError, match=r"data\.purchases\.query does not hold"):
        read(toml=f'tables = {{ l = "1.csv" }}\nquery = "select nothing from l"\n{columns}', files=files)


def test_a_value_that_breaks_an_expression_is_told(read: Read) -> None:
    """A cast in shop.toml that a row does not bear stops with the file and the reason."""
    toml = COLUMNS + '\nderive = { price = "cast(value as int)" }'
    with pytest.raises(DataError, match=r"p\.csv: data\.purchases: .*Could not convert string"):
        read("user,product,time,value\na,x,2020-01-01,much\n", toml=toml)


def test_columns_may_differ_in_case_and_lists_are_joined(read: Read, tmp_path) -> None:
    """User and USER are one column; a list is an id joined by |."""
    sql = "select [1, 2]::varchar[] as USER, 3.5 as product, timestamp '2020-01-01' as time"
    duckdb.sql(sql).write_parquet(str(tmp_path / "p.parquet"))
    assert lines(read(file="p.parquet")) == [("1|2", "3.5", DAY1)]
