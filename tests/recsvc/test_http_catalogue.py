"""Products, prices and stock over HTTP: stored before the answer, and live within a second on every worker."""

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from service_helpers import ids

from models.registry import Registry
from recsvc.service import service_of
from running import COMES_WITHIN, Service, serving, wait_until
from workers import all_there, everywhere

KEYS = "public:shopfront-key-1,catalogue:back-office-key,admin:key-of-the-owner"
CATALOGUE = {"X-Api-Key": "back-office-key"}


def tell(service: Service, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    """Return status and JSON of one call."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=COMES_WITHIN)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def shown(service: Service, query: str) -> list[str]:
    return [item["product_id"] for item in service.carousel(query)["items"]]


def test_what_is_told_is_live_on_both_workers_of_both_services_and_after_a_restart(
    trained: Path, store_url: str
) -> None:
    """Two services with two workers each share one store: a price, a stock, a new product, a withdrawn one."""
    options = {"RECSVC_STORE": store_url}
    with serving(trained, "--workers", "2", **options) as one, serving(trained, "--workers", "2", **options) as other:
        all_there(one, 2)
        all_there(other, 2)
        first, second = shown(other, "bestsellers?size=3")[1:3]
        new = {"product_id": "fresh", "name": "Fresh", "category": "wine", "price": 3.5}
        assert tell(one, "PUT", "/v1/products", {"products": [new]})[1]["stored"] == 1
        everywhere((other, one), lambda service: "fresh" in shown(service, "new-arrivals?size=5"))
        assert tell(one, "PATCH", f"/v1/products/{first}", {"price": 0.25})[0] == 200
        everywhere(
            (other,), lambda service: service.carousel("bestsellers?size=3")["items"][1]["product"]["price"] == 0.25
        )
        assert (
            tell(one, "PUT", "/v1/stock", {"stock": [{"product_id": first, "store_id": "s0", "quantity": 0}]})[0] == 200
        )
        everywhere((other,), lambda service: first not in shown(service, "bestsellers?size=5&store_id=s0"))
        assert first in shown(other, "bestsellers?size=5&store_id=s1")
        assert tell(one, "PATCH", f"/v1/products/{second}", {"available": False})[0] == 200
        everywhere((other,), lambda service: second not in shown(service, "bestsellers?size=25"))
    with serving(trained, "--workers", "2", **options) as again:
        assert "fresh" in shown(again, "new-arrivals?size=5") and second not in shown(again, "bestsellers?size=25")
        assert first not in shown(again, "bestsellers?size=5&store_id=s0")


def test_a_newer_version_goes_live_with_all_that_was_told(trained: Path) -> None:
    """The store is the truth until somebody says otherwise: an older number in the training's files does not come back."""
    with serving(trained) as service:
        first = shown(service, "bestsellers?size=2")[1]
        assert tell(service, "PATCH", f"/v1/products/{first}", {"available": False})[0] == 200
        everywhere((service,), lambda service: first not in shown(service, "bestsellers?size=25"))
        registry = Registry(trained / "artifacts")
        newer = registry.versions()[-1].version
        registry.promote(newer)
        wait_until(lambda: service.carousel("bestsellers")["model"] == newer)
        assert first not in shown(service, "bestsellers?size=25")


@pytest.fixture
def back_office(trained: Path, make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(trained, KEYS=KEYS).test_client()


def follow(client: FlaskClient) -> None:
    service_of(client.application).live.follow()


def test_a_call_is_stored_whole_or_not_at_all_and_every_fault_has_its_path(back_office: FlaskClient) -> None:
    rows = [
        {"product_id": "a", "name": "A"},
        {"product_id": 1, "nmae": "B", "price": -1},
        {"product_id": "c", "price": "1", "tags": "x", "available": 1, "available_from": "soon", "margin": 0.5},
    ]
    answer = back_office.put("/v1/products", json={"products": rows}, headers=CATALOGUE)
    faults = {fault["path"]: fault["message"] for fault in answer.get_json()["errors"]}
    assert answer.status_code == 422
    assert faults.keys() == {
        "products.1.product_id", "products.1.nmae", "products.1.price", "products.2.price", "products.2.tags",
        "products.2.available", "products.2.available_from", "products.2.margin",
    }  # fmt: skip
    assert "did you mean 'name'" in faults["products.1.nmae"] and "below 0" in faults["products.1.price"]
    follow(back_office)
    assert "a" not in ids(back_office.get("/v1/carousels/new-arrivals?size=50", headers=CATALOGUE))


def test_a_patch_of_what_nobody_knows_is_404_and_says_what_to_do(back_office: FlaskClient) -> None:
    answer = back_office.patch("/v1/products/none", json={"price": 1.0}, headers=CATALOGUE)
    assert answer.status_code == 404 and "PUT /v1/products" in answer.get_json()["detail"]
    assert back_office.patch("/v1/products/p01", json={}, headers=CATALOGUE).status_code == 422
    assert back_office.patch("/v1/products/no/such%2Fthing", json={"price": 1.0}, headers=CATALOGUE).status_code == 404


def test_no_id_that_a_database_cannot_hold_reaches_the_store(
    trained: Path, make_app: Callable[..., Flask], store_url: str
) -> None:
    """PostgreSQL keeps no NUL: the answer was 503, as if the store were down."""
    client = make_app(trained, KEYS=KEYS, STORE=store_url).test_client()
    assert client.patch("/v1/products/%00", json={"price": 1.0}, headers=CATALOGUE).status_code == 404
    assert client.patch(f"/v1/products/{'x' * 3000}", json={"price": 1.0}, headers=CATALOGUE).status_code == 404


def test_a_price_that_32_bits_do_not_hold_is_refused(back_office: FlaskClient) -> None:
    answer = back_office.patch("/v1/products/p01", json={"price": 1e308, "cost": 1e13}, headers=CATALOGUE)
    assert answer.status_code == 422
    faults = {fault["path"]: fault["message"] for fault in answer.get_json()["errors"]}
    assert faults == {"price": "1e+308 is too much", "cost": "1e+13 is too much"}


def test_a_patch_follows_a_put_at_once_whichever_worker_took_it(back_office: FlaskClient) -> None:
    """The store knows the product before this worker has looked."""
    assert (
        back_office.put("/v1/products", json={"products": [{"product_id": "n"}]}, headers=CATALOGUE).status_code == 200
    )
    assert back_office.patch("/v1/products/n", json={"price": 2.0, "name": "N"}, headers=CATALOGUE).status_code == 200
    follow(back_office)
    items = back_office.get("/v1/carousels/new-arrivals?size=50", headers=CATALOGUE).get_json()["items"]
    assert {"name": "N", "price": 2.0} in [item["product"] for item in items]


def test_stock_of_what_nobody_told_of_waits_for_it(back_office: FlaskClient) -> None:
    stock = [{"product_id": "late", "store_id": "s0", "quantity": 0}, {"product_id": "p01", "quantity": 5}]
    answer = back_office.put("/v1/stock", json={"stock": stock}, headers=CATALOGUE)
    assert (answer.get_json()["stored"], answer.get_json()["unknown"]) == (2, ["late"])
    follow(back_office)
    back_office.put("/v1/products", json={"products": [{"product_id": "late", "name": "Late"}]}, headers=CATALOGUE)
    follow(back_office)
    there = [
        ids(back_office.get(f"/v1/carousels/new-arrivals?size=50&store_id={s}", headers=CATALOGUE))
        for s in ("s0", "s1")
    ]
    assert ["late" in one for one in there] == [False, True]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"stock": []}, {"stock": [{"product_id": "p01"}]}, {"stock": [{"product_id": "p01", "quantity": "5"}]},
        {"stock": [{"product_id": "p01", "quantity": 5, "store": "s0"}]}, {"stock": [{"product_id": "", "quantity": 5}]},
        {"stock": [{"product_id": "p01", "quantity": 1}] * 1001}, {"products": []},
    ],
)  # fmt: skip
def test_stock_that_does_not_hold_is_refused(back_office: FlaskClient, body: Any) -> None:
    answer = back_office.put("/v1/stock", json=body, headers=CATALOGUE)
    assert answer.status_code == 422 and answer.get_json()["errors"]


