"""From the service's own events to a version of its own: the next training sees orders, refunds, consent and erasures."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from models.shop import Shop, read_shop
from recsvc.store.database import Store
from recsvc.store.event import Event
from recsvc.store.record import record
from recsvc.store.shoppers import allow, erase
from training.pipeline import Options, run
from training.progress import SILENT
from training.read.event_store import open_store
from training.read.shop_data import ShopData, read_shop_data

NOW = int(time.time())
ALONE = """
name = "New shop"
timezone = "UTC"
[data]
events = "store"
[training]
ranker = false
"""
BESIDE = """
name = "Old shop"
timezone = "UTC"
[data]
events = "store"
[data.purchases]
files = ["purchases.csv"]
columns = { user_id = "user", product_id = "product", time = "time", order_id = "order" }
[data.users]
files = ["users.csv"]
columns = { user_id = "user" }
attributes = ["tier"]
[context.campaigns]
files = ["users.csv"]
keys = { user_id = "user" }
fields = ["tier"]
"""


def bought(name: str, user: str, product: str, ago: int, kind: Any = "purchase", **more: Any) -> Event:
    """Return a purchase so many hours ago."""
    return Event(name, kind, NOW - ago * 3600, NOW, user, product_id=product, **more)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        made.engine()
        yield made


def keep(store: Store, *events: Event) -> None:
    with store.write() as connection:
        record(connection, [events])


def shop_in(folder: Path, text: str) -> Shop:
    (folder / "shop.toml").write_text(text)
    return read_shop(folder / "shop.toml")


def read(shop: Shop, store: Store | None) -> ShopData:
    url = None if store is None else store.url
    return read_shop_data(shop, until=None, now=NOW, rejects=None, progress=SILENT, store=url)


def lines(data: ShopData) -> list[tuple[str, str, int, float]]:
    """Return (user, product, hours ago, pieces) of every line; "" is nobody."""
    told = data.purchases
    return [
        (data.users.id(int(u)) if u >= 0 else "", data.products.id(int(p)), round((NOW - int(t)) / 3600), float(q))
        for u, p, t, q in zip(told.user, told.product, told.time, told.quantity, strict=True)
    ]


def test_a_shop_with_nothing_but_events_learns_from_them(store: Store, tmp_path: Path) -> None:
    """Purchases less refunds, with store, order, price and the context of their moment; visitors are shoppers too."""
    shop = shop_in(tmp_path, ALONE)
    keep(
        store,
        bought(
            "1", "ann", "milk", 9, order_id="o1", store_id="north", price=1.5, quantity=2.0, rest='{"device":"mobile"}'
        ),
        bought("2", "ann", "tea", 9, order_id="o1", campaign="SPRING"),
        bought("3", "ben", "milk", 8, order_id="o2"),
        bought("4", "ben", "milk", 2, "refund", order_id="o2"),
        Event("5", "purchase", NOW - 3600, NOW, None, "browser", product_id="milk"),
        bought("6", "ann", "milk", 5, "view"),
    )
    data = read(shop, store)
    assert lines(data) == [("ann", "milk", 9, 2), ("ann", "tea", 9, 1), ("browser", "milk", 1, 1)]
    assert data.purchases.n_orders == 2 and data.purchases.price[0] == 1.5
    assert data.stores.row("north") == data.purchases.store[0] == 0
    assert (
        data.purchases.fields["device"].value(0) == "mobile" and data.purchases.fields["campaign"].value(1) == "SPRING"
    )


def test_a_field_of_an_event_that_is_blank_or_no_plain_value_is_none(store: Store, tmp_path: Path) -> None:
    """As if it had been left out; a zero is a value, and what the shop does not declare is nothing to learn from."""
    shop = shop_in(tmp_path, ALONE + '[context.fields]\nbasket = "numeric"\nteam = "categorical"\n')
    told = [
        '{"device": "", "weather": null, "basket": 0, "team": "0", "other": "x"}',
        '{"device": " ", "weather": ["rain"], "basket": "", "team": {"a": 1}}',
        '{"device": "mobile", "weather": "rain", "basket": 2.5, "team": true}',
    ]
    keep(store, *(bought(str(n), "ann", "milk", 9 - n, order_id=f"o{n}", rest=rest) for n, rest in enumerate(told)))
    keep(store, bought("9", "ann", "milk", 1, order_id="o9", campaign=""))
    path, names = tmp_path / "orders.jsonl", ("device", "weather", "basket", "team", "campaign")
    found = open_store(store.url)
    assert found is not None and found.write_orders(path, dict.fromkeys(names)) == 4
    fields = [{n[1:]: v for n, v in json.loads(line).items() if n[0] == "="} for line in path.read_text().splitlines()]
    assert fields == [
        {"basket": "0", "team": "0"}, {"device": " "}, {"device": "mobile", "weather": "rain", "basket": "2.5"}, {},
    ]  # fmt: skip
    learned = read(shop, store).purchases.fields
    assert {name: column.value(0) for name, column in learned.items() if column.value(0) is not None} == {
        "basket": 0.0, "team": "0",
    }  # fmt: skip


def test_what_the_files_and_the_events_both_tell_of_counts_once(store: Store, tmp_path: Path) -> None:
    (tmp_path / "purchases.csv").write_text(f"user,product,time,order\nann,milk,{NOW - 9 * 3600},o1\n")
    (tmp_path / "users.csv").write_text("user,tier\nann,gold\n")
    keep(
        store, bought("1", "ann", "milk", 8, order_id="o1"), bought("2", "ann", "tea", 8), bought("3", "ben", "milk", 8)
    )
    data = read(shop_in(tmp_path, BESIDE), store)
    assert lines(data) == [("ann", "milk", 9, 1), ("ann", "tea", 8, 1), ("ben", "milk", 8, 1)]
    assert data.facts.tables["events"].set_aside["is in the files too"] == 1


def test_a_test_order_is_none_in_the_events_either(store: Store, tmp_path: Path) -> None:
    """By the order's id, by whose it is, by a field; a pattern over a column that only the files have fits none of them."""
    (tmp_path / "purchases.csv").write_text(
        f"user,product,time,order,campaign,price\nann,milk,{NOW - 9 * 3600},o1,,2\n"
    )
    (tmp_path / "users.csv").write_text("user,tier\nann,gold\n")
    columns = 'order_id = "order", price = "price", campaign = "campaign" }\ntest_orders = '
    toml = BESIDE.replace(
        'order_id = "order" }', columns + '["TEST*", { user_id = "qa-*" }, { campaign = "probe" }, { currency = "x" }]'
    )
    toml = toml.replace('campaign = "campaign" }', 'campaign = "campaign", currency = "product" }')
    keep(
        store,
        bought("1", "ann", "tea", 8, order_id="TEST-9"), bought("2", "qa-7", "tea", 8), bought("3", "ben", "tea", 8),
        bought("4", "ben", "jam", 7, order_id="o4", campaign="probe"),
    )  # fmt: skip
    data = read(shop_in(tmp_path, toml), store)
    assert lines(data) == [("ann", "milk", 9, 1), ("ben", "tea", 8, 1)]
    assert data.facts.tables["events"].set_aside == {
        "test order: TEST*": 1, "test order: user_id = qa-*": 1, "test order: campaign = probe": 1,
    }  # fmt: skip


