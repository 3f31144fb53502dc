"""``recsvc serve`` as it really runs: a master and its workers on a socket."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]
from service_helpers import pin

from models.artifact import MANIFEST
from models.registry import Registry
from recsvc.cli import main
from recsvc.settings import read_settings
from recsvc.wsgi import address, gunicorn_settings
from running import COMES_WITHIN, kept_by, publish_by_hand, wait_until
from sample_shop import PATIENT

OPENER = build_opener(ProxyHandler({}))


@dataclass
class Running:
    """A service that was started."""

    process: "subprocess.Popen[str]"
    url: str
    told: str
    """What it said at the start."""
    folder: Path

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def get(self, path: str) -> dict[str, Any]:
        with OPENER.open(self.url + path, timeout=COMES_WITHIN) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def first(self) -> str:
        return str(self.get("/v1/carousels/bestsellers?size=1")["items"][0]["product_id"])

    def lives(self, model: str) -> int:
        """Return how often the log says that a worker of the first service has something of ``model`` live."""
        return (self.folder / "log-0.txt").read_text().count(f'"event":"live","model":"{model}"')

    def workers(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]


Start = Callable[..., Running]


def command(folder: Path, *words: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "recsvc",
        "serve",
        str(folder / "shop.toml"),
        "--artifacts",
        str(folder / "artifacts"),
        *words,
    ]


@pytest.fixture
def start(trained: Path) -> Iterator[Start]:
    """A function that starts the service of the trained shop on a free port; all that it started ends with the test."""
    begun: list[subprocess.Popen[str]] = []

    def go(*words: str, port: int = 0, **environ: str) -> Running:
        log = (trained / f"log-{len(begun)}.txt").open("w")
        process = subprocess.Popen(
            command(trained, "--port", str(port), *words),
            env={**os.environ, **PATIENT, **environ}, stdout=log, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        log.close()
        begun.append(process)
        told = ""
        assert process.stderr is not None
        while "listening on" not in told and "TROUBLE" not in told:
            line = process.stderr.readline()
            assert line, f"it ended with {process.wait()}: {told}"
            told += line
        found = re.search(r"at (http://\S+) ", told)
        assert found, told
        return Running(process, found[1], told, trained)

    yield go
    for process in begun:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_takes_saved_rules_and_new_versions_by_itself_outlives_a_killed_worker_and_ends_on_term(
    start: Start,
) -> None:
    service = start("--workers", "2", "--threads", "2")
    assert "model 2026-03-26" in service.told and "rules sha256:" in service.told
    assert service.first() == "p07"
    older, newer = (manifest.version for manifest in Registry(service.folder / "artifacts").versions())
    begun = service.lives(older)
    (service.folder / "rules.yaml").write_text(pin("p03"))
    wait_until(lambda: service.lives(older) == begun + 2)  # either worker: which of them answers is the kernel's choice
    assert {service.first() for _ in range(12)} == {"p03"}
    assert service.get("/readyz")["model"] == older
    Registry(service.folder / "artifacts").promote(newer)
    wait_until(lambda: service.lives(newer) == 2)
    assert {service.get("/readyz")["model"] for _ in range(12)} == {newer}

    before = service.workers()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(service.workers()) == 2 and before[0] not in service.workers())
    assert {service.first() for _ in range(12)} == {"p03"}
    assert {service.get("/readyz")["model"] for _ in range(12)} == {newer}

    service.process.terminate()
    assert service.process.wait(COMES_WITHIN) == 0
    assert is_free(service.port)
    lines = [json.loads(line) for line in (service.folder / "log-0.txt").read_text().splitlines()]
    assert {line["event"] for line in lines} == {"live", "request"}


HIDE = "version: 1\nrules:\n  - { id: recalled, do: hide, product: p07, everywhere: true }\n"


def test_a_worker_that_dies_while_all_is_broken_leaves_its_last_good_version_and_rules_to_the_next(
    start: Start,
) -> None:
    """A product recalled since the start stays off the lists, and the version published since the start stays live."""
    service = start("--threads", "2", RECSVC_POLL_SECONDS="0.1")
    place = kept_by(service.process.pid)
    assert place.stat().st_mode & 0o777 == 0o700
    registry = Registry(service.folder / "artifacts")
    newer = registry.versions()[1].version
    registry.promote(newer)
    (service.folder / "rules.yaml").write_text(HIDE)
    recalled = "/v1/carousels/bestsellers?size=50"
    wait_until(lambda: "p07" not in {item["product_id"] for item in service.get(recalled)["items"]})
    wait_until(lambda: bool(service.get("/readyz")["model"] == newer))

    broken = Path(shutil.copytree(registry.path(newer), registry.path("broken")))
    (broken / MANIFEST).write_text((broken / MANIFEST).read_text().replace(newer, "broken"))
    victim = sorted(broken.rglob("*.npy"))[0]
    victim.write_bytes(victim.read_bytes()[:-1])
    publish_by_hand(registry, "broken")
    (service.folder / "rules.yaml").write_text("rules: [")
    wait_until(lambda: len(service.get("/readyz")["troubles"]) == 2)

    (worker,) = service.workers()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: len(service.workers()) == 1 and worker not in service.workers())
    answer = service.get(recalled)
    assert answer["model"] == newer
    assert answer["items"] and "p07" not in {item["product_id"] for item in answer["items"]}
    wait_until(lambda: {one["part"] for one in service.get("/readyz")["troubles"]} == {"model", "rules"})

    service.process.terminate()
    assert service.process.wait(COMES_WITHIN) == 0
    assert not place.exists()


SLOW_EXIT = """
import atexit, os, time
from pathlib import Path

