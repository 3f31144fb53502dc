"""Readiness by hand: for whom, and on which pages, a carousel's own sources suffice; and what looks like no product."""

import json

import pytest
from small_shop import Read

from models.shop import Shop, read_shop
from training.read.advice import advice
from training.read.findings import Findings, findings
from training.read.page import as_one_object, data_page
from training.read.shop_data import ShopData

SIZES = "".join(
    f"[carousels.{name}]\nsize = 2\n" for name in ("for-you", "buy-again", "similar-items", "bought-together", "trending", "new-arrivals")
)  # fmt: skip
TOML = 'columns = { user_id = "u", product_id = "p", order_id = "o", time = "t", store_id = "s" }'
PRODUCTS = '[data.products]\nfiles = ["q.csv"]\ncolumns = { product_id = "p", name = "n", category = "c" }\n'
Q = "p,n,c\n100,Tea,hot\n101,Mate,hot\n102,Cocoa,hot\n103,Bread,food\nPOST,Postage,\n104,Cake,food\n"


@pytest.fixture
def looked(read: Read, tmp_path) -> tuple[Shop, ShopData, Findings]:
    """Five weeks: a, b and c buy tea and bread together, d buys cake once, nobody buys mate once, postage is everywhere."""
    rows, order = [], 0
    for week in range(15):
        for user in "abc":
            order += 1
            rows += [f"{user},{product},{order},{week},north" for product in ("100", "103", "POST")]
    rows += ["d,104,98,14,south", ",101,99,14,south", ",POST,97,14,south"]
    dated = [row.rsplit(",", 2) for row in rows]
    text = "u,p,o,t,s\n" + "".join(f"{head},{_day(int(week))},{store}\n" for head, week, store in dated)
    data = read(text, toml=TOML, more=PRODUCTS + SIZES, files={"q.csv": Q}, share=None)
    shop = read_shop(tmp_path / "shop.toml")
    return shop, data, findings(shop, data)


def _day(week: int) -> str:
    return f"2020-{1 + week // 4:02}-{1 + week % 4 * 7:02}"


def test_each_carousel_is_counted_by_what_its_sources_need(looked: tuple[Shop, ShopData, Findings]) -> None:
    """Of four shoppers three have two products; of five pages two have two others of their category, three have companions."""
    ready = {(one.carousel, one.of): (one.ready, one.total) for one in looked[2].readiness}
    assert ready["buy-again", "shoppers"] == (3, 4)
    assert ready["for-you", "shoppers"] == (3, 4)
    assert ready["similar-items", "product pages"] == (2, 5)
    assert ready["bought-together", "product pages"] == (3, 5)
    assert ready["trending", "products"] == (3, 2)
    assert ready["new-arrivals", "products"] == (2, 2), "cake and mate were first seen in the last week"
    assert ready["bestsellers", "products"] == (5, 12)
    assert "recently-viewed" not in {one.carousel for one in looked[2].readiness}


def test_the_page_shows_readiness_and_fixes_by_worth(looked: tuple[Shop, ShopData, Findings]) -> None:
    """Bars, what a carousel needs, and what looks like no product, ready to be copied."""
    shop, data, found = looked
    page = data_page(shop, data.facts, found)
    assert "buy-again          ███████████████·····  75%  3 of 4 shoppers: 2 products bought" in page
    assert "3 products for 2 places: 3 lines in the last 7 days" in page
    assert "recently-viewed    by what the storefront tells of the session" in page
    assert '46 lines are of what looks like no product: POST (Postage). If so: no_products = ["POST"]' in page
    worth = [one.worth for one in advice(data.facts, found)]
    assert worth == sorted(worth, reverse=True) and worth


def test_json_says_what_the_page_says(looked: tuple[Shop, ShopData, Findings]) -> None:
    """One object: figures, readiness with shares, suspects, fixes."""
    _, data, found = looked
    told = json.loads(as_one_object(data.facts, found))
    assert told["lines"] == 138
    assert told["readiness"][0]["carousel"] == "for-you" and told["readiness"][0]["share"] == 0.75
    assert told["suspects"] == [{"product_id": "POST", "name": "Postage", "lines": 46}]
    assert told["nobody_share"] == pytest.approx(2 / 138)
    assert [one["text"] for one in told["fix_first"]] == [one.text for one in advice(data.facts, found)]