def test_who_was_erased_is_in_no_table_and_who_refused_personalisation_is_nobody(store: Store, tmp_path: Path) -> None:
    """Of files and events alike, also where the shop does not learn from events."""
    (tmp_path / "purchases.csv").write_text("user,product,time,order\n" + "".join(
        f"{user},milk,{NOW - 9 * 3600},o-{user}\n" for user in ("ann", "ben", "cat")
    ))  # fmt: skip
    (tmp_path / "users.csv").write_text("user,tier\nann,gold\nben,gold\ncat,gold\n")
    keep(store, bought("1", "ben", "tea", 8))
    with store.write() as connection:
        erase(connection, "ann", NOW)
        allow(connection, "ben", False, None, NOW)
    for text in (BESIDE, BESIDE.replace('events = "store"', "")):
        data = read(shop_in(tmp_path, text), store)
        assert data.users.row("ann") == data.users.row("ben") == -1 and data.users.row("cat") == 0
        assert {line[0] for line in lines(data)} == {"", "cat"}
        held = {**data.contexts["campaigns"].arrays(), **data.users.arrays(), **data.purchases.__class__.__dict__}
        assert not any(
            one in bytes(values) for values in held.values() if hasattr(values, "tobytes") for one in (b"ann", b"ben")
        )
    assert len(read(shop_in(tmp_path, BESIDE), None).users) == 3


def test_a_version_trained_after_an_erasure_holds_no_byte_of_the_id(store: Store, tmp_path: Path) -> None:
    shop = shop_in(tmp_path, ALONE)
    keep(store, *(
        bought(f"{user}-{turn}", f"shopper-{user}", f"product-{(user + turn) % 7}", 24 * turn + user) for user in range(12) for turn in range(9)
    ))  # fmt: skip
    with store.write() as connection:
        erase(connection, "shopper-3", NOW)
    report = run(shop, Options(tmp_path / "artifacts", NOW, NOW, fast=True, store=store.url), SILENT)
    files = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert report.published and any(b"shopper-4" in path.read_bytes() for path in files)
    assert not any(b"shopper-3" in path.read_bytes() for path in files)


def test_without_a_store_yet_a_shop_trains_on_its_files(tmp_path: Path) -> None:
    (tmp_path / "purchases.csv").write_text(f"user,product,time,order\nann,milk,{NOW - 9 * 3600},o1\n")
    (tmp_path / "users.csv").write_text("user,tier\nann,gold\n")
    url = f"sqlite:///{tmp_path}/store/recsvc.db"
    data = read_shop_data(shop_in(tmp_path, BESIDE), until=None, now=NOW, rejects=None, progress=SILENT, store=url)
    assert len(lines(data)) == 1 and not (tmp_path / "store").exists()