def test_the_back_office_needs_its_key(back_office: FlaskClient) -> None:
    for call in (
        lambda headers: back_office.put("/v1/products", json={"products": [{"product_id": "a"}]}, headers=headers),
        lambda headers: back_office.patch("/v1/products/p01", json={"price": 1.0}, headers=headers),
        lambda headers: back_office.put(
            "/v1/stock", json={"stock": [{"product_id": "p01", "quantity": 1}]}, headers=headers
        ),
    ):
        statuses = [call(headers).status_code for headers in ({}, {"X-Api-Key": "shopfront-key-1"}, CATALOGUE)]
        assert statuses == [401, 403, 200]


def test_a_store_that_cannot_be_written_is_503_and_carousels_go_on(
    trained: Path, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    """Nothing is acknowledged; /readyz tells what is wrong."""
    (tmp_path / "file").write_text("no database, and no folder either")
    client = make_app(trained, STORE=f"sqlite:///{tmp_path}/file/store.db").test_client()
    answer = client.put("/v1/stock", json={"stock": [{"product_id": "p01", "quantity": 1}]})
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "1"
    assert client.get("/v1/carousels/bestsellers").status_code == 200


def test_a_store_that_is_no_database_leaves_the_trained_version_and_is_told(
    trained: Path, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    (tmp_path / "store.db").write_text("no database")
    client = make_app(trained, STORE=f"sqlite:///{tmp_path}/store.db").test_client()
    assert ids(client.get("/v1/carousels/bestsellers"))
    ready = client.get("/readyz").get_json()
    assert ready["status"] == "degraded" and [one["part"] for one in ready["troubles"]] == ["catalogue"]
    (tmp_path / "store.db").unlink()
    follow(client)
    assert client.get("/readyz").get_json()["status"] == "ready"
