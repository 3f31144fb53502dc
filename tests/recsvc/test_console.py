"""The page for operations: it holds nothing of the shop, fetches nothing from outside, and treats what it gets as text."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from recsvc.metrics import Metrics, metric_labels

KEYS = "public:a-public-key-01,admin:an-admin-key-123"
FIELDS = ("input", "select", "textarea")
AS_HTML = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "createContextualFragment",
    "eval(",
    "Function(",
)
"""Ways in which a script makes elements or code out of text."""


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def script(client: FlaskClient) -> str:
    return str(client.get("/console/console.js").text)


def test_the_page_and_its_files_come_from_the_service_alone(client: FlaskClient) -> None:
    """Nothing inline, nothing from outside, and a policy that would not let it."""
    answer = client.get("/console")
    page = Page(answer.text)
    named = {
        one[name]
        for one in page.of("link", "script", "img", "a", "form")
        for name in ("href", "src", "action")
        if name in one
    }
    assert named == {"docs/docs.css", "console/console.css", "console/console.js", "#answers"}
    assert page.of("style") == [] and all("src" in one for one in page.of("script"))
    assert not any(name.startswith("on") or name == "style" for _, one in page.found for name in one)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert {policy[f"{what}-src"] for what in ("script", "style", "connect", "img")} == {"'self'"}
    assert policy["require-trusted-types-for"] == "'script'"
    for name, kind in (("console.css", "text/css"), ("console.js", "text/javascript")):
        file = client.get(f"/console/{name}")
        assert file.mimetype == kind and not re.search(r"https?://|@import|url\(", file.text)
    assert client.get("/console/docs.html").status_code == 404
    assert client.get("/console", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_every_field_has_a_label_and_every_label_and_description_is_of_something(client: FlaskClient) -> None:
    page = Page(client.get("/console").text)
    ids = [one["id"] for _, one in page.found if "id" in one]
    assert len(ids) == len(set(ids))
    labelled = {one["for"] for one in page.of("label")}
    assert {one["id"] for one in page.of(*FIELDS)} == labelled
    told = [one[name] for _, one in page.found for name in ("aria-describedby", "aria-labelledby") if name in one]
    assert told and set(told) <= set(ids)


def test_what_the_service_tells_goes_into_the_page_as_text_and_the_key_into_a_header(client: FlaskClient) -> None:
    """No way from text to elements; the key in no address, and in no store that outlives the tab."""
    text = script(client)
    assert not [way for way in AS_HTML if way in text]
    assert "localStorage" not in text and "document.cookie" not in text
    assert re.findall(r"sessionStorage\.getItem\(KEY\)", text) and text.count('"X-Api-Key"') == 1
    assert (
        "URLSearchParams" not in text and "history." not in text and "?" not in "".join(re.findall(r"v1/[^`\"]*", text))
    )


def test_the_page_asks_for_addresses_and_figures_that_there_are(client: FlaskClient) -> None:
    text = script(client)
    asked = set(re.findall(r"ask\(\"([^\"]+)\"\)", text))
    assert asked == {"readyz", "metrics", "v1/carousels", "openapi.json"}
    assert all(client.get(f"/{path}").status_code == 200 for path in asked)
    assert set(re.findall(r"`(v1/\w+/)\$", text)) == {"v1/carousels/", "v1/pages/"}
    assert set(re.findall(r"recsvc_\w+", text)) <= metric_labels(Metrics()).keys()


def test_the_page_is_the_same_for_everybody_and_what_it_shows_needs_a_key(
    app: Flask, trained_once: Path, make_app: Callable[..., Flask]
) -> None:
    """On this machine without keys all of it is open."""
    guarded, plain = make_app(trained_once, KEYS=KEYS).test_client(), app.test_client()
    assert guarded.get("/console").data == plain.get("/console").data
    assert "Corner shop" not in plain.get("/console").text
    body = {"explain": True, "at": "2026-03-27T10:00"}
    for method, path in (("GET", "/v1/carousels"), ("POST", "/v1/carousels/cheese"), ("POST", "/v1/pages/home")):
        given = body if method == "POST" else None
        assert plain.open(path, method=method, json=given).status_code == 200
        assert guarded.open(path, method=method, json=given).status_code == 401
        answer = guarded.open(path, method=method, json=given, headers={"X-Api-Key": "a-public-key-01"})
        assert answer.status_code == (403 if given else 200)
        assert (
            guarded.open(path, method=method, json=given, headers={"X-Api-Key": "an-admin-key-123"}).status_code == 200
        )
