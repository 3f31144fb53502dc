"""``recsvc status``: a running service and an artifacts folder, for people and for machines."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recsvc.cli import cli
from recsvc.status import quality
from recsvc.status_cli import duration
from running import COMES_WITHIN, Service, serving, wait_until
from tiny_shop import TinyShop


def status(*words: str) -> Result:
    return CliRunner().invoke(cli, ["status", *words])


@pytest.fixture(scope="module")
def service(trained_shop: TinyShop) -> Iterator[Service]:
    """The tiny shop, served by two workers that are both up; nothing in it is changed."""
    with serving(trained_shop.folder, "--workers", "2", RECSVC_KEYS="admin:the-operators-key") as service:
        where = ("--port", str(service.port), "--artifacts", str(trained_shop.artifacts), "--seconds", "0")
        wait_until(lambda: (told(*where)["workers"], told(*where)["n_rules"]) == (2, 2))
        yield service


def told(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(status("--json", *words).stdout)
    return found


def test_version_quality_rules_and_traffic_stand_on_one_screen(service: Service, trained_shop: TinyShop) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=COMES_WITHIN)
    for _ in range(6):
        connection.request("GET", "/v1/carousels/for-you", headers={"X-Api-Key": "the-operators-key"})
        connection.getresponse().read()
    connection.close()
    artifacts = str(trained_shop.artifacts)
    done = status("--url", f"http://127.0.0.1:{service.port}", "--artifacts", artifacts, "--seconds", "0.1")
    lines = done.stdout.splitlines()
    assert done.exit_code == 0 and lines[0] == "status   ready" and lines[1] == "shop     Tiny shop"
    version = trained_shop.report.manifest.version
    assert any(line.startswith(f"model    {version}  trained ") and line.endswith(" ago") for line in lines)
    assert any(line.startswith("rules    sha256:") and "2 rules, live for " in line for line in lines)
    assert "workers  2" in lines
    assert any(line.startswith("quality  next-order   for-you") and "against the bestsellers" in line for line in lines)
    head = next(line for line in lines if line.startswith("traffic "))
    assert head.split() == ["traffic", "now", "since", "start"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[lines.index(head) + 1 :]}
    assert rows["requests"] == ["0", "6"] and rows["degraded"] == ["-", "0.00%"]
    assert rows["p99"][-1] == "ms" and rows["p50"][0] == "-"


def test_machines_get_the_same_as_json(service: Service, trained_shop: TinyShop) -> None:
    found = told("--port", str(service.port), "--artifacts", str(trained_shop.artifacts), "--seconds", "0")
    assert (found["status"], found["shop"], found["workers"], found["n_rules"]) == ("ready", "Tiny shop", 2, 2)
    assert found["model"] == found["version"]["version"] and found["version"]["age_seconds"] >= 0
    assert set(found["version"]["quality"]) >= {"next-order"}
    assert found["traffic"].keys() == {"start"} and found["troubles"] == []


def test_without_the_folder_the_service_is_told_alone(service: Service, tmp_path: Path) -> None:
    found = status("--port", str(service.port), "--artifacts", str(tmp_path), "--seconds", "0")
    assert found.exit_code == 0 and "quality  not known" in found.stdout and "name it with --artifacts" in found.stdout


def test_without_a_service_the_folder_is_told_and_the_exit_code_is_one(trained_shop: TinyShop) -> None:
    done = status("--port", "1", "--artifacts", str(trained_shop.artifacts))
    assert done.exit_code == 1 and "is it running" in done.stderr
    assert done.stdout.splitlines()[0] == "status   no answer"
    assert f"model    {trained_shop.report.manifest.version}" in done.stdout and "quality  next-order" in done.stdout


def test_an_answer_of_somebody_else_is_no_service(tmp_path: Path) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>another program</html>")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        done = status("--port", str(server.server_port), "--artifacts", str(tmp_path))
        thread.join()
    assert done.exit_code == 1 and "no answer" in done.stdout


def test_a_key_in_a_file_is_shown_and_what_it_does_not_open_is_told(tmp_path: Path) -> None:
    """As a service on another machine has it: /readyz is open, /metrics needs an admin key."""
    shown: list[str | None] = []

    class Guarded(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers["Authorization"])
            self.send_response(200 if self.path == "/readyz" else 403)
            self.end_headers()
            self.wfile.write(b'{"status": "ready", "shop": "Far away"}')

        def log_message(self, format: str, *args: object) -> None:
            pass

    key = tmp_path / "key"
    key.write_text("the-operators-key\n")
    with HTTPServer(("127.0.0.1", 0), Guarded) as server:
        thread = threading.Thread(target=lambda: [server.handle_request() for _ in range(2)])
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        done = status("--url", url, "--key-file", str(key), "--artifacts", str(tmp_path))
        thread.join()
    assert shown == ["Bearer the-operators-key"] * 2
    assert done.exit_code == 0 and "shop     Far away" in done.stdout
    assert "traffic  not known (/metrics needs an admin key" in done.stdout


@pytest.mark.parametrize("held", [b"", b"\xa2\xff", b"the-key\nanother-key\n"], ids=["empty", "no-text", "two"])
def test_a_file_that_holds_no_key_is_named_and_not_shown(tmp_path: Path, held: bytes) -> None:
    """One was a traceback, and two keys were printed as part of an address that does not answer."""
    key = tmp_path / "key"
    key.write_bytes(held)
    done = status("--key-file", str(key), "--artifacts", str(tmp_path))
    assert done.exit_code == 2 and f"{key} holds no key" in done.stderr
    assert "the-key" not in done.output


def test_quality_is_taken_from_a_manifest_task_by_task() -> None:
    metrics = {
        "next-order": {"carousel": "for-you", "ndcg@10": [0.3, 0.2, 0.4]},
        "next-order/bestsellers": {"ndcg@10": [0.1, 0.1, 0.1], "difference": {"ndcg@10": [0.2, 0.1, 0.3]}},
        "products/new": {"products": 3},
        "session": {"carousel": "cart", "ndcg@10": [0.5, 0.5, 0.5]},
    }
    assert quality(metrics) == {
        "next-order": {"carousel": "for-you", "ndcg@10": [0.3, 0.2, 0.4], "above_bestsellers": 0.2},
        "session": {"carousel": "cart", "ndcg@10": [0.5, 0.5, 0.5], "above_bestsellers": None},
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7_199, "119 minutes"),
        (7_200, "2 hours"),
        (172_800, "2 days"),
    ],
)
def test_a_length_of_time_is_told_in_the_largest_unit_that_makes_two(seconds: float, text: str) -> None:
    assert duration(seconds) == text
