"""What must not take the service down, brought about for real: processes, files, sockets and threads."""

import http.client
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from models.artifact import MANIFEST
from models.registry import Registry
from models.shop import read_shop
from running import COMES_WITHIN, Service, ask_over, is_alive, publish_by_hand, serving, train, wait_until
from tiny_shop import TinyShop, product_rows, write_rows, write_tiny_shop
from training.pipeline import Options, run
from training.progress import SILENT

WORKERS = 2
PAGE = {"user_id": "w0", "product_id": "00502", "store_id": "south", "size": 6}
CATALOGUE = ["sku", "title", "kind", "maker", "country", "price"]
SECOND = " (second)"
"""Behind the name of every product of the second version: each answer shows by itself which version made it."""


@dataclass(frozen=True, slots=True)
class Running:
    """A served shop with two versions; in each test the first is live at the start, in every worker."""

    service: Service
    registry: Registry
    first: str
    second: str

    def told(self, what: str) -> int:
        """Return how often the log says ``what``: every worker tells what it has live, and what it cannot load."""
        return self.service.log.read_text().count(what)

    def swap(self, move: Callable[[], object], version: str) -> None:
        """Let ``move`` make another version live, and wait until every worker has it."""
        live = f'"event":"live","model":"{version}"'
        before = self.told(live)
        move()
        wait_until(lambda: self.told(live) == before + WORKERS)

    def publish(self, version: str) -> None:
        """Promote another version, and wait until every worker has it."""
        self.swap(lambda: self.registry.promote(version), version)

    def publish_broken(self, name: str, harm: Callable[[Path], None]) -> Path:
        """Publish a copy of the second version that is broken in one file; return this file."""
        folder = self.registry.path(name)
        shutil.copytree(self.registry.path(self.second), folder)
        values = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps({**values, "version": name}))
        victim = folder / "models" / "als" / "item_factors.npy"
        harm(victim)
        publish_by_hand(self.registry, name)
        wait_until(lambda: self.told(f'"part":"model","file":"{name}"') == WORKERS)
        return victim


