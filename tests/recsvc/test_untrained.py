"""Before the first training a shop shows what its back office told, the newest first, and says that the model is missing."""

import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from service_helpers import NOW, ids
from store_kit import closing

from models.schema import DAY
from recsvc.service import service_of
from running import COMES_WITHIN, serving, train, wait_until
from tiny_shop import write_tiny_shop
from workers import all_there, everywhere, of_each

SHOP = """
name = "New shop"
timezone = "UTC"
[data]
events = "store"
[data.products]
files = ["products.csv"]
columns = { product_id = "id", name = "name", category = "category", price = "price" }
attributes = ["colour"]
[carousels.backroom]
title = "Sold out too"
sources = { trending = 1.0 }
in_stock = false
[carousels.nothing-else]
title = "Alternatives only"
sources = { similar = 1.0 }
fallback = []
[rules]
file = "rules.yaml"
"""
RULES = """version: 1
rules:
  - { id: dear, do: hide, where: price > 30 }
  - { id: red-first, do: boost, where: colour == "red", factor: 10, carousels: [trending] }
  - { id: first, do: pin, product: p05, position: 1, carousels: [bestsellers] }
"""
OWN = {"buy-again", "recently-viewed"}
"""Carousels of what a shopper did, and nothing else."""


def product(number: int, **more: Any) -> dict[str, Any]:
    """Return a product of two kinds, whose number is its price."""
    return {"product_id": f"p{number:02}", "name": f"P {number}", "category": "ab"[number % 2], "price": number, **more}


@pytest.fixture
def client(tmp_path: Path, make_app: Callable[..., Flask], store_url: str) -> Iterator[FlaskClient]:
    """A shop without a version."""
    (tmp_path / "shop.toml").write_text(SHOP)
    (tmp_path / "rules.yaml").write_text("version: 1\nrules: []\n")
    yield from closing(make_app(tmp_path, STORE=store_url).test_client())


def put(client: FlaskClient, products: Sequence[dict[str, Any]]) -> None:
    answer = client.put("/v1/products", json={"products": products})
    assert answer.status_code == 200, answer.get_json()
    follow(client)


def follow(client: FlaskClient) -> None:
    service_of(client.application).live.follow()


def shown(client: FlaskClient, query: str) -> list[str]:
    answer = client.get(f"/v1/carousels/{query}")
    assert answer.status_code == 200 and answer.get_json()["degraded"] == ["model"], answer.get_json()
    assert answer.get_json()["model"] is None
    return ids(answer)


def in_order(*numbers: int) -> list[str]:
    return [f"p{number:02}" for number in numbers]


def test_every_carousel_shows_what_was_told_and_says_that_the_model_is_missing(client: FlaskClient) -> None:
    """But those of what a shopper did: nobody did anything yet."""
    assert shown(client, "for-you") == []
    put(client, [product(number) for number in range(1, 41)])
    names = [one["carousel"] for one in client.get("/v1/carousels").get_json()["carousels"]]
    assert {name for name in names if not shown(client, name)} == OWN
    for name in set(names) - OWN:
        assert shown(client, f"{name}?size=100") == in_order(*range(1, 41)), name
    item = client.get("/v1/carousels/for-you").get_json()["items"][0]
    assert item["product"] == {"name": "P 1", "category": "b", "price": 1}
    assert item["reason"] == {"code": "catalogue", "text": "From the catalogue"}


def test_the_newest_stand_first_by_their_date_else_by_when_they_were_told(client: FlaskClient) -> None:
    """What was told in one call is in the order of its ids; what is not there yet, or no longer, does not show."""
    put(client, [product(3), product(2), product(4, available_from=NOW - 9), product(1, available_from=NOW - DAY)])
    gone = [product(5, available_from=NOW + 60), product(6, available_until=NOW), product(7, available=False)]
    put(client, [product(9), *gone])
    assert shown(client, "new-arrivals") == in_order(2, 3, 9, 4, 1)
    answer = client.patch("/v1/products/p07", json={"available": True})
    assert answer.status_code == 200
    follow(client)
    assert shown(client, "new-arrivals?size=2&offset=1") == in_order(3, 7)


