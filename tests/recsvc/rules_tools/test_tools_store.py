"""The rules tools and the service's store: what is live is what they show."""

import json
from contextlib import closing

import pytest
from tools_kit import rules_file, told, tool

from models.shoppers import default_store
from recsvc.overlay.told import Pieces, Product
from recsvc.store.catalogue import add_products, put_stock
from recsvc.store.database import Store
from recsvc.store.event import Event
from recsvc.store.record import record
from recsvc.store.shoppers import allow
from tiny_shop import RULES, TinyShop

PLAIN = "version: 1\nrules: []\n"
CHEAP = PLAIN.replace("[]", '[{id: cheap, do: pin, where: "price < 0.5", positions: [1], carousels: [bestsellers]}]')


def shown(shop: TinyShop, *words: str) -> list[str]:
    done = tool(shop, "explain", rules_file(shop, CHEAP), *words, "--json")
    assert done.exit_code == 0, told(done)
    return [item["product_id"] for item in json.loads(done.output)[0]["items"]]


def test_explain_and_diff_know_prices_stock_and_sessions_of_the_store(tiny_shop: TinyShop) -> None:
    """Before there is a store all is as the version knows it, and none is made."""
    first = shown(tiny_shop, "--carousel", "bestsellers", "--size", "2")
    assert not (tiny_shop.folder / "store").exists()
    now = tiny_shop.clock()
    with closing(Store(default_store(tiny_shop.artifacts))) as store, store.write() as connection:
        add_products(connection, [Product("teapot", {"price": 0.25}, False, now)])
        put_stock(connection, [Pieces(first[0], "", 0)])
        record(connection, [[Event("a", "view", now, now, "eve", product_id="t-5")]])
        allow(connection, "w6", False, None, now)
    assert shown(tiny_shop, "--carousel", "bestsellers", "--size", "2") == ["teapot", first[1]]
    assert shown(tiny_shop, "--carousel", "recently-viewed", "--user", "eve") == ["t-5"]
    assert shown(tiny_shop, "--carousel", "recently-viewed", "--user", "eve", "--at", "2026-10-09 19:00") == []
    assert shown(tiny_shop, "--carousel", "buy-again", "--user", "w6") == []
    words = ("--sample", "60", "--json")
    done = tool(tiny_shop, "diff", rules_file(tiny_shop, PLAIN, "old.yaml"), rules_file(tiny_shop, CHEAP), *words)
    assert json.loads(done.output)["by_carousel"]["bestsellers"]["changed"] > 0  # nothing else is so cheap


def test_simulate_reads_a_store_that_is_named_and_no_other(
    two_versions: TinyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past orders tell nothing of what is sold out today, unless somebody wants to see it."""
    url = f"sqlite:///{two_versions.folder}/told/recsvc.db"
    with closing(Store(url)) as store, store.write() as connection:
        put_stock(connection, [Pieces(f"m-{n}", "", 0) for n in range(1, 7)])
    rules = two_versions.folder / "rules.yaml"
    words = ("simulate", rules, "--history", "--users", "4", "--carousel", "for-you", "--json")
    without, flagged = tool(two_versions, *words), tool(two_versions, *words, "--store", url)
    monkeypatch.setenv("RECSVC_STORE", url)
    named = tool(two_versions, *words)
    assert without.exit_code == flagged.exit_code == 0, told(flagged)
    assert flagged.output == named.output != without.output


def test_a_store_that_cannot_be_read_is_told(tiny_shop: TinyShop, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny_shop.folder / "no.db").write_text("no database")
    monkeypatch.setenv("RECSVC_STORE", f"sqlite:///{tiny_shop.folder}/no.db")
    done = tool(tiny_shop, "explain", rules_file(tiny_shop, RULES), "--carousel", "bestsellers")
    assert done.exit_code == 1 and "no.db" in told(done) and "RECSVC_STORE" in told(done)
