"""Formats by name: a small file of each shape, with the traps it is known for, and exactly what becomes of it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import duckdb
import numpy as np
import pytest
from small_shop import Read, lines

from models.errors import ConfigError, DataError
from models.shop_tables import FormatName
from training.read.formats import FORMATS
from training.read.shop_data import ShopData

FOLDER = Path(__file__).parent / "formats"
AFTER = 1_798_761_600  # 2027-01-01 00:00 UTC
JANUARY = 1_767_225_600  # 2026-01-01 00:00 UTC
SOME = 'files = ["p.csv"]\ncolumns = { user_id = "user", product_id = "product" }'
ReadAs = Callable[..., ShopData]


@pytest.fixture
def read_as(read: Read, tmp_path: Path) -> ReadAs:
    """Return a function that reads purchases, or tables beside a single purchase, in formats by name."""

    def run(
        purchases: str = SOME, now: int = AFTER, top: str = 'timezone = "Europe/London"', **tables: str
    ) -> ShopData:
        shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
        more = "".join(f"[data.{name}]\n{section}\n" for name, section in tables.items())
        return read("user,product\nu,p\n", toml=purchases, more=more, top=top, now=now)

    return run


def named(name: str, *files: str, more: str = "") -> str:
    """Return the section of a table in a format."""
    return f"format = {name!r}\nfiles = {list(files)}\n{more}"


def bought(data: ShopData) -> list[tuple[str, str, float, float]]:
    """Return (user, product, quantity, price) of every line; no price is -1."""
    told = data.purchases
    price = np.nan_to_num(told.price, nan=-1.0)
    return [
        (user, product, float(quantity), round(float(one), 4))
        for (user, product, _), quantity, one in zip(lines(data), told.quantity, price, strict=True)
    ]


def catalogue(data: ShopData, product: str) -> dict[str, object]:
    """Return what the catalogue says of a product, without what it does not know, and without the margin."""
    row = data.products.row(product)
    values = {name: data.catalogue.value(name, row) for name in data.catalogue.columns if name != "margin"}
    return {name: value for name, value in values.items() if value is not None and value == value}


def test_every_format_has_a_name_in_shop_toml() -> None:
    """What shop.toml takes and what is there to read it are the same."""
    assert set(get_args(FormatName)) == {"columns", *FORMATS}


def test_ga4(read_as: ReadAs) -> None:
    """Items become lines; a day that was written again replaces itself; a refund of a whole order takes all of it."""
    data = read_as(named("ga4", "ga4_*.jsonl"), top='timezone = "UTC"\ncurrency = "GBP"')
    facts = data.facts.tables["purchases"]
    assert bought(data) == [("1002.2002", "B-2", 1.0, 4.5), ("u-7", "00701", 3.0, 9.99)]
    assert facts.refused == {"no product_id": 1, "no JSON object": 1}
    assert [(one.file, one.line, one.reason) for one in facts.examples] == [
        ("ga4_20260801.jsonl", 6, "no JSON object"),
        ("ga4_20260801.jsonl", 3, "no product_id"),
    ]
    assert facts.set_aside == {
        "event names no product": 1,
        "event is no purchase": 1,
        "given again: the last copy counts": 2,
        "its whole order was taken back": 2,
        "takes its whole order back": 1,
        "return: takes its purchase back": 1,
        "purchase that was taken back": 1,
    }
    assert facts.read == 13
    assert data.purchases.time.tolist() == [1785576000, 1785575100]
    assert data.purchases.n_orders == 2
    assert facts.mapping["visitor_id"] == "given(user_pseudo_id)"


def test_events_tell_what_their_products_are(read_as: ReadAs) -> None:
    """Names, categories and prices of the items, of views too; of each product what most events say, and no value is none."""
    data = read_as(named("ga4", "ga4_*.jsonl"), products=named("ga4", "ga4_*.jsonl"))
    assert data.facts.without_catalogue_row == 0
    assert catalogue(data, "00701") == {"name": "Mug, blue", "price": 9.99}
    assert data.facts.tables["products"].set_aside["event names no product"] >= 1
    data = read_as(named("segment", "segment.jsonl"), products=named("segment", "segment.jsonl"))
    assert catalogue(data, "p1")["price"] == 18.99


def test_ga4_as_parquet_is_the_same(read_as: ReadAs, tmp_path: Path) -> None:
    """Nested columns with types of their own, as BigQuery exports Parquet."""
    duckdb.sql(
        f"copy (select event_name, event_timestamp::bigint as event_timestamp, user_id, user_pseudo_id, items, ecommerce "
        f"from read_json('{FOLDER}/ga4_20260802.jsonl')) to '{tmp_path}/day.parquet'"
    )
    data = read_as(named("ga4", "day.parquet"))
    assert bought(data) == [("u-7", "00701", 3.0, 9.99)]


def test_google_retail(read_as: ReadAs) -> None:
    """Purchases of nested products; a transaction told twice counts once; collections are no products."""
    data = read_as(
        named("google-retail", "google_events.jsonl"),
        top='timezone = "UTC"\ncurrency = "EUR"',
        products=named("google-retail", "google_products.jsonl"),
        stock=named("google-retail", "google_products.jsonl"),
    )
    facts = data.facts.tables
    assert bought(data) == [("u1", "007", 2.0, 10.25), ("u1", "009", 1.0, -1.0)]
    assert facts["purchases"].refused == {"no product_id": 1}
    assert facts["purchases"].set_aside == {
        "event names no product": 1,
        "event is no purchase": 2,
        "given again: the last copy counts": 2,
    }
    assert facts["products"].set_aside == {"a collection is no product": 1}
    lamp = catalogue(data, "007")
    assert lamp.pop("available_from") == 1767225600
    assert lamp == {
        "name": "Lamp", "category": "Home > Lighting > Table lamps", "department": "Home", "brand": "Lumo",
        "price": 10.25, "cost": 4.0, "list_price": 12.0, "tags": ["new", "warm"], "image": "https://x.example/7.jpg",
        "url": "https://x.example/7", "availability": "in_stock", "rating": 4.5,
    }  # fmt: skip
    assert catalogue(data, "009")["parent_id"] == "007"
    assert data.stock.quantity.tolist() == [5.0, 0.0]


@pytest.mark.parametrize(("now", "price"), [(JANUARY, 19.99), (AFTER, 29.99)])
def test_merchant_feed_tsv(read_as: ReadAs, now: int, price: float) -> None:
    """Quotes are text, prices carry their currency, a sale price counts in its time, header words may have spaces."""
    data = read_as(now=now, products=named("merchant-feed", "feed.tsv"))
    assert data.facts.tables["products"].refused == {"price is no number": 1}
    pot = catalogue(data, "0012")
    assert pot.pop("available_until") == 1798675200
    assert pot == {
        "name": 'Tea pot 5" "large"', "category": "Home > Kitchen > Tea", "department": "Home", "brand": "Potter",
        "price": price, "list_price": 29.99, "cost": 8.0, "image": "https://x.example/12.jpg",
        "url": "https://x.example/12", "parent_id": "G1", "availability": "in_stock", "color": "blue",
        "google_product_category": 672.0,
    }  # fmt: skip
    assert catalogue(data, "0013")["price"] == pytest.approx(1029.99)
    assert data.products.row("0014") == -1


def test_merchant_feed_xml(read_as: ReadAs) -> None:
    """The namespace g:, CDATA, entities of XML itself and repeated elements; a refused item has its line."""
    data = read_as(products=named("merchant-feed", "feed.xml"), stock=named("merchant-feed", "local_inventory.tsv"))
    assert catalogue(data, "0012") == {
        "name": "Tea & pot", "category": "Home > Kitchen", "department": "Home", "price": 9.99, "list_price": 9.99,
        "image": "https://x.example/12.jpg", "url": "https://x.example/12", "availability": "in_stock",
    }  # fmt: skip
    refused = data.facts.tables["products"].examples
    assert [(one.reason, one.line) for one in refused] == [("no product_id", 17)]
    stock = data.facts.tables["stock"]
    assert stock.refused == {"quantity is no number": 1}
    assert [data.stores.id(int(one)) for one in data.stock.store] == ["LON-1", "LON-2"]
    assert data.stock.quantity.tolist() == [4.0, 1.0]


BOMB = '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file:///etc/hostname">]><rss><item><id>&a;&f;</id></item></rss>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "declares a document type"),
        ("<rss><item><id>1</id>", "no whole XML"),
        ("<html><body/></html>", "no item, entry or product"),
    ],
)
def test_xml_that_is_no_feed_is_refused(read: Read, text: str, said: str) -> None:
    """No entity is expanded, and half a file is told."""
    more = f"[data.products]\n{named('merchant-feed', 'f.xml')}"
    with pytest.raises(DataError, match=said):
        read("user,product\nu,p\n", files={"f.xml": text}, toml=SOME, more=more)


def test_segment(read_as: ReadAs) -> None:
    """Orders with lists, products beside the event, a call delivered twice, refunds of a part and of the whole."""
    data = read_as(named("segment", "segment.jsonl"), top='timezone = "UTC"\ncurrency = "USD"')
    facts = data.facts.tables["purchases"]
    assert bought(data) == [("u1", "S-2", 2.0, 3.0), ("u1", "p1", 1.0, 18.99), ("u2", "p1", 1.0, 18.99)]
    assert facts.refused == {"no product_id": 1}
    assert facts.set_aside == {
        "no track call": 1,
        "event names no product": 1,
        "event is no purchase": 1,
        "given again: the last copy counts": 2,
        "its whole order was taken back": 1,
        "takes its whole order back": 1,
        "return: takes its purchase back": 1,
        "purchase that was taken back": 1,
    }


def call(event: str, message: str | None, time: str, quantity: int = 1, **more: str) -> dict[str, object]:
    """Return a track call about pieces of one product."""
    told = {} if message is None else {"messageId": message}
    properties = {"products": [{"product_id": "p1", "quantity": quantity}], **more}
    return {"type": "track", "event": event, "userId": "u1", "timestamp": time, "properties": properties, **told}


@pytest.mark.parametrize(
    ("messages", "left"), [(("m2", "m3"), 3.0), (("m2", "m2"), 4.0), (("m2", None), 3.0), ((None, None), 4.0)]
)
def test_a_segment_refund_is_known_by_its_call(
    read_as: ReadAs, tmp_path: Path, messages: tuple[str | None, str | None], left: float
) -> None:
    """Two refunds of a product of an order take a piece each; one that was delivered twice takes one, as without ids."""
    calls = [call("Order Completed", "m1", "2026-08-01T10:00:00Z", 5, order_id="O1")] + [
        call("Order Refunded", message, f"2026-08-0{day}T10:00:00Z", order_id="O1")
        for day, message in enumerate(messages, 2)
    ]
    (tmp_path / "calls.jsonl").write_text("\n".join(map(json.dumps, calls)))
    assert bought(read_as(named("segment", "calls.jsonl"))) == [("u1", "p1", left, -1.0)]


def test_a_segment_purchase_without_an_order_is_known_by_its_call(read_as: ReadAs, tmp_path: Path) -> None:
    """It was delivered twice, and the clock of the second delivery was another one."""
    calls = [call("Order Completed", "m1", f"2026-08-01T10:00:0{second}Z") for second in (0, 1)]
    (tmp_path / "calls.jsonl").write_text("\n".join(map(json.dumps, calls)))
    assert bought(read_as(named("segment", "calls.jsonl"))) == [("u1", "p1", 1.0, -1.0)]


BODIES = [
    {
        "batch": [call("Order Completed", "m1", "2026-08-01T10:00:00Z", 5, order_id="O1"), 7],
        "context": {"device": {"type": "ios"}},
        "sentAt": "2026-08-01T10:00:01Z",
    },
    {
        "batch": [
            call("Order Refunded", "m2", "2026-08-02T10:00:00Z", order_id="O1"),
            call("Order Completed", "m3", "2026-08-03T10:00:00Z", 2, order_id="O2"),
            call("Order Completed", "m4", "no time", 2, order_id="O3"),
        ]
    },
]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("calls.jsonl", "\n".join(map(json.dumps, BODIES))),
        ("calls.json", "\n".join(map(json.dumps, BODIES))),
        ("calls.json", "\n".join(json.dumps(one, indent=1) for one in BODIES)),
        ("calls.json", json.dumps(BODIES)),
    ],
)
def test_segment_bodies_of_batches(read_as: ReadAs, tmp_path: Path, file: str, text: str) -> None:
    """As they are posted, one a line, over many lines, or in an array: each call is a row, told by its place among all."""
    (tmp_path / file).write_text(text)
    data = read_as(named("segment", file))
    assert bought(data) == [("u1", "p1", 4.0, -1.0), ("u1", "p1", 2.0, -1.0)]
    facts = data.facts.tables["purchases"]
    assert facts.refused == {"no JSON object": 1, "time cannot be read": 1}
    assert sorted(one.line for one in facts.examples) == [2, 5]


def test_what_a_body_says_of_all_calls_holds_for_each(read_as: ReadAs, tmp_path: Path) -> None:
    """The device stands beside the calls; one call names its own."""
    own = {**call("Order Completed", "m5", "2026-08-04T10:00:00Z"), "context": {"device": {"type": "android"}}}
    body = {
        "batch": [call("Order Completed", "m1", "2026-08-01T10:00:00Z"), own],
        "context": {"device": {"type": "ios"}},
    }
    (tmp_path / "calls.json").write_text(json.dumps(body))
    found = read_as(named("segment", "calls.json")).purchases.fields["device"]
    assert [found.value(row) for row in range(2)] == ["ios", "android"]


def shopper(email: str) -> str:
    """Return the id of a Shopify customer, as the page on formats tells it."""
    return "e" + hashlib.sha256(f"pepper{email}".encode()).hexdigest()[:32]


def test_shopify_orders(read_as: ReadAs) -> None:
    """Cells are filled forward in an order and never beyond it; what was voided or refunded later is gone."""
    section = named("shopify-orders", "shopify_orders_*.csv", more='salt = "pepper"')
    data = read_as(section, top='timezone = "Europe/London"\ncurrency = "GBP"')
    ann = shopper("ann@example.com")
    assert sorted(bought(data)) == sorted(
        [
            ("", "MUG-B", 1.0, 10.0),
            (ann, "CARD", 1.0, 1.0),
            (ann, "MUG-B", 2.0, 9.0),
            (ann, 'Tea, "Assam"', 1.0, 10.0),
            (ann, "CARD", 1.0, 1.0),
        ]
    )
    facts = data.facts.tables["purchases"]
    assert facts.refused == {}
    assert facts.set_aside == {"given again: the last copy counts": 2, "takes its whole order back": 3}
    assert data.purchases.n_orders == 3
    assert 1785803062 in data.purchases.time  # 2026-08-04 05:24:22 +0500


def test_shopify_orders_want_a_salt(read_as: ReadAs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a salt nothing is hashed; it may come from the environment."""
    with pytest.raises(ConfigError, match="give a long random text"):
        read_as(named("shopify-orders", "shopify_orders_1.csv"))
    section = named("shopify-orders", "shopify_orders_1.csv", more='salt = "env:SHOP_SALT"')
    monkeypatch.delenv("SHOP_SALT", raising=False)
    with pytest.raises(ConfigError, match="SHOP_SALT is not set"):
        read_as(section)
    monkeypatch.setenv("SHOP_SALT", "pepper")
    assert shopper("bob@example.com") in {user for user, _, _ in lines(read_as(section))}


