"""Rules over HTTP: what is live, what a candidate would change, and the schema for editors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from service_helpers import NOW, ids, pin
from werkzeug.test import TestResponse

from models.shop import read_shop
from recsvc.app import create_app
from recsvc.settings import read_settings

SCHEDULED = """version: 1
rules:
  - {id: always, why: cheese week, do: pin, product: p03, position: 1, carousels: [bestsellers]}
  - {id: later, do: hide, product: p04, when: {active: {from: "2026-04-01", until: "2026-04-30"}, store: s1}}
  - {id: over, do: hide, product: p05, when: {active: {until: "2026-03-01"}}}
  - {id: off, do: hide, product: p06, enabled: false}
"""


def preview(app: Flask, **body: Any) -> TestResponse:
    return app.test_client().post("/v1/rules:preview", json=body)


def test_the_live_rules_are_told_with_when_each_holds_next(trained: Path, make_app: Callable[..., Flask]) -> None:
    (trained / "rules.yaml").write_text(SCHEDULED)
    told = make_app(trained).test_client().get("/v1/rules").get_json()
    assert told["hash"].startswith("sha256:") and told["timezone"] == "Europe/London"
    always, later, over, off = told["rules"]
    assert (always["id"], always["do"], always["why"], always["carousels"]) == (
        "always",
        "pin",
        "cheese week",
        ["bestsellers"],
    )
    assert (always["state"], always["starts"], always["ends"], always["line"]) == ("now", None, None, 3)
    assert (later["state"], later["starts"]) == ("later", "2026-04-01T00:00:00+01:00")
    assert (later["ends"], later["when"]) == ("2026-05-01T00:00:00+01:00", ["active", "store"])
    assert (over["state"], off["state"]) == ("ended", "off") and "has ended" in told["warnings"][0]


def test_without_rules_the_list_is_empty(trained: Path, make_app: Callable[..., Flask]) -> None:
    told = make_app(trained, RULES="none").test_client().get("/v1/rules").get_json()
    assert (told["hash"], told["rules"]) == (None, [])


def test_a_preview_shows_before_and_after_and_changes_nothing(app: Flask) -> None:
    answer = preview(app, rules=pin("p03"), carousel="bestsellers", request={"size": 5})
    (pair,) = answer.get_json()["carousels"]
    before, after = ([item["product_id"] for item in pair[side]["items"]] for side in ("before", "after"))
    assert before[0] == "p07" and after[0] == "p03" and len(before) == len(after) == 5
    assert set(pair["gained"]) == set(after) - set(before) and set(pair["lost"]) == set(before) - set(after)
    for move in pair["moved"]:
        assert before[move["from"] - 1] == after[move["to"] - 1] == move["product_id"]
    assert pair["before"]["rules"] != pair["after"]["rules"] == answer.get_json()["hash"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert ids(app.test_client().get("/v1/carousels/bestsellers?size=5")) == before


def test_a_preview_shows_a_whole_page(app: Flask) -> None:
    pairs = preview(app, rules=pin("p03"), page="home", request={"user_id": "u01"}).get_json()["carousels"]
    assert [pair["after"]["carousel"] for pair in pairs] == [
        pair["carousel"] for pair in app.test_client().post("/v1/pages/home").get_json()["carousels"]
    ]


def test_faults_of_a_candidate_come_back_with_their_places(app: Flask) -> None:
    answer = preview(
        app, rules=pin("p03").replace("do: pin", "do: pinn").replace("bestsellers", "bestselers"), carousel="cheese"
    )
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    found = [(fault["path"], fault["message"]) for fault in answer.get_json()["errors"]]
    assert [path for path, _ in found] == ["rules:4:9", "rules:7:17"] and "did you mean 'pin'?" in found[0][1]


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({}, 422, "rules"),
        ({"rules": 1, "carousel": "cheese"}, 422, "rules"),
        ({"rules": "", "carousel": "cheese", "page": "home"}, 422, "carousel"),
        ({"rules": "", "carousel": ["cheese"]}, 422, "carousel"),
        ({"rules": "", "carousel": "cheese", "extra": 1}, 422, "extra"),
        ({"rules": "", "carousel": "cheese", "request": "u01"}, 422, "request"),
        ({"rules": "", "carousel": "cheese", "request": {"user": "u01"}}, 422, "request.user"),
        ({"rules": "", "carousel": "cheese", "request": {"filter": "("}}, 422, "request.filter"),
        ({"rules": "", "carousel": "chese"}, 404, None),
        ({"rules": "", "page": "hom"}, 404, None),
    ],
)
def test_a_malformed_preview_is_refused_by_name(
    app: Flask, body: dict[str, Any], status: int, path: str | None
) -> None:
    answer = preview(app, **body)
    assert answer.status_code == status
    assert path is None or path in [fault["path"] for fault in answer.get_json()["errors"]]


def test_rules_and_previews_need_an_admin_key_where_keys_are_set(
    trained_once: Path, make_app: Callable[..., Flask]
) -> None:
    client = make_app(trained_once, KEYS="public:the-storefronts-key,admin:the-admins-own-key").test_client()
    weak, strong = ({"X-Api-Key": key} for key in ("the-storefronts-key", "the-admins-own-key"))
    body = {"rules": "version: 1\n", "carousel": "cheese"}
    assert client.get("/v1/rules", headers=weak).status_code == 403
    assert client.post("/v1/rules:preview", json=body, headers=weak).status_code == 403
    assert client.get("/v1/rules", headers=strong).status_code == 200
    assert client.post("/v1/rules:preview", json=body, headers=strong).status_code == 200
    assert client.get("/v1/rules/schema.json").status_code == 200


def test_the_schema_for_editors_knows_this_shop(app: Flask) -> None:
    answer = app.test_client().get("/v1/rules/schema.json")
    schema = answer.get_json(force=True)
    Draft202012Validator.check_schema(schema)
    assert answer.mimetype == "application/schema+json" and answer.headers["ETag"]
    rule = schema["$defs"]["rule"]["properties"]
    assert "cheese" in str(rule["carousels"]) and "category" in rule["per"]["enum"]
    assert {"loyalty_app", "basket_value"} <= set(schema["$defs"]["when"]["properties"])


def test_the_answers_are_as_the_document_says(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").get_json()
    good = preview(app, rules=pin("p03"), page="home")
    bad = preview(app, rules="a: [", page="home")
    for path, method, answer in (
        ("/v1/rules", "get", app.test_client().get("/v1/rules")),
        ("/v1/rules:preview", "post", good),
        ("/v1/rules:preview", "post", bad),
    ):
        content = document["paths"][path][method]["responses"][str(answer.status_code)]["content"]
        schema = {**content[answer.mimetype]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.get_json())
    body = document["paths"]["/v1/rules:preview"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    check = Draft202012Validator({**body, "components": document["components"]})
    assert check.is_valid({"rules": "", "page": "home", "request": {"user_id": "u01"}}) and not check.is_valid(
        {"page": 1}
    )


def test_a_service_without_a_version_tells_its_rules_too(bare_shop: object, tmp_path: Path) -> None:
    shop = read_shop(tmp_path / "shop.toml")
    client = create_app(shop, read_settings(shop, {}, {}), lambda: NOW).test_client()
    assert client.get("/v1/rules").get_json()["rules"] == []
    schema = client.get("/v1/rules/schema.json").get_json(force=True)
    assert "enum" not in schema["$defs"]["rule"]["properties"]["per"]
