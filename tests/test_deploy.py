"""What lies in deploy/ works as it stands: the dashboard and the alarms ask for figures that there are, nginx takes its file."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from markdown import ROOT
from recsvc.metrics import Metrics, metric_labels
from recsvc.settings import SETTINGS
from running import wait_until

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "recsvc.json").read_text())
ALARMS = yaml.safe_load((DEPLOY / "recsvc-alarms.yml").read_text())
EXPORTED = set(metric_labels(Metrics()))


def expressions() -> Iterator[str]:
    """Yield every query of the dashboard and of the alarms."""
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]
    yield from (rule["expr"] for group in ALARMS["groups"] for rule in group["rules"])


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_query_asks_for_figures_that_are_exported(expression: str) -> None:
    """By the names of /metrics; `up` is Prometheus's own."""
    asked = set(re.findall(r"recsvc_\w+", expression))
    assert asked <= EXPORTED
    assert asked or expression.startswith("up{")
    assert expression.count("(") == expression.count(")") and expression.count("{") == expression.count("}")


def test_a_single_figure_is_0_where_nothing_was_counted_yet() -> None:
    """A share whose label value never came is no series: the panel said "No data" as long as all was well."""
    stats = [t["expr"] for panel in DASHBOARD["panels"] if panel["type"] == "stat" for t in panel["targets"]]
    shares = [expression for expression in stats if " / sum(" in expression]
    assert len(shares) == 2 and all("or vector(0)" in expression for expression in shares)


PROMETHEUS_OWN = {"job", "instance", "le"}
"""Labels that Prometheus adds, or a histogram has."""


def labels_asked(expression: str) -> Iterator[tuple[set[str], set[str]]]:
    """Yield figures and the labels that are asked of them: matched, grouped by, or listed for a variable."""
    for name, matched in re.findall(r"(recsvc_\w+)\{([^}]*)\}", expression):
        yield {name}, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matched))
    for name, label in re.findall(r"label_values\((recsvc_\w+)(?:\{[^}]*\})?,\s*(\w+)\)", expression):
        yield {name}, {label}
    figures = set(re.findall(r"recsvc_\w+", expression))
    for grouped in re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", expression):
        yield figures, set(re.findall(r"\w+", grouped))


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_label_that_a_query_asks_for_is_one_of_that_figure(expression: str) -> None:
    """A label that a figure does not have leaves a panel empty without any error."""
    labels = metric_labels(Metrics())
    for figures, asked in labels_asked(expression):
        known = set().union(*(labels[name] for name in figures)) | PROMETHEUS_OWN
        assert asked <= known, f"{sorted(asked - known)} of {sorted(figures)}"


def test_every_label_that_a_legend_tells_is_one_that_its_query_leaves() -> None:
    """`{{label}}` of what a query does not group by is blank."""
    told = 0
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            grouped = set(re.findall(r"\w+", " ".join(re.findall(r"\bby\s*\(([^)]*)\)", target["expr"]))))
            figures = re.findall(r"recsvc_\w+", target["expr"])
            left = grouped or {one for name in figures for one in metric_labels(Metrics())[name]} | PROMETHEUS_OWN
            wanted = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", target.get("legendFormat", "")))
            assert wanted <= left, (panel["title"], target["expr"], wanted - left)
            told += len(wanted)
    assert told > 5


def test_every_figure_is_on_the_dashboard() -> None:
    """Nothing is exported that nobody looks at."""
    shown = set(re.findall(r"recsvc_\w+", " ".join(expressions())))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in EXPORTED}
    assert {name for name in families if not any(one.startswith(name) for one in shown)} == set()


def test_no_two_panels_of_the_dashboard_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_prometheus_reads_the_service_and_the_alarms() -> None:
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    (job,) = told["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("recsvc", "/metrics")
    assert all((DEPLOY / name).exists() for name in told["rule_files"])
    port = next(setting.default for setting in SETTINGS if setting.name == "port")
    assert job["static_configs"][0]["targets"] == [f"127.0.0.1:{port}"]
    assert all(
        rule["alert"] and rule["annotations"]["summary"] for group in ALARMS["groups"] for rule in group["rules"]
    )


NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed: its own check of deploy/nginx.conf cannot run")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    """`nginx -t` in a folder of its own, as no special user."""
    done = subprocess.run([*nginx_in(tmp_path, 18080), "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "[warn]" not in done.stderr, done.stderr


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed: what it writes into its logs cannot be looked at")
def test_no_log_of_nginx_names_a_shopper(tmp_path: Path) -> None:
    """Beside the logs that nginx keeps by itself, and where the service does not answer: its messages quote requests."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        port = own.getsockname()[1]
    with subprocess.Popen([*nginx_in(tmp_path, port), "-g", "daemon off;"], stderr=subprocess.PIPE, text=True) as nginx:
        try:
            wait_until(lambda: _status(port, "/readyz") == 404)
            for path in ("/v1/carousels/for-you?user_id=shopper-77", "/v1/users/shopper-77"):
                assert _status(port, path) in (502, 504)
        finally:
            nginx.terminate()
            said = nginx.communicate(timeout=30)[1]
    logs = {file.name: file.read_text() for file in tmp_path.rglob("*.log")}
    assert not [name for name, text in {**logs, "stderr": said}.items() if "shopper-77" in text]
    assert len(logs["recsvc.log"].splitlines()) >= 3 and " GET 502 " in logs["recsvc.log"]


def nginx_in(folder: Path, port: int) -> list[str]:
    """Return how nginx is called in a folder of its own with our file, and with its own two logs as it has them."""
    site = (DEPLOY / "nginx.conf").read_text().replace("/var/log/nginx", str(folder))
    site = site.replace("listen 80", f"listen 127.0.0.1:{port}").replace("[::]:80", f"[::1]:{port}")
    site = site.replace("127.0.0.1:8000", "127.0.0.1:1")
    places = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {folder}/pid; error_log {folder}/error.log; events {{}}"
    (folder / "nginx.conf").write_text(f"{whole} http {{ access_log {folder}/access.log; {places}\n{site}\n}}")
    return [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]


def _status(port: int, path: str) -> int:
    """Return the status of an answer; 0 where nobody listens yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except ConnectionError:
        return 0
    finally:
        connection.close()


def test_nginx_keeps_what_is_for_the_operator_and_buffers() -> None:
    """/metrics, /readyz and /console are not for the world, slow clients hold no thread, and the service closes connections last."""
    text = (DEPLOY / "nginx.conf").read_text()
    assert all(f"location {path} {{ return 404; }}" in text for path in ("= /metrics", "= /readyz", "^~ /console"))
    assert "proxy_request_buffering on;" in text and "proxy_buffering on;" in text and "X-Forwarded-For" in text
