"""Tables out of databases: SQLite and PostgreSQL give the same shop, are only read, and faults are told."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from small_shop import Read, lines

from models.errors import ConfigError, DataError
from training.read.shop_data import ShopData

SCHEMA = (
    "create table sales (customer text, sku text, sold_at timestamp, pieces integer, price numeric(8, 2))",
    "create table items (sku text, title text, labels text)",
)
SALES = [
    ("007", "00a", "2026-08-01 10:00:00", 2, 9.5),
    (None, "b", "2026-08-01 11:00:00", 1, 3.25),
    ("é%s", "b", None, 1, 1),
]
ITEMS = [("00a", 'Mug, "blue"\nlarge', "gift|new"), ("b", "50 % wool", None)]
QUERY = "select s.*, ':x' as mark from sales s where sku <> '100%';"
TOML = """url = "{url}"
query = "{query}"
columns = {{ user_id = "customer", product_id = "sku", time = "sold_at", quantity = "pieces", price = "price" }}
derive = {{ order_id = "sold_at" }}"""
ITEMS_TOML = """[data.products]
url = "{url}"
query = "select sku, title, labels from items"
columns = {{ product_id = "sku", name = "title", tags = "labels" }}
"""
AFTER = 1_798_761_600


def check(data: ShopData) -> None:
    """Look at what both databases must give."""
    assert lines(data) == [("", "b", 1785578400), ("007", "00a", 1785574800)]
    assert data.purchases.price.tolist() == [3.25, 9.5]
    facts = data.facts.tables["purchases"]
    assert facts.refused == {"no time": 1}
    assert [(one.file, one.line) for one in facts.examples] == [("data.purchases.query", 4)]
    row = data.products.row("00a")
    assert data.catalogue.value("name", row) == 'Mug, "blue"\nlarge'
    assert data.catalogue.value("tags", row) == ["gift", "new"]


def read_from(read: Read, url: str) -> ShopData:
    """Read the shop of the database at ``url``."""
    toml = TOML.format(url=url, query=QUERY)
    return read(toml=toml, more=ITEMS_TOML.format(url=url), top='timezone = "Europe/London"', now=AFTER)


def test_sqlite(read: Read, tmp_path: Path) -> None:
    """A file beside shop.toml; percent signs and colons of the query are its own."""
    with sqlite3.connect(tmp_path / "shop.db") as base:
        for statement in SCHEMA:
            base.execute(statement)
        base.executemany("insert into sales values (?, ?, ?, ?, ?)", SALES)
        base.executemany("insert into items values (?, ?, ?)", ITEMS)
    check(read_from(read, "sqlite:///shop.db"))


def test_postgresql(read: Read, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same shop, with the URL from the environment; the transaction may not write."""
    with psycopg.connect(postgresql_url) as base:
        for statement in (*SCHEMA, "create sequence numbers"):
            base.execute(statement)
        with base.cursor() as cursor:
            cursor.executemany("insert into sales values (%s, %s, %s, %s, %s)", SALES)
            cursor.executemany("insert into items values (%s, %s, %s)", ITEMS)
    monkeypatch.setenv("SHOP_DATABASE", postgresql_url)
    check(read_from(read, "env:SHOP_DATABASE"))
    writes = TOML.format(url=postgresql_url, query="select nextval('numbers') as n")
    with pytest.raises(DataError, match="read-only transaction"):
        read(toml=writes)


def test_postgresql_types_arrive(read: Read, postgresql_url: str) -> None:
    """Times with a zone, arrays as tags, JSON as text."""
    query = "select 1 as u, 'x' as p, timestamptz '2026-08-01 10:00+02' as t, jsonb_build_object('a', 1) as j, array['g', 'h'] as g"
    toml = (
        f'url = "{postgresql_url}"\nquery = """{query}"""\ncolumns = {{ user_id = "u", product_id = "p", time = "t" }}'
    )
    tags = f'[data.products]\nurl = "{postgresql_url}"\nquery = """{query}"""\ncolumns = {{ product_id = "p", tags = "g" }}\nattributes = ["j"]'
    data = read(toml=toml, more=tags, now=AFTER)
    assert lines(data) == [("1", "x", 1785571200)]
    assert [data.catalogue.value(one, 0) for one in ("tags", "j")] == [["g", "h"], '{"a":1}']


@pytest.mark.parametrize(
    ("url", "query", "kind", "said"),
    [
        ("mysql://host/db", "select 1", ConfigError, "'mysql' is no database that is read: write sqlite"),
        ("no url", "select 1", ConfigError, "write sqlite:///shop.db or postgresql"),
        ("sqlite:///none.db", "select 1", DataError, r"none\.db: no such file"),
        (
            "sqlite:///shop.db",
            "select * from gone",
            DataError,
            "sqlite:///shop.db: no such table: gone: look at url and query",
        ),
        ("sqlite:///shop.db", "drop table sales", DataError, "readonly database"),
        ("sqlite:///shop.db", "select 1 as a, 2 as a", DataError, "two columns are called a"),
        ("postgresql://u:secret@127.0.0.1:1/x", "select 1", DataError, r"postgresql://u:\*\*\*@127.0.0.1:1/x"),
        ("env:NOT_THERE_AT_ALL", "select 1", ConfigError, "NOT_THERE_AT_ALL is not set"),
    ],
)
def test_a_database_that_cannot_be_read_is_told(
    read: Read, tmp_path: Path, url: str, query: str, kind: type[Exception], said: str
) -> None:
    """The message names the database without its password, and what to look at."""
    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute("create table sales (a text)")
    with pytest.raises(kind, match=said):
        read(toml=TOML.format(url=url, query=query))
