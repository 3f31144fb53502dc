"""The access log: one JSON line a request, and no request can forge one."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from service_helpers import log_lines


def test_a_line_tells_the_route_the_carousel_and_the_version(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    answer = app.test_client().get("/v1/carousels/bestsellers?size=3&user_id=u01")
    (line,) = log_lines(capsys.readouterr().out)
    assert line.pop("ms") > 0 and line.pop("time").endswith("+00:00")
    assert line == {
        "event": "request",
        "method": "GET",
        "route": "/v1/carousels/<carousel>",
        "status": 200,
        "request_id": answer.get_json()["request_id"],
        "carousel": "bestsellers",
        "items": 3,
        "fallback": None,
        "degraded": [],
        "model": answer.get_json()["model"],
    }


def test_a_page_is_logged_with_all_of_its_products(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    answer = app.test_client().post("/v1/pages/cart", json={"size": 2})
    (line,) = log_lines(capsys.readouterr().out)
    assert line["carousel"] == "page:cart"
    assert line["items"] == sum(len(one["items"]) for one in answer.get_json()["carousels"])


def test_a_strange_path_method_or_header_stays_out_of_the_log(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = app.test_client()
    client.get("/v1/carousels/x%0A%7B%22event%22:%22forged%22%7D")
    client.open("/forged\n{}", method="FORGED", headers={"X-Request-Id": 'forged"}'})
    lines = log_lines(capsys.readouterr().out)
    assert len(lines) == 2 and "forged" not in str(lines).lower()
    assert [line["method"] for line in lines] == ["GET", "other"] and lines[1]["route"] is None


def test_a_log_that_cannot_be_written_fails_no_request(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with suppress(OSError), Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert [app.test_client().get("/healthz").status_code for _ in range(3)] == [200, 200, 200]


def test_the_access_log_can_be_switched_off(
    trained_once: Path, make_app: Callable[..., Flask], capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(trained_once, ACCESS_LOG="false").test_client()
    capsys.readouterr()
    client.get("/healthz")
    assert capsys.readouterr().out == ""
