"""The OpenAPI document is true, and /docs shows all of it without fetching anything from outside."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from recsvc.forms import Form
from recsvc.routes import ROUTES


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    told: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return told


def valid(document: dict[str, Any], path: str, method: str, answer: TestResponse) -> None:
    """Fail unless the document declares the status and the type of ``answer``, and its body fits the schema."""
    responses = document["paths"][path][method]["responses"]
    schema = responses[str(answer.status_code)]["content"][answer.mimetype]["schema"]
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer.get_json())


def test_the_document_names_every_route_and_every_field_of_the_context(document: dict[str, Any]) -> None:
    paths = {re.sub(r"<(?:path:)?(\w+)>", r"{\1}", route.path) for route in ROUTES if route.answer}
    assert set(document["paths"]) == paths and document["openapi"] == "3.1.0"
    fields = {*Form.model_fields, "loyalty_app", "basket_value"}
    parameters = document["paths"]["/v1/carousels/{carousel}"]["get"]["parameters"]
    assert {one["name"] for one in parameters} == {*fields, "carousel"}
    body = document["paths"]["/v1/pages/{page}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(document["components"]["schemas"][body["$ref"].rsplit("/", 1)[1]]["properties"]) == fields


def test_every_reference_and_every_schema_holds(document: dict[str, Any]) -> None:
    for name in re.findall(r"'#/components/schemas/(\w+)'", str(document)):
        Draft202012Validator.check_schema(document["components"]["schemas"][name])


@pytest.mark.parametrize(
    "query", ["", "?user_id=u01&explain=true", "?user_id=nobody&cart=nothing", "?size=0", "?filter=("]
)
def test_answers_of_a_carousel_are_as_the_document_says(app: Flask, document: dict[str, Any], query: str) -> None:
    for carousel in app.test_client().get("/v1/carousels").get_json()["pages"]["home"]:
        valid(document, "/v1/carousels/{carousel}", "get", app.test_client().get(f"/v1/carousels/{carousel}{query}"))


def test_all_other_answers_are_as_the_document_says(app: Flask, document: dict[str, Any]) -> None:
    client = app.test_client()
    valid(document, "/v1/carousels", "get", client.get("/v1/carousels"))
    valid(document, "/v1/carousels/{carousel}", "get", client.get("/v1/carousels/none"))
    valid(document, "/v1/carousels/{carousel}", "post", client.post("/v1/carousels/cheese", json={"user_id": "u01"}))
    valid(document, "/v1/carousels/{carousel}", "post", client.post("/v1/carousels/cheese", data="x"))
    valid(document, "/v1/pages/{page}", "post", client.post("/v1/pages/home", json={"user_id": "u01"}))
    valid(
        document, "/v1/pages/{page}", "post", client.post("/v1/pages/home", data="{", content_type="application/json")
    )
    valid(document, "/healthz", "get", client.get("/healthz"))
    valid(document, "/readyz", "get", client.get("/readyz"))


def test_what_a_body_may_hold_is_what_its_schema_takes(app: Flask, document: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/RequestContext"}
    check = Draft202012Validator({**schema, "components": document["components"]})
    good = {"user_id": "u01", "cart": ["p01"], "size": 5, "basket_value": 3.5, "consent": False, "candidates": None}
    for body, holds in ((good, True), ({"size": 0}, False), ({"user": "x"}, False), ({"cart": "p01"}, False)):
        answer = app.test_client().post("/v1/carousels/cheese", json=body)
        assert (answer.status_code == 200) is holds is check.is_valid(body)


def test_keys_are_told_where_they_are_set(trained_once: Path, make_app: Callable[..., Flask]) -> None:
    app = make_app(trained_once, KEYS="public:the-storefronts-key")
    document = app.test_client().get("/openapi.json").get_json()
    operation = document["paths"]["/v1/carousels"]["get"]
    assert operation["security"] == [{"bearer": []}, {"header": []}]
    valid(document, "/v1/carousels", "get", app.test_client().get("/v1/carousels"))
    assert "security" not in document["paths"]["/healthz"]["get"]
    assert 'id="key"' in app.test_client().get("/docs").text


def test_a_service_without_a_version_answers_readyz_as_the_document_says(
    bare_shop: object, tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    client = make_app(tmp_path).test_client()
    valid(client.get("/openapi.json").get_json(), "/readyz", "get", client.get("/readyz"))


def test_the_page_shows_every_operation_with_an_example_and_a_form(app: Flask, document: dict[str, Any]) -> None:
    page = app.test_client().get("/docs").text
    count = sum(len(methods) for methods in document["paths"].values())
    assert page.count('class="operation"') == page.count('class="try"') == page.count("curl &#39;http://") == count
    for path in document["paths"]:
        assert path in page
    for name in ("loyalty_app", "items[].reason.text", "carousels[].items[].product_id"):
        assert f"<code>{name}</code>" in page


def test_the_page_fetches_nothing_from_outside(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/docs")
    assert set(re.findall(r'(?:src|href)="([^"#]+)"', page.text)) == {"docs/docs.css", "docs/docs.js", "openapi.json"}
    assert "'unsafe" not in page.headers["Content-Security-Policy"] and "style=" not in page.text
    for asset, kind in (("docs.css", "text/css"), ("docs.js", "text/javascript")):
        answer = client.get(f"/docs/{asset}")
        assert answer.mimetype == kind and "http://" not in answer.text and "https://" not in answer.text
    assert client.get("/docs/other.js").status_code == 404
    assert client.get("/docs", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304
