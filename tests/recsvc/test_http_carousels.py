"""Carousels and pages over HTTP, out of a trained version."""

import re
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from service_helpers import ids


def test_the_list_names_every_carousel_with_its_policy_and_every_page(app: Flask) -> None:
    told = app.test_client().get("/v1/carousels").get_json()
    cheese = next(one for one in told["carousels"] if one["carousel"] == "cheese")
    assert (cheese["title"], cheese["size"], cheese["bought"]) == ("Cheese", 3, "include")
    assert told["pages"]["cart"] == ["bought-together", "buy-again", "you-may-also-like"]


def test_get_and_post_answer_alike(app: Flask) -> None:
    client = app.test_client()
    got = client.get("/v1/carousels/for-you?user_id=u01&size=4&cart=p01,p02&cart=p03&device=mobile")
    posted = client.post(
        "/v1/carousels/for-you",
        json={"user_id": "u01", "size": 4, "cart": ["p01", "p02", "p03"], "device": "mobile"},
    )
    assert got.status_code == posted.status_code == 200
    assert ids(got) == ids(posted) and len(ids(got)) == 4
    assert not {"p01", "p02", "p03"} & set(ids(got))
    assert got.get_json()["personalised"] is True


def test_the_answer_names_its_version_its_rules_and_the_reasons(app: Flask, trained_once: Path) -> None:
    told = app.test_client().get("/v1/carousels/bestsellers?size=2").get_json()
    first = told["items"][0]
    assert (first["product_id"], first["position"], first["source"]) == ("p07", 1, "pin")
    assert first["reason"] == {"code": "pin", "text": "Pinned: first"}
    assert first["product"]["name"] == "Product 7"
    assert told["rules"].startswith("sha256:")
    assert (trained_once / "artifacts" / "versions" / told["model"]).is_dir()


def test_everything_unknown_degrades_and_is_named(app: Flask) -> None:
    path = "/v1/carousels/you-may-also-like?user_id=nobody&product_id=nothing&store_id=nowhere&cart=x&weather=frogs"
    told = app.test_client().get(path).get_json()
    assert len(told["items"]) == 12
    assert sorted(told["unknown"]) == ["cart", "product_id", "store_id", "user_id"]
    assert told["personalised"] is False


def test_a_page_shows_no_product_twice(app: Flask) -> None:
    told = app.test_client().post("/v1/pages/home", json={"user_id": "u02", "size": 4}).get_json()
    shown = [item["product_id"] for carousel in told["carousels"] for item in carousel["items"]]
    assert told["page"] == "home" and len(shown) == len(set(shown)) > 8


def test_pages_of_a_carousel_are_slices_of_one_ranking(app: Flask) -> None:
    client = app.test_client()
    whole = ids(client.get("/v1/carousels/bestsellers?size=10"))
    assert ids(client.get("/v1/carousels/bestsellers?size=4&offset=6")) == whole[6:]


def test_explain_tells_how_and_at_moves_the_clock(app: Flask) -> None:
    told = app.test_client().get("/v1/carousels/bestsellers?explain=true&at=2026-03-01T09:00&size=3").get_json()
    assert all("explain" in item for item in told["items"]) and "notes" in told


def test_an_unknown_carousel_or_page_is_a_404_with_a_suggestion(app: Flask) -> None:
    client = app.test_client()
    one, other = client.get("/v1/carousels/chese"), client.post("/v1/pages/hom")
    assert (one.status_code, other.status_code) == (404, 404)
    assert "did you mean 'cheese'" in one.get_json()["detail"]
    assert "did you mean 'home'" in other.get_json()["detail"]


def test_a_filter_that_does_not_parse_is_told_at_its_path(app: Flask) -> None:
    client = app.test_client()
    for answer in (
        client.get("/v1/carousels/cheese", query_string={"filter": "price <"}),
        client.post("/v1/pages/home", json={"filter": "prise < 3"}),
    ):
        assert answer.status_code == 422
        assert [fault["path"] for fault in answer.get_json()["errors"]] == ["filter"]
    assert all(int(one[1:]) < 3 for one in ids(client.get("/v1/carousels/cheese?filter=price%20%3C=%203")))


def test_without_a_version_carousels_are_empty_and_say_so(
    bare_shop: object, tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    client = make_app(tmp_path).test_client()
    answer = client.get("/v1/carousels/for-you?user_id=u01")
    assert answer.status_code == 200
    assert answer.get_json()["items"] == [] and answer.get_json()["degraded"] == ["model"]
    ready = client.get("/readyz")
    assert (ready.status_code, ready.mimetype) == (503, "application/problem+json")
    assert "recsvc-train run" in ready.get_json()["detail"]
    assert client.get("/healthz").status_code == 200


def test_readyz_tells_what_is_live(app: Flask) -> None:
    told = app.test_client().get("/readyz").get_json()
    assert (told["status"], told["shop"], told["troubles"]) == ("ready", "Corner shop", [])
    assert told["clock"] == "2026-03-26T12:00:00+00:00"
    assert told["rules"].startswith("sha256:") and told["model"]


def test_a_request_id_is_made_or_taken_where_it_is_safe(app: Flask) -> None:
    client = app.test_client()
    made = client.get("/v1/carousels/cheese")
    assert re.fullmatch("[0-9a-f]{32}", made.get_json()["request_id"])
    assert made.headers["X-Request-Id"] == made.get_json()["request_id"]
    safe = client.get("/v1/carousels/cheese", headers={"X-Request-Id": "checkout-0042_a"})
    assert safe.get_json()["request_id"] == "checkout-0042_a"
    for evil in ('a"b{}c"defg', "short", "x" * 65, "käse-käse"):
        answer = client.get("/v1/carousels/cheese", headers={"X-Request-Id": evil})
        assert re.fullmatch("[0-9a-f]{32}", answer.get_json()["request_id"])