@pytest.fixture(scope="module")
def running(trained_shop: TinyShop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two workers that look at the disk ten times a second."""
    folder = tmp_path_factory.mktemp("faults") / "shop"
    shutil.copytree(trained_shop.folder, folder, symlinks=True)
    renamed = [[sku, title + SECOND, *rest] for sku, title, *rest in product_rows()]
    write_rows(folder / "products.csv", CATALOGUE, renamed)
    options = Options(folder / "artifacts", int(time.time()) + 60, trained_shop.clock(), fast=True, publish=False)
    second = run(read_shop(folder / "shop.toml"), options, SILENT).manifest.version
    with serving(folder, "--workers", str(WORKERS), RECSVC_POLL_SECONDS="0.1") as service:
        wait_until(lambda: len(service.workers()) == WORKERS)
        yield Running(service, Registry(folder / "artifacts"), trained_shop.report.manifest.version, second)


@pytest.fixture
def shop(running: Running) -> Iterator[Running]:
    """The same; after the test every worker has the first version again."""
    yield running
    if running.registry.current() == running.registry.path(running.second):
        running.publish(running.first)
    else:
        running.registry.promote(running.first)


@dataclass
class Traffic:
    """A storefront that asks without a pause, and keeps what was wrong."""

    service: Service
    answers: int = 0
    models: set[str] = field(default_factory=set)
    wrong: list[Any] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, second: str) -> None:
        """Ask for the page of a product until it is over, over one connection that is kept."""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=COMES_WITHIN)
        while not self.over.is_set():
            try:
                status, page = ask_over(connection, "/v1/pages/product", PAGE)
                self.check(status, page, second)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.wrong.append(error)
        connection.close()

    def check(self, status: int, page: dict[str, Any], second: str) -> None:
        """Keep an answer that failed, is empty, or whose products are not those of the version that it names."""
        self.answers += 1
        models = {one["model"] for one in page.get("carousels", [])}
        names = [item["product"]["name"] for one in page.get("carousels", []) for item in one["items"]]
        marked = {name.endswith(SECOND) for name in names}
        if status != 200 or len(models) != 1 or marked != {models == {second}}:
            self.wrong.append((status, models, names))
        self.models |= models


def test_versions_are_swapped_under_traffic_without_a_failed_or_mixed_answer(shop: Running) -> None:
    """Promoted and rolled back again and again while four threads ask: every answer is of one version and names it."""
    traffic = Traffic(shop.service)
    threads = [threading.Thread(target=traffic.ask, args=(shop.second,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            shop.publish(shop.second)
            shop.swap(shop.registry.rollback, shop.first)
    finally:
        traffic.over.set()
        for thread in threads:
            thread.join()
    assert traffic.wrong == []
    assert traffic.models == {shop.first, shop.second}
    assert traffic.answers > 50


def flip_a_byte(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


BREAKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "flipped byte": (flip_a_byte, "is not what was written"),
    "truncated file": (truncate, "is not what was written"),
    "missing file": (Path.unlink, "is missing"),
    "empty file": (empty, "is not what was written"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_version_is_not_served_and_is_told_with_its_file(shop: Running, how: str) -> None:
    """The last good one serves on; /readyz names the file and the cause; the next good version ends the trouble."""
    harm, cause = BREAKS[how]
    name = f"broken-{how.replace(' ', '-')}"
    victim = shop.publish_broken(name, harm)
    for _ in range(8):
        status, ready = shop.service.ask("/readyz")
        assert (status, ready["status"], ready["model"]) == (200, "degraded", shop.first)
        (trouble,) = ready["troubles"]
        assert (trouble["part"], trouble["file"]) == ("model", name)
        assert str(victim) in trouble["cause"] and cause in trouble["cause"]
        answer = shop.service.carousel("for-you?user_id=w0")
        assert answer["items"] and (answer["model"], answer.get("degraded", [])) == (shop.first, [])
    shop.publish(shop.second)
    assert {shop.service.ready()["status"] for _ in range(8)} == {"ready"}


def test_a_killed_worker_is_replaced_and_answers_go_on(shop: Running) -> None:
    """kill -9: the other one answers everything meanwhile; the new one has what is live, not what was at the start."""
    shop.publish(shop.second)
    before = shop.service.workers()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: not is_alive(before[0]))
    models, ends = set(), time.monotonic() + COMES_WITHIN
    while len(shop.service.workers()) < WORKERS and time.monotonic() < ends:
        models.add(shop.service.carousel("bestsellers?size=1")["model"])
    assert len(shop.service.workers()) == WORKERS and before[1] in shop.service.workers()
    models |= {shop.service.carousel("bestsellers?size=1")["model"] for _ in range(60)}
    assert models == {shop.second}


def test_a_worker_killed_while_a_broken_version_is_published_serves_a_good_one(shop: Running) -> None:
    """A new worker meets the broken version first of all: it falls back on the last good one, and says so."""
    shop.publish_broken("broken-and-killed", truncate)
    killed, _ = shop.service.workers()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: shop.told('"part":"model","file":"broken-and-killed"') == WORKERS + 1)
    assert killed not in shop.service.workers() and len(shop.service.workers()) == WORKERS
    for _ in range(20):
        answer = shop.service.carousel("for-you?user_id=w0")
        assert answer["model"] == shop.first and answer["items"]
        assert shop.service.ready()["status"] == "degraded"


def test_a_service_without_a_version_serves_nothing_and_takes_the_first_one_up(tmp_path: Path) -> None:
    """It starts, says what is missing and answers empty carousels; a training publishes; no restart."""
    write_tiny_shop(tmp_path)
    with serving(tmp_path) as service:
        status, ready = service.ask("/readyz")
        assert status == 503 and "run `recsvc-train run`" in ready["detail"]
        assert service.ask("/healthz")[0] == 200
        answer = service.carousel("for-you?user_id=w0")
        assert (answer["items"], answer["model"], answer["degraded"]) == ([], None, ["model"])
        assert (
            "none yet: carousels show what the back office tells until `recsvc-train run` publishes one"
            in service.log.read_text()
        )
        done = train(tmp_path, "run", "shop.toml", "--fast", "--json")
        assert done.returncode == 0, done.stderr
        version = json.loads(done.stdout)["version"]
        wait_until(lambda: service.ask("/readyz")[0] == 200)
        answer = service.carousel("for-you?user_id=w0")
        assert answer["items"] and (answer["model"], answer.get("degraded", [])) == (version, [])
        assert service.ready()["status"] == "ready"
        first = service.carousel("bestsellers?size=50")["items"]
        assert "m-4" not in {item["product_id"] for item in first}, "the rules hold from the first answer on"
