"""The figures of all workers together: right with several of them, and right when one dies."""

import http.client
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsvc.metrics_files import ENDED
from recsvc.traffic import Reading
from running import COMES_WITHIN, Service, is_alive, kept_by, serving, wait_until
from tiny_shop import TinyShop

WORKERS = 2
ROUTE = "/v1/carousels/<carousel>"


@pytest.fixture
def service(tiny_shop: TinyShop) -> Iterator[Service]:
    """Two workers, new in each test."""
    with serving(tiny_shop.folder, "--workers", str(WORKERS), RECSVC_POLL_SECONDS="0.1") as service:
        wait_until(lambda: len(service.workers()) == WORKERS and read(service).total("recsvc_workers") == WORKERS)
        yield service


def read(service: Service) -> Reading:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=COMES_WITHIN)
    try:
        connection.request("GET", "/metrics")
        return Reading.of(connection.getresponse().read().decode())
    finally:
        connection.close()


def counted(service: Service) -> float:
    return read(service).total("recsvc_requests_total", route=ROUTE, status="200")


def files(service: Service) -> set[Path]:
    """Return the files of figures of a service."""
    return set(kept_by(service.process.pid).glob("metrics/*.db"))


def test_every_worker_tells_the_sum_over_all_workers(service: Service) -> None:
    """Forty answers by whichever worker; each reading of either worker shows all of them, and so does the histogram."""
    for _ in range(40):
        service.carousel("bestsellers?size=2")
    for _ in range(8):
        told = read(service)
        assert told.total("recsvc_requests_total", route=ROUTE) == 40
        assert told.total("recsvc_request_seconds_count", route=ROUTE) == 40
        assert told.total("recsvc_request_seconds_bucket", route=ROUTE, le="+Inf") == 40
        assert told.total("recsvc_items_total") == 80
        assert told.total("recsvc_store_followed_timestamp_seconds") > 0, "every worker follows the store"


def test_a_worker_that_makes_its_file_at_this_moment_spoils_no_figures(service: Service) -> None:
    """A file is there before its first byte is, and whoever reads then gets the figures of the others."""
    service.carousel("bestsellers?size=2")
    for kind in ("counter", "histogram", "gauge_livesum"):
        (kept_by(service.process.pid) / "metrics" / f"{kind}_999999.db").touch()
    assert counted(service) == 1


@pytest.mark.parametrize("left", [b"", b"\x01", b"\xff" * 70_000], ids=["empty", "cut short", "broken"])
def test_a_worker_that_dies_with_a_file_that_cannot_be_read_ends_no_service(service: Service, left: bytes) -> None:
    """It may be killed between making its file and the first figure; the master buries it and makes another."""
    gone, other = service.workers()
    folder = kept_by(service.process.pid) / "metrics"
    path = folder / f"counter_{gone}.db"
    path.unlink(missing_ok=True)  # the worker keeps what it had open
    path.write_bytes(left)
    os.kill(gone, signal.SIGKILL)
    wait_until(lambda: not is_alive(gone))
    wait_until(lambda: len(service.workers()) == WORKERS and gone not in service.workers(), seconds=30)
    assert other in service.workers(), "the master is the same, and so is the other worker"
    service.carousel("bestsellers?size=2")
    assert counted(service) == 1
    assert not path.exists()


def test_a_worker_that_dies_takes_no_count_along_and_leaves_nothing_behind(service: Service) -> None:
    """kill -9, twice: counters never fall, what was live in it goes, and its files are gone."""
    for killed in range(1, 3):
        for _ in range(20):
            service.carousel("bestsellers?size=2")
        before = service.workers()
        names = {pid: [path for path in files(service) if path.stem.endswith(f"_{pid}")] for pid in before}
        assert names[before[0]], "each worker has files of its own"
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda pid=before[0]: not is_alive(pid))  # type: ignore[misc]
        wait_until(lambda gone=names[before[0]]: not any(path.exists() for path in gone))  # type: ignore[misc]
        assert counted(service) == 20 * killed
        wait_until(lambda: read(service).total("recsvc_workers") == WORKERS)
        assert counted(service) == 20 * killed
        assert read(service).total("recsvc_model_info") == WORKERS
    kept = [path.name for path in files(service) if path.stem.endswith(f"_{ENDED}")]
    assert {"counter_ended.db", "histogram_ended.db"} <= set(kept)


def test_versions_are_told_by_the_workers_that_serve_them(service: Service, tiny_shop: TinyShop) -> None:
    """Saved rules are a new set: all workers serve it soon, and the old one is told no more."""
    (old,) = [labels["hash"] for labels, _ in read(service).each("recsvc_rules_info")]
    text = (tiny_shop.folder / "rules.yaml").read_text()
    (tiny_shop.folder / "rules.yaml").write_text(text + "  - {id: more, do: hide, product: m-5}\n")

    def told() -> dict[str, float]:
        return {labels["hash"]: value for labels, value in read(service).each("recsvc_rules_info")}

    wait_until(lambda: list(told().values()) == [WORKERS] and old not in told())
    assert read(service).total("recsvc_rules") == 3


def test_the_figures_end_with_the_service(tiny_shop: TinyShop) -> None:
    with serving(tiny_shop.folder) as service:
        service.carousel("bestsellers?size=2")
        mine = files(service)
        assert mine
        assert service.stop() == 0
    assert not any(path.exists() for path in mine)