def test_shopify_products_and_inventory(read_as: ReadAs) -> None:
    """Variants get their product's words, further images are no products, "not stocked" is no quantity."""
    data = read_as(
        products=named("shopify-products", "shopify_products.csv"),
        stock=named("shopify-inventory", "shopify_inventory.csv"),
    )
    assert catalogue(data, "MUG-B") == {
        "name": "Mug - Blue", "category": "Kitchen", "brand": "Potter", "price": 10.0, "list_price": 12.0, "cost": 4.0,
        "tags": ["blue", "gift"], "image": "https://x.example/mug.jpg", "parent_id": "mug",
    }  # fmt: skip
    assert catalogue(data, "Mug - Red")["price"] == 11.0
    assert catalogue(data, "CARD")["category"] == "Home & Garden > Cards"
    assert data.facts.tables["products"].set_aside == {
        "further image of its product": 1,
        "product is a draft, or archived": 1,
    }
    stock = data.facts.tables["stock"]
    assert (stock.refused, stock.set_aside) == ({"quantity is no number": 1}, {"not stocked there": 1})
    assert sorted(data.stock.quantity.tolist()) == [-1.0, 7.0]


def test_amazon_personalize(read_as: ReadAs) -> None:
    """Seconds, event types in any case, columns of the shop's own as attributes."""
    data = read_as(
        named("amazon-personalize", "personalize_interactions.csv"),
        products=named("amazon-personalize", "personalize_items.csv"),
        users=named("amazon-personalize", "personalize_users.csv"),
    )
    assert lines(data) == [("001", "i1", 1785574800), ("002", "i1", 1785574802)]
    assert data.facts.tables["purchases"].set_aside == {"event is no purchase": 1}
    assert data.facts.tables["purchases"].refused == {"no product_id": 1}
    assert catalogue(data, "i1") == {
        "category": "Home > Lamps", "department": "Home", "price": 9.5, "available_from": 1.7e9, "material": "brass",
    }  # fmt: skip
    assert set(data.user_columns) == {"age_band", "membership"}


