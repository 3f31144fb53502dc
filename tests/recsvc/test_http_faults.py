"""Whatever is sent, the answer is a problem with a 4xx, never a 500."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from models.shop import Shop

POST = "/v1/carousels/for-you"
JSON = "application/json"


def told(answer: TestResponse, status: int) -> dict[str, object]:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    body: dict[str, object] = answer.get_json()
    assert {"type", "title", "status", "detail", "errors", "request_id"} <= body.keys()
    assert body["status"] == status and answer.headers["Cache-Control"] == "no-store"
    return body


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000 + b"]" * 50_000, b'{"user_id": "\\ud800"}', b'{"basket_value": NaN}', b'{"basket_value": 1e999}',
        b'{"user_id": "\xff"}', b"{", b"user_id=1", b'{"a": 1}{"b": 2}', b"\x00",
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_is_a_400_with_the_place(app: Flask, body: bytes) -> None:
    detail = told(app.test_client().post(POST, data=body, content_type=JSON), 400)["detail"]
    assert "line 1, column" in str(detail)


@pytest.mark.parametrize(
    "body", [b"[]", b"3", b'"text"', b"null", b'{"user_id": 7}', b'{"user_id": "\\u0000"}', b'{"size": {}}']
)
def test_a_body_of_the_wrong_shape_is_a_422_with_paths(app: Flask, body: bytes) -> None:
    assert told(app.test_client().post(POST, data=body, content_type=JSON), 422)["errors"]


@pytest.mark.parametrize("query", [b"user_id=%FF", b"user_id=%ED%A0%80", b"\xff=1"])
def test_a_query_that_is_no_utf8_is_a_400(app: Flask, query: bytes) -> None:
    raw = {"QUERY_STRING": query.decode("latin-1")}
    told(app.test_client().get("/v1/carousels/for-you", environ_overrides=raw), 400)


@pytest.mark.parametrize(
    ("query", "path"),
    [("size=-1", "size"), ("size=1e9", "size"), ("sise=3", "sise"), ("user_id=a&user_id=b", "user_id"), ("user_id=%00", "user_id"),
     ("cart=" + "a," * 501, "cart"), ("user_id=" + "x" * 257, "user_id"), ("at=tomorrow", "at"), ("consent=perhaps", "consent")],
)  # fmt: skip
def test_a_query_that_does_not_hold_is_a_422_with_the_path(app: Flask, query: str, path: str) -> None:
    (fault,) = told(app.test_client().get("/v1/carousels/for-you", query_string=query), 422)["errors"]  # type: ignore[misc]
    assert fault["path"] == path and fault["message"]


def test_a_query_of_thousands_of_parameters_is_refused(app: Flask) -> None:
    told(app.test_client().get("/v1/carousels/for-you", query_string="&".join(["cart=a"] * 1_001)), 400)


def test_the_query_of_a_post_joins_its_body_but_nothing_is_given_twice(app: Flask) -> None:
    client = app.test_client()
    joined = client.post(POST + "?size=2&cart=p01", json={"user_id": "u01"})
    assert len(joined.get_json()["items"]) == 2
    errors = told(client.post(POST + "?size=2", json={"size": 3}), 422)["errors"]
    assert errors == [{"path": "size", "message": "is given twice: in the query and in the body"}]


def test_a_post_without_a_body_asks_for_nobody(app: Flask) -> None:
    assert app.test_client().post(POST).status_code == 200


def test_a_body_that_is_not_declared_as_json_is_a_415(app: Flask) -> None:
    told(app.test_client().post(POST, data="user_id=1", content_type="application/x-www-form-urlencoded"), 415)


def test_a_body_beyond_the_limit_is_a_413(app: Flask) -> None:
    client = app.test_client()
    told(client.post(POST, data=b" " * 1_100_000, content_type=JSON), 413)
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    told(client.post(POST, data=b" " * 1_100_000, content_type=JSON, environ_overrides=chunked), 413)


def test_addresses_and_methods_that_are_not_there_are_problems(app: Flask) -> None:
    client = app.test_client()
    told(client.get("/v2/carousels"), 404)
    told(client.get("/v1/carousels/"), 404)
    told(client.get("/v1/carousels/%ff%00"), 404)
    refused = client.delete("/v1/carousels")
    told(refused, 405)
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    told(client.open("/v1/carousels", method="BREW"), 405)
    assert client.head("/nowhere").status_code == 404


@pytest.mark.parametrize("raw", [b"\xff", b"a\xffb", b"\xed\xa0\x80", b"caf\xe9", b"\xc0\x80"])
@pytest.mark.parametrize(
    ("method", "before", "after", "name"),
    [
        ("DELETE", "/v1/users/", "", "user_id"), ("PUT", "/v1/users/", "/consent", "user_id"),
        ("POST", "/v1/users/", "/link", "user_id"), ("PATCH", "/v1/products/", "", "product_id"),
        ("GET", "/v1/experiments/", "", "name"), ("GET", "/v1/carousels/", "", "carousel"), ("POST", "/v1/pages/", "", "page"),
    ],
)  # fmt: skip
def test_an_address_that_is_no_utf8_is_a_422_and_nobody_elses(
    app: Flask, raw: bytes, method: str, before: str, after: str, name: str
) -> None:
    """It was read as U+FFFD, which is a user's id as good as any: an erasure answered 200."""
    path = {"PATH_INFO": before + raw.decode("latin-1") + after}
    body = {"personalisation": True} if after == "/consent" else {"visitor_id": "v"} if after else {}
    answer = app.test_client().open("/", method=method, json=body or None, environ_overrides=path)
    (fault,) = told(answer, 422)["errors"]  # type: ignore[misc]
    assert fault["path"] == name and "no UTF-8" in fault["message"]


def test_an_address_of_any_utf8_is_taken_as_it_is(app: Flask) -> None:
    for name in ("caf%C3%A9", "%EF%BF%BD", "%F0%9F%8D%B7", "a%2Fb"):
        answer = app.test_client().delete(f"/v1/users/{name}?dry_run=true")
        assert answer.status_code == 200 and answer.get_json()["user_id"] == unquote(name)
    told(app.test_client().get("/nowhere/%ff"), 404)


def test_head_and_options_answer_without_a_body(app: Flask) -> None:
    client = app.test_client()
    head = client.head("/v1/carousels/cheese")
    assert (head.status_code, head.data) == (200, b"") and head.headers["ETag"]
    options = client.options("/v1/carousels/cheese")
    assert options.status_code == 200 and "POST" in options.headers["Allow"]


def test_a_fault_of_ours_is_a_500_that_tells_nothing_and_is_logged_without_the_request(
    bare_shop: Shop, tmp_path: Path, make_app: Callable[..., Flask], capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(tmp_path)

    def broken() -> str:
        raise RuntimeError("secret-user-17")

    app.add_url_rule("/broken", "broken", broken)
    body = told(app.test_client().get("/broken"), 500)
    out = capsys.readouterr().out
    assert "secret" not in str(body) + out
    assert '"event":"crash"' in out and str(body["request_id"]) in out


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.text(max_size=30), st.sampled_from(["GET", "POST"]))
def test_no_bytes_give_a_5xx(app: Flask, body: bytes, query: str, method: str) -> None:
    raw = {"QUERY_STRING": query.encode("utf-8", "surrogatepass").decode("latin-1")}
    answer = app.test_client().open(POST, method=method, data=body, environ_overrides=raw, content_type=JSON)
    assert answer.status_code < 500