def linger():
    Path(os.environ["LINGERS"], str(os.getpid())).touch()
    time.sleep(0.7)

atexit.register(linger)
"""


STOPS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def test_a_worker_that_ends_is_not_broken_into_by_a_second_signal(start: Start, tmp_path: Path) -> None:
    """Ctrl-C reaches master and workers at once, and the master's own signal with it; a worker's exit runs to its end."""
    (tmp_path / "sitecustomize.py").write_text(SLOW_EXIT)
    (tmp_path / "lingers").mkdir()
    service = start(PYTHONPATH=str(tmp_path), LINGERS=str(tmp_path / "lingers"))
    assert service.first() == "p07", "the worker is up"
    (worker,) = service.workers()
    for stop in (signal.SIGSTOP, *STOPS, signal.SIGCONT):  # all of them wait when it goes on
        os.kill(worker, stop)
    wait_until((tmp_path / "lingers" / str(worker)).exists)
    for stop in STOPS:
        os.kill(worker, stop)
    service.process.terminate()
    assert service.process.wait(COMES_WITHIN) == 0
    assert service.process.stderr is not None
    told = service.process.stderr.read()
    assert "Traceback" not in told and "ignored" not in told


def test_a_worker_leaves_ctrl_c_to_its_master(start: Start) -> None:
    """One signal ends all of it, in one way: the master tells its workers; what Ctrl-C sends a worker itself ends nothing."""
    service = start("--workers", "2")
    wait_until(lambda: len(service.workers()) == 2)
    workers = service.workers()
    for worker in workers:
        os.kill(worker, signal.SIGINT)
    assert {service.first() for _ in range(12)} == {"p07"}
    assert service.workers() == workers
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(COMES_WITHIN) == 0
    assert service.process.stderr is not None
    told = service.process.stderr.read()
    assert "Traceback" not in told and "ignored" not in told


def test_a_killed_master_takes_its_workers_along_and_a_new_one_starts_at_once_and_ends_on_ctrl_c(start: Start) -> None:
    service = start("--host", "0.0.0.0")
    place = kept_by(service.process.pid)
    assert service.url.startswith("http://127.0.0.1:")
    assert "no keys are set (RECSVC_KEYS): listening on 127.0.0.1 only, not on 0.0.0.0" in service.told
    wait_until(lambda: len(service.workers()) == 1)
    (worker,) = service.workers()
    service.process.kill()
    service.process.wait()
    wait_until(lambda: is_free(service.port) and not Path(f"/proc/{worker}/cwd").exists())
    second = start(port=service.port)
    assert not place.exists(), "what a killed service left is taken away by the next one"
    assert second.first() == "p07"
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(COMES_WITHIN) == 0


def test_a_port_in_use_is_told_with_what_to_do_and_ends_with_one(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("sys.argv", ["recsvc", *command(trained, "--port", str(port))[3:]])
        with pytest.raises(SystemExit) as caught:
            main()
    told = capsys.readouterr().err
    assert caught.value.code == 1
    assert told == f"recsvc: 127.0.0.1:{port}: Address already in use: take another with --port or RECSVC_PORT\n"


def test_gunicorn_is_told_to_share_to_watch_and_to_bound_headers() -> None:
    keyed = {"RECSVC_KEYS": "public:the-storefronts-key", "RECSVC_HOST": "0.0.0.0", "RECSVC_WORKERS": "3"}
    told = gunicorn_settings(read_settings(None, keyed, {}), print)
    assert told["bind"] == "0.0.0.0:8000" and told["workers"] == 3
    assert issubclass(told["worker_class"], ThreadWorker) and told["preload_app"] and told["control_socket_disable"]
    assert gunicorn_settings(read_settings(None, {"RECSVC_HOST": "::1"}, {}), print)["bind"] == "[::1]:8000"
    assert address(("::1", 8000, 0, 0)) == "http://[::1]:8000"