def test_algolia_insights(read_as: ReadAs) -> None:
    """A conversion is a purchase where its name says so; what it does not say is not guessed."""
    data = read_as(named("algolia-insights", "algolia.csv"))
    assert lines(data) == [("user-1", "p1", 1785578700), ("user-2", "p2", 1785574800)]
    assert data.facts.tables["purchases"].set_aside == {"event is no purchase": 3}


def test_algolia_insights_as_they_are_sent(read_as: ReadAs, tmp_path: Path) -> None:
    """An event with several products is a line for each, with the quantity and price that stand beside it."""
    (tmp_path / "sent.jsonl").write_text(
        '{"eventType": "conversion", "eventSubtype": "purchase", "eventName": "Done", "index": "shop", "userToken": "anonymous-1", '
        '"authenticatedUserToken": "u1", "timestamp": 1785574800000, "objectIDs": ["007", "p2"], '
        '"objectData": [{"price": 12.5, "quantity": 2}, {"price": "3.00"}], "currency": "GBP", "value": 28}\n'
        '{"eventType": "view", "eventName": "Seen", "index": "shop", "userToken": "u2", "timestamp": 1785574800000, '
        '"objectIDs": ["p2", "007", "p9"]}\n'
    )
    data = read_as(named("algolia-insights", "sent.jsonl"))
    assert sorted(bought(data)) == [("u1", "007", 2.0, 12.5), ("u1", "p2", 1.0, 3.0)]
    assert data.facts.tables["purchases"].set_aside == {"event is no purchase": 3}


def test_recombee(read_as: ReadAs) -> None:
    """The price is the total of the line."""
    data = read_as(named("recombee", "recombee.csv"))
    assert bought(data) == [("u1", "i2", 1.0, 5.5), ("u1", "i1", 4.0, 10.0), ("u2", "i1", 1.0, -1.0)]


def test_own_columns_come_before_those_of_the_format(read_as: ReadAs) -> None:
    """derive, columns and keep see the file's own columns, and win."""
    more = 'keep = "eventname <> \'Purchase\'"\nderive = { product_id = "upper(objectid)" }'
    data = read_as(named("algolia-insights", "algolia.csv", more=more))
    assert lines(data) == [("user-1", "P1", 1785578700)]


@pytest.mark.parametrize(
    ("section", "table", "said"),
    [
        (named("recombee", "feed.tsv"), "products", "it is a format of data.purchases"),
        (named("merchant-feed", "algolia.csv"), "products", "it lacks id, title, price; it has userToken"),
    ],
)
def test_a_wrong_format_is_told(read_as: ReadAs, section: str, table: str, said: str) -> None:
    """The message has what it is a format of, or what the file lacks."""
    with pytest.raises((ConfigError, DataError), match=said):
        read_as(**{table: section})
