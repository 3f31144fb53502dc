"""The base of the store, on both databases: transactions, forks, and a feed that misses nothing."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from models.errors import StoreError
from recsvc.store.changes import append, append_all, last, since
from recsvc.store.database import Store, check_url
from recsvc.store.tables import links, meta


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        yield made


def link(visitor: str) -> dict[str, object]:
    return {"visitor_id": visitor, "user_id": "u", "time": 1}


def test_what_a_transaction_wrote_is_there_for_everybody_and_what_failed_left_nothing(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(links), [link("a")])
    with pytest.raises(ZeroDivisionError), store.write() as connection:
        connection.execute(insert(links), [link("b")])
        _ = 1 // 0
    with closing(Store(store.url)) as other, other.read() as connection:
        assert connection.scalars(select(links.c.visitor_id)).all() == ["a"]


def test_the_feed_tells_what_happened_after_a_number_in_order(store: Store) -> None:
    with store.write() as connection:
        first = append(connection, "product", "p1")
        assert append_all(connection, "stock", ["p1", "p2"]) == first + 2
        assert append_all(connection, "stock", []) == 0
    with store.read() as connection:
        assert last(connection) == first + 2
        assert [(one.kind, one.key) for one in since(connection, 0)] == [
            ("product", "p1"), ("stock", "p1"), ("stock", "p2"),
        ]  # fmt: skip
        assert [one.seq for one in since(connection, first)] == [first + 1, first + 2]
        assert [one.seq for one in since(connection, 0, most=1)] == [first]


def test_a_reader_of_the_feed_never_misses_a_change_of_writers_at_the_same_time(store: Store) -> None:
    """Numbers are seen in their order: whoever has seen 8 finds no 7 later."""
    writers, each = 6, 25
    store.engine()

    def work(name: int) -> None:
        for turn in range(each):
            with store.write() as connection:
                append_all(connection, "stock", [f"{name}-{turn}-{part}" for part in range(2)])

    threads = [threading.Thread(target=work, args=(name,)) for name in range(writers)]
    for thread in threads:
        thread.start()
    seen: list[str] = []
    at = 0
    while True:
        over = not any(thread.is_alive() for thread in threads)
        with store.read() as connection:
            for change in since(connection, at):
                seen.append(change.key)
                at = change.seq
        if over:
            break
    assert len(seen) == len(set(seen)) == writers * each * 2


def test_a_process_after_a_fork_opens_connections_of_its_own(store: Store) -> None:
    with store.write() as connection:
        append(connection, "product", "parent")
    child = os.fork()
    if not child:
        try:
            with store.write() as connection:
                append(connection, "product", "child")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with store.read() as connection:
        assert [one.key for one in since(connection, 0)] == ["parent", "child"]


def test_several_processes_that_open_an_empty_store_at_once_make_it_once(store: Store) -> None:
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            try:
                store.engine()
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    with store.read() as connection:
        assert sorted(connection.scalars(select(meta.c.key))) == ["digest_key", "schema"]


def test_a_store_of_a_newer_recsvc_is_refused_with_what_to_do(store: Store) -> None:
    with store.write() as connection:
        connection.execute(meta.update().where(meta.c.key == "schema").values(value="999"))
    with pytest.raises(StoreError, match=r"schema 999.*update recsvc"), Store(store.url).read():
        pass


def test_an_sqlite_store_is_durable_and_overwrites_what_is_deleted(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/deep/store.db")) as store, store.read() as connection:
        facts = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]
    assert facts == ["wal", 2, 1]


def test_a_folder_that_cannot_be_written_or_a_file_that_is_no_store_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("no folder")
    with pytest.raises(StoreError, match="taken"), Store(f"sqlite:///{tmp_path}/taken/store.db").read():
        pass
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"broken\.db"), Store(f"sqlite:///{tmp_path}/broken.db").read():
        pass


def test_a_database_that_does_not_answer_is_told_without_its_password() -> None:
    with pytest.raises(StoreError) as told, Store("postgresql://me:secret@127.0.0.1:1/none").read():
        pass
    assert "secret" not in str(told.value) and "127.0.0.1:1" in str(told.value)


@pytest.mark.parametrize(
    "url", ["", "store.db", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "postgresql://host"]
)
def test_what_is_no_url_of_a_store_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///store/recsvc\.db or postgresql://"):
        check_url(url)