def test_what_stands_in_most_orders_is_asked_about(looked: tuple[Shop, ShopData, Findings]) -> None:
    """Tea and bread are in 45 of 48 orders here; a shop with fewer than fifty orders is not asked."""
    _, data, found = looked
    assert found.in_most_orders == ()
    assert data.facts.orders == 48


def test_a_bag_in_every_order_and_a_wholesaler_are_told(read: Read, tmp_path) -> None:
    """The bag with its share of orders; the wholesaler with the share of lines, and that they count for less."""
    rows = [f"u{user},{1000 + user % 9},{user}-{n},2020-01-{n + 1:02}" for user in range(30) for n in range(2)]
    rows += [f"u{user},bag,{user}-{n},2020-01-{n + 1:02}" for user in range(30) for n in range(2)]
    rows += [f"inn,{1000 + n % 9},inn-{n},2020-02-{n % 28 + 1:02}" for n in range(40)]
    data = read("u,p,o,t\n" + "\n".join(rows), toml=TOML.replace(', store_id = "s"', ""))
    shop = read_shop(tmp_path / "shop.toml")
    found = findings(shop, data)
    assert found.in_most_orders == (("bag", 0.6),)
    assert (found.heavy_shoppers, found.heavy_share) == (1, 0.25)
    page = data_page(shop, data.facts, found)
    assert "bag is in 60% of all orders" in page
    assert "25% of all lines are of 1 heavy shopper, counted for less" in page


def test_a_shop_without_times_categories_or_lines_is_told_as_it_is(read: Read, tmp_path) -> None:
    """Nothing trends without times; without lines nothing is found."""
    bare = 'columns = { user_id = "u", product_id = "p" }'
    data = read("u,p\na,x\nb,x\nc,x\n", toml=bare)
    shop = read_shop(tmp_path / "shop.toml")
    ready = {(one.carousel, one.of): one.ready for one in findings(shop, data).readiness}
    assert ready["trending", "products"] == ready["new-arrivals", "products"] == 0
    assert ready["similar-items", "product pages"] == 0
    data = read("u,p\n", toml=bare)
    assert findings(shop, data) == Findings()
    assert "No purchase line is left" in data_page(shop, data.facts, Findings())


def test_a_set_is_ready_by_whole_shoppers_and_by_who_chooses_what(read: Read, tmp_path) -> None:
    """Neither orders nor a catalogue: what a shopper has stands for an order, and likeness goes by shoppers."""
    rows = "".join(f"u{user},p{(user + place) % 6}\n" for user in range(12) for place in range(4))
    data = read("u,p\n" + rows, toml='columns = { user_id = "u", product_id = "p" }', more=SIZES)
    ready = {(one.carousel, one.of): one.share for one in findings(read_shop(tmp_path / "shop.toml"), data).readiness}
    assert ready["bought-together", "product pages"] == ready["similar-items", "product pages"] == 1.0


def test_advice_fits_what_the_lines_are(read: Read, tmp_path) -> None:
    """Sessions are orders already; a set has no days; a word for nobody is named, a shopper is not."""

    def told(text: str, toml: str) -> str:
        data = read(text, toml=toml)
        return "\n".join(one.text for one in advice(data.facts, findings(read_shop(tmp_path / "shop.toml"), data)))

    visits = "".join(f"{i // 3},p{i % 5},2020-01-{1 + i % 20:02}\n" for i in range(60))
    assert "order_id" not in told("s,p,t\n" + visits, 'columns = { session_id = "s", product_id = "p", time = "t" }')
    pairs = 'columns = { user_id = "u", product_id = "p" }'
    rows = "".join(f"{{}},p{i % 5}\nu{i},p{i % 7}\n" for i in range(30))
    of_guests = told("u,p\n" + rows.format(*["guest"] * 30), pairs)
    assert "nothing tells what was bought together" in of_guests
    assert 'User "guest" has 50% of all lines: it stands for nobody' in of_guests
    assert "One user has 50% of all lines" in (of_one := told("u,p\n" + rows.format(*["smith"] * 30), pairs))
    assert "smith" not in of_one
    orders = "".join(f"u{i // 2},p{i % 5}\n" for i in range(240))
    assert "120 of 120 users have a single order" in told(
        "u,p\n" + orders, 'columns = { user_id = "u", product_id = "p", order_id = "u" }'
    )
    assert "single order" not in told("u,p\n" + orders, 'columns = { session_id = "u", product_id = "p" }')
