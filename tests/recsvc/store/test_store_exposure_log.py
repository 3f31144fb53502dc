"""Exposures behind the requests: stored soon, only of who allows it, dropped and counted where they find no room."""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import orjson
import pytest
from sqlalchemy import func, select

from recsvc.store.database import BUSY_SECONDS, Store
from recsvc.store.exposure_log import ExposureLog
from recsvc.store.exposures import Exposure, forget_exposures, record_exposures
from recsvc.store.shoppers import allow, erase, find, link
from recsvc.store.tables import exposures
from running import wait_until


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        made.engine()
        yield made


def seen(user: str | None = "u1", visitor: str | None = None, time: int = 100, **more: object) -> Exposure:
    return Exposure("request-1", time, "for-you", user, visitor, ("p1", "p2"), **more)  # type: ignore[arg-type]


def kept(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(exposures)) or 0


def log_of(store: Store, **more: int) -> tuple[ExposureLog, Counter[str]]:
    counts: Counter[str] = Counter()
    return ExposureLog(store, 60, lambda: 1_000, lambda outcome, n: counts.update({outcome: n}), **more), counts


def test_what_is_put_is_stored_soon_and_the_rest_at_the_end(store: Store) -> None:
    log, counts = log_of(store)
    log.put([seen(), seen("u2")])
    wait_until(lambda: kept(store) == 2)
    log.put([seen()] * 3)
    log.stop()
    assert kept(store) == 5 and counts["stored"] == 5 and not counts["dropped"]


def test_all_of_an_answer_is_there_to_read(store: Store) -> None:
    with store.write() as connection:
        assert record_exposures(connection, [seen(None, "v1", first=3, pins=(4,), arms={"x": "b"})]) == 1
    with store.read() as connection:
        (row,) = connection.execute(select(exposures)).all()
    assert (row.request_id, row.time, row.carousel, row.shopper) == ("request-1", 100, "for-you", "v:v1")
    assert orjson.loads(row.arm) == {"x": "b"}
    assert orjson.loads(row.products) == {"ids": ["p1", "p2"], "first": 3, "pins": [4]}


def test_who_does_not_allow_storage_leaves_nothing_and_a_linked_visitor_is_the_user(store: Store) -> None:
    with store.write() as connection:
        allow(connection, "u2", None, False, 1)
        link(connection, "u1", "v1", 1)
    log, counts = log_of(store)
    log.put([seen("u2"), seen(None, "v1"), seen("u1", "u2")])
    log.stop()
    with store.read() as connection:
        assert connection.scalars(select(exposures.c.shopper)).all() == ["u:u1"]
    assert (counts["stored"], counts["not_stored"]) == (1, 2)


def test_an_erasure_takes_exposures_and_those_that_come_late_are_not_stored(store: Store) -> None:
    with store.write() as connection:
        record_exposures(connection, [seen(), seen("u2")])
        assert find(connection, "u1").exposures == 1
        erase(connection, "u1", 200)
        assert record_exposures(connection, [seen(time=150)]) == 0
    assert kept(store) == 1


def test_a_full_queue_drops_and_counts_and_never_waits(tmp_path: Path) -> None:
    """While somebody else holds the store; nobody who puts notices."""
    with closing(Store(f"sqlite:///{tmp_path}/recsvc.db")) as store:
        store.engine()
        holder = sqlite3.connect(tmp_path / "recsvc.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        log, counts = log_of(store, most=10)
        began = monotonic()
        log.put([seen()] * 8)
        log.put([seen()] * 8)
        for _ in range(20):
            log.put([seen()] * 100)
        assert monotonic() - began < 10 * BUSY_SECONDS, "each of them that waited would wait so long for the store"
        assert counts["dropped"] >= 1_996
        holder.execute("ROLLBACK")
        holder.close()
        log.stop()
        wait_until(lambda: counts["stored"] + counts["dropped"] == 2_016)
        assert kept(store) == counts["stored"]


def test_a_log_works_in_every_process_of_a_fork(store: Store) -> None:
    log, _ = log_of(store)
    log.put([seen()])
    log.stop()
    store.close()
    child = os.fork()
    if not child:
        try:
            log.put([seen()] * 3)
            log.stop()
            os._exit(0)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert kept(store) == 4


def test_what_is_old_is_forgotten(store: Store) -> None:
    with store.write() as connection:
        record_exposures(connection, [seen(time=10), seen(time=20), seen(time=30)])
        assert forget_exposures(connection, 20) == 1
    assert kept(store) == 2