def test_stock_filters_exclusions_cart_and_size_work_as_ever(client: FlaskClient) -> None:
    put(client, [product(number, colour="red" if number > 7 else "blue") for number in range(1, 10)])
    stock = [
        {"product_id": "p01", "quantity": 0},
        {"product_id": "p02", "store_id": "s1", "quantity": 0},
        {"product_id": "p02", "store_id": "s2", "quantity": 4},
    ]
    assert client.put("/v1/stock", json={"stock": stock}).status_code == 200
    follow(client)
    assert shown(client, "for-you") == in_order(2, 3, 4, 5, 6, 7, 8, 9)
    assert shown(client, "for-you?store_id=s1") == in_order(3, 4, 5, 6, 7, 8, 9)
    assert shown(client, "for-you?store_id=s2&size=2") == in_order(2, 3)
    assert shown(client, "backroom?size=2") == in_order(1, 2)
    assert shown(client, "for-you?exclude=p03&cart=p02&size=2") == in_order(4, 5)
    assert shown(client, "for-you?filter=price%20%3E%207") == in_order(8, 9)
    assert shown(client, "for-you?filter=colour%20==%20%22red%22") == in_order(8, 9)
    assert shown(client, "similar-items?product_id=p04&size=2&offset=1") == in_order(3, 5)
    assert shown(client, "for-you?candidates=p09,p08") == in_order(8, 9)
    assert shown(client, "recently-viewed?recent=p02,p04") == in_order(4, 2)


def test_a_page_shows_no_product_twice(client: FlaskClient) -> None:
    put(client, [product(number) for number in range(1, 60)])
    carousels = client.post("/v1/pages/home", json={}).get_json()["carousels"]
    every = [item["product_id"] for one in carousels for item in one["items"]]
    assert len(every) == len(set(every)) >= 40


def test_rules_hold_also_for_what_is_told_after_them(tmp_path: Path, client: FlaskClient) -> None:
    put(client, [product(1), product(2)])
    (tmp_path / "rules.yaml").write_text(RULES)
    service_of(client.application).live.refresh()
    assert shown(client, "bestsellers") == in_order(1, 2)
    put(client, [product(number, colour="red" if number == 4 else "blue") for number in (3, 4, 5, 40)])
    assert shown(client, "bestsellers") == in_order(5, 1, 2, 3, 4)
    assert shown(client, "trending") == in_order(4, 1, 2, 3, 5)


def test_what_a_shopper_bought_and_looked_at_counts(client: FlaskClient) -> None:
    """Events count as they do with a version: what was bought leaves the carousels that exclude it."""
    put(client, [product(number) for number in range(1, 5)])
    told = {"event": "purchase", "user_id": "u", "product_id": "p02", "order_id": "o", "price": 2}
    view = {"event_id": "2", "event": "view", "user_id": "u", "product_id": "p03"}
    answer = client.post("/v1/events", json={"events": [{"event_id": "1", **told}, view]})
    assert answer.get_json()["accepted"] == 2
    assert shown(client, "you-may-also-like?user_id=u") == in_order(1, 3, 4)
    assert shown(client, "buy-again?user_id=u") == in_order(2)
    assert shown(client, "recently-viewed?user_id=u") == in_order(3)


def test_a_service_that_is_not_ready_says_so_as_before(client: FlaskClient) -> None:
    put(client, [product(1)])
    ready = client.get("/readyz")
    assert ready.status_code == 503 and "recsvc-train run" in ready.get_json()["detail"]
    assert [one["part"] for one in ready.get_json()["troubles"]] == ["model"]


def test_both_workers_agree_within_a_second_after_a_restart_and_until_the_first_version(
    tmp_path: Path, store_url: str
) -> None:
    """Whoever starts later hears of all products at once; a version that goes live serves as if nothing had been before."""
    write_tiny_shop(tmp_path)
    told = [{"product_id": f"new-{number}", "name": f"N {number}", "category": "tea"} for number in (3, 1, 2)]
    order = ["new-1", "new-2", "new-3"]

    def first(service: Any) -> list[str]:
        return [item["product_id"] for item in service.carousel("for-you?size=3")["items"]]

    with serving(tmp_path, "--workers", "2", RECSVC_STORE=store_url) as service:
        all_there(service, 2)
        for one in told:
            assert _put(service.port, {"products": [{**one, "available_from": "2026-01-01"}]}) == 200
        everywhere((service,), lambda one: first(one) == order)
        assert "none yet: carousels show what the back office tells" in service.log.read_text()
    with serving(tmp_path, "--workers", "2", RECSVC_STORE=store_url) as service:
        all_there(service, 2)
        assert of_each(service, first) == [order, order]
        done = train(tmp_path, "run", "shop.toml", "--fast", "--json", RECSVC_STORE=store_url)
        assert done.returncode == 0, done.stderr
        version = json.loads(done.stdout)["version"]
        wait_until(lambda: set(of_each(service, lambda one: one.ready().get("model"))) == {version})
        answer = service.carousel("for-you?user_id=w0&size=3")
        assert (answer["model"], answer.get("degraded", [])) == (version, [])
        assert not {"new-1", "new-2", "new-3"} & {item["product_id"] for item in answer["items"]}


def _put(port: int, body: Any) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=COMES_WITHIN)
    connection.request("PUT", "/v1/products", json.dumps(body), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status
