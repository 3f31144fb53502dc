"""Headers: caching of what is the same for everybody, CORS by configuration, and what browsers must not do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from service_helpers import pin

SHOP = {"Origin": "https://shop.example"}


def test_an_answer_for_everybody_may_be_kept_and_asked_for_by_its_etag(app: Flask) -> None:
    client = app.test_client()
    first = client.get("/v1/carousels/bestsellers?product_id=p01")
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = client.get("/v1/carousels/bestsellers?product_id=p01", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get("/v1/carousels/bestsellers?size=3", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200 and other.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("query", ["user_id=u01", "visitor_id=v", "cart=p01", "recent=p01", "explain=true"])
def test_a_personal_answer_is_never_kept(app: Flask, query: str) -> None:
    answer = app.test_client().get(f"/v1/carousels/bestsellers?{query}")
    assert answer.headers["Cache-Control"] == "private, no-store" and "ETag" not in answer.headers


def test_a_post_is_never_kept(app: Flask) -> None:
    assert app.test_client().post("/v1/carousels/bestsellers").headers["Cache-Control"] == "private, no-store"


def test_other_rules_make_another_etag(trained: Path, make_app: Callable[..., Flask]) -> None:
    first = make_app(trained).test_client().get("/v1/carousels/bestsellers")
    (trained / "rules.yaml").write_text(pin("p03"))
    assert make_app(trained).test_client().get("/v1/carousels/bestsellers").headers["ETag"] != first.headers["ETag"]


def test_how_long_caches_may_keep_is_a_setting(trained_once: Path, make_app: Callable[..., Flask]) -> None:
    answer = make_app(trained_once, CACHE_SECONDS="30").test_client().get("/v1/carousels/bestsellers")
    assert answer.headers["Cache-Control"] == "public, max-age=30"


def test_pages_of_a_named_origin_may_read_answers_and_problems(app: Flask) -> None:
    client = app.test_client()
    for path in ("/v1/carousels/bestsellers", "/nowhere"):
        answer = client.get(path, headers=SHOP)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert (
        "Access-Control-Allow-Origin"
        not in client.get("/v1/carousels", headers={"Origin": "https://evil.example"}).headers
    )
    assert "Origin" in client.get("/v1/carousels").headers["Vary"]


def test_a_preflight_is_answered_before_any_key_is_asked_for(
    trained_once: Path, make_app: Callable[..., Flask]
) -> None:
    app = make_app(trained_once, KEYS="public:the-storefronts-key", CORS_ORIGINS="https://shop.example")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    answer = app.test_client().options("/v1/carousels/cheese", headers={**SHOP, **asked})
    assert answer.status_code == 204
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "X-Api-Key" in answer.headers["Access-Control-Allow-Headers"]
    refused = app.test_client().options("/v1/carousels/cheese", headers={"Origin": "https://evil.example", **asked})
    assert "Access-Control-Allow-Methods" not in refused.headers


def test_a_star_allows_every_origin(trained_once: Path, make_app: Callable[..., Flask]) -> None:
    answer = make_app(trained_once, CORS_ORIGINS="*").test_client().get("/v1/carousels", headers=SHOP)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_every_answer_carries_the_security_headers(app: Flask) -> None:
    client = app.test_client()
    for path in ("/v1/carousels", "/nowhere", "/docs", "/docs/docs.js"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
