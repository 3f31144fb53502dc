"""Keys over HTTP: every route names its scope, and a key opens no more than its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from recsvc.routes import ROUTES

KEYS = "public:the-storefronts-key,catalogue:the-back-office-key,admin:the-admins-own-key"


@pytest.fixture(scope="module")
def guarded(trained_once: Path, make_app: Callable[..., Flask]) -> Flask:
    return make_app(trained_once, KEYS=KEYS)


def test_every_route_of_the_app_declares_its_scope(app: Flask) -> None:
    declared = {route.path: route.scope for route in ROUTES}
    for rule in app.url_map.iter_rules():
        assert declared.get(rule.rule) in ("open", "public", "catalogue", "admin"), f"{rule.rule} declares no scope"
    assert len(declared) == len(ROUTES)


def test_a_route_that_declares_none_opens_to_admins_only(trained_once: Path, make_app: Callable[..., Flask]) -> None:
    app = make_app(trained_once, KEYS=KEYS)
    app.add_url_rule("/forgotten", "forgotten", lambda: "x")
    client = app.test_client()
    assert client.get("/forgotten", headers={"X-Api-Key": "the-back-office-key"}).status_code == 403
    assert client.get("/forgotten", headers={"X-Api-Key": "the-admins-own-key"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-Api-Key": "the-storefronts-kez"}, 401),
        ({"Authorization": "Basic dGhlOnN0b3JlZnJvbnQ="}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"X-Api-Key": "the-storefronts-key"}, 200),
        ({"Authorization": "Bearer the-storefronts-key"}, 200),
        ({"Authorization": "bearer the-admins-own-key"}, 200),
    ],
)
def test_carousels_need_a_key_where_keys_are_set(guarded: Flask, headers: dict[str, str], status: int) -> None:
    answer = guarded.test_client().get("/v1/carousels/cheese", headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.mimetype == "application/problem+json" and answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_health_and_docs_need_none(guarded: Flask) -> None:
    client = guarded.test_client()
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/docs/docs.css", "/console", "/console/console.js"):
        assert client.get(path).status_code == 200
        assert client.get(path, headers={"X-Api-Key": "wrong"}).status_code == 200


@pytest.mark.parametrize("field", ["at", "explain"])
def test_preview_needs_an_admin_key(guarded: Flask, field: str) -> None:
    query = {"at": "2026-03-01T09:00"} if field == "at" else {"explain": "true"}
    client = guarded.test_client()
    refused = client.get("/v1/carousels/cheese", query_string=query, headers={"X-Api-Key": "the-back-office-key"})
    assert refused.status_code == 403
    assert refused.get_json()["errors"] == [{"path": field, "message": "needs an admin key"}]
    allowed = client.get("/v1/carousels/cheese", query_string=query, headers={"X-Api-Key": "the-admins-own-key"})
    assert allowed.status_code == 200 and allowed.headers["Cache-Control"] == "private, no-store"


def test_no_key_and_no_shopper_is_ever_logged(guarded: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = guarded.test_client()
    for key in ("the-storefronts-key", "the-wrong-key-of-all"):
        headers = {"Authorization": f"Bearer {key}"}
        client.get("/v1/carousels/cheese?user_id=u01&visitor_id=cookie-77", headers=headers)
        client.post("/v1/pages/home", json={"user_id": "u01", "cart": ["p01"]}, headers=headers)
    out = capsys.readouterr().out
    assert "key" not in out and "u01" not in out and "cookie" not in out and "p01" not in out
