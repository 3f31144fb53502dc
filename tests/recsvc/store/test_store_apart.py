"""Links, consent and erasures on PostgreSQL miss nothing that is being written while they begin."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, select

from recsvc.store.database import Store
from recsvc.store.event import Event
from recsvc.store.exposures import Exposure, record_exposures
from recsvc.store.record import record
from recsvc.store.shoppers import allow, erase, link
from recsvc.store.tables import events, exposures
from running import wait_until

WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    with closing(Store(postgresql_url)) as made:
        made.engine()
        yield made


def take(connection: Connection, user: str | None, visitor: str | None) -> None:
    record(connection, [[Event("e-1", "view", 100, 100, user, visitor, product_id="p")]])


def show(connection: Connection, user: str | None, visitor: str | None) -> None:
    record_exposures(connection, [Exposure("r-1", 100, "for-you", user, visitor, ("p",))])


def behind(store: Store, before: Callable[[Connection], object], then: Callable[[Connection], Any]) -> Any:
    """Return what ``then`` does in a transaction that begins while that of ``before`` is open and about to commit."""
    found: list[Any] = []

    def late() -> None:
        with store.write() as connection:
            found.append(then(connection))

    thread = threading.Thread(target=late)
    with psycopg.connect(store.url, autocommit=True) as watcher, store.write() as connection:
        before(connection)
        thread.start()
        wait_until(lambda: not thread.is_alive() or watcher.execute(WAITS).fetchall() == [(1,)])
    thread.join()
    return found[0]


def rows(store: Store) -> list[tuple[str, str]]:
    with store.read() as connection:
        kept = [tuple(row) for row in connection.execute(select(events.c.event_id, events.c.shopper))]
        return kept + [tuple(row) for row in connection.execute(select(exposures.c.request_id, exposures.c.shopper))]


@pytest.mark.parametrize("write", [take, show])
def test_an_erasure_takes_what_was_not_committed_yet_when_it_came(store: Store, write: Callable[..., None]) -> None:
    behind(store, lambda one: write(one, "u1", None), lambda one: erase(one, "u1", 200))
    assert rows(store) == []


@pytest.mark.parametrize("write", [take, show])
def test_what_comes_while_an_erasure_is_open_is_not_stored(store: Store, write: Callable[..., None]) -> None:
    behind(store, lambda one: erase(one, "u1", 200), lambda one: write(one, "u1", None))
    assert rows(store) == []


@pytest.mark.parametrize("write", [take, show])
def test_a_link_moves_what_was_not_committed_yet_when_it_came(store: Store, write: Callable[..., None]) -> None:
    moved = behind(store, lambda one: write(one, None, "v1"), lambda one: link(one, "u1", "v1", 200))
    assert [shopper for _, shopper in rows(store)] == ["u:u1"] and moved == (1 if write is take else 0)


@pytest.mark.parametrize("write", [take, show])
def test_what_comes_while_a_refusal_is_open_is_not_stored(store: Store, write: Callable[..., None]) -> None:
    behind(store, lambda one: allow(one, "u1", None, False, 200), lambda one: write(one, "u1", None))
    assert rows(store) == []


def test_two_workers_write_at_the_same_time(store: Store) -> None:
    """Whoever takes events in waits for nobody who does the same."""
    with store.write() as first, store.write() as second:
        record(first, [[Event("e-1", "view", 100, 100, "u1", product_id="p")]])
        record(second, [[Event("e-2", "view", 100, 100, "u1", product_id="p")]])
    assert len(rows(store)) == 2
