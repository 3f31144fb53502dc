"""Real commands and a real service for tests: processes, ports, answers over HTTP."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.registry import Registry
from recsvc.last_good import PREFIX
from sample_shop import answers_at, plain_environment

COMES_WITHIN = 180.0
"""Seconds that anything has to come to pass: far more than it needs on a slow machine that others keep busy.

What is promised in seconds is asked of the settings that bound it, and measured in ``benchmarks/``.
"""


def trainer(folder: Path, *words: str) -> list[str]:
    """Return the command line of ``python -m training`` on the shop in ``folder``."""
    return [sys.executable, "-m", "training", *words, "--artifacts", str(folder / "artifacts")]


def train(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m training`` in ``folder``; ``words`` name the command and its options."""
    command, told = trainer(folder, *words), plain_environment(**environment)
    return subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, check=False)


def begin(folder: Path, *words: str, **environment: str) -> "subprocess.Popen[str]":
    """Start ``python -m training`` in ``folder``, and do not wait for it."""
    return subprocess.Popen(
        trainer(folder, *words), cwd=folder, env=plain_environment(**environment),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def publish_by_hand(registry: Registry, version: str) -> None:
    """Make a version live as somebody does who checks nothing: `recsvc-train promote` refuses a broken one."""
    published = registry.folder / "published"
    name = f"{max(int(entry.name) for entry in published.iterdir()) + 1:06d}"
    (published / name).symlink_to(Path("..") / "versions" / version)
    fresh = registry.folder / ".current.by-hand"
    fresh.symlink_to(Path("published") / name)
    fresh.replace(registry.folder / "current")


def wait_until(holds: Callable[[], object], seconds: float = COMES_WITHIN, pause: float = 0.02) -> float:
    """Wait until ``holds``; return the seconds that it took, and fail where it takes longer than ``seconds``."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"nothing came of it within {seconds} s")
        time.sleep(pause)
    return time.monotonic() - began


def children(pid: int) -> list[int]:
    """Return the processes that a process started and that still live."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in found if is_alive(int(child))]


def kept_by(pid: int) -> Path:
    """Return the folder in which a running service keeps what loaded last; its master holds it open."""
    found = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.add(handle.readlink())
    (folder,) = [path for path in found if path.name.startswith(PREFIX)]
    return folder


def is_alive(pid: int) -> bool:
    """Return whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


@dataclass
class Service:
    """A service that was started."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def ask(self, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of one request over a connection of its own; POST where there is a body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=COMES_WITHIN)
        try:
            return ask_over(connection, path, body)
        finally:
            connection.close()

    def carousel(self, query: str) -> dict[str, Any]:
        """Return the answer to ``GET /v1/carousels/<query>``."""
        status, answer = self.ask(f"/v1/carousels/{query}")
        assert status == 200, answer
        return answer

    def ready(self) -> dict[str, Any]:
        """Return what /readyz says."""
        return self.ask("/readyz")[1]

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        return children(self.process.pid)

    def stop(self) -> int:
        """Ask it to end, as systemd and Docker do; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(COMES_WITHIN)


def ask_over(connection: http.client.HTTPConnection, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    """Return status and JSON of one request over ``connection``."""
    if body is None:
        connection.request("GET", path)
    else:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@contextmanager
def serving(folder: Path, *words: str, **environment: str) -> Iterator[Service]:
    """Serve the shop in ``folder`` on a free port while the block runs; ``words`` are options of ``recsvc serve``."""
    command = [sys.executable, "-m", "recsvc", "serve", "shop.toml", "--artifacts", "artifacts", "--port", "0", *words]
    log = folder / f"service-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=plain_environment(**environment), stdout=out, stderr=subprocess.STDOUT
        )
    try:
        service = Service(process, 0, log)
        wait_until(lambda: process.poll() is not None or re.search(r"at http://\S+:\d+ ", log.read_text()))
        found = re.search(r"at http://\S+:(\d+) ", log.read_text())
        assert found, f"it ended with {process.poll()}: {log.read_text()}"
        service.port = int(found[1])
        wait_until(lambda: answers_at(service.port) and service.workers())
        yield service
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(COMES_WITHIN)
