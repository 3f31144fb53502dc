"""Tables and indexes of a store that is there already, and what the indexes are for."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest
from sqlalchemy import inspect, select, text

from models.errors import StoreError
from recsvc.store.database import Store
from recsvc.store.shoppers import _of
from recsvc.store.tables import SCHEMA_VERSION, events, links, meta, metadata


def set_schema(store: Store, version: int) -> None:
    with store.write() as connection:
        connection.execute(text(f"UPDATE meta SET value = '{version}' WHERE key = 'schema'"))


def age(url: str) -> str:
    """Make a store as an older recsvc left it, with one row; return the key of its digests."""
    with closing(Store(url)) as new, new.write() as connection:
        key = connection.execute(select(meta.c.value).where(meta.c.key == "digest_key")).scalar_one()
        connection.execute(text("INSERT INTO links VALUES ('v1', 'eve', 5)"))
        connection.execute(text("DROP TABLE units"))
        connection.execute(text("DROP INDEX events_of_visitor"))
        connection.execute(text("UPDATE meta SET value = '1' WHERE key = 'schema'"))
    return key


def lacks(store: Store) -> set[str | None]:
    """Return the tables and indexes that a store does not have."""
    seen = inspect(store.engine())
    there = set(seen.get_table_names())
    there |= {one["name"] for table in there for one in seen.get_indexes(table)}
    wanted = {table.name for table in metadata.sorted_tables}
    return (wanted | {index.name for table in metadata.sorted_tables for index in table.indexes}) - there


def test_a_store_of_an_older_recsvc_gets_what_it_lacks_and_keeps_what_it_has(store_url: str) -> None:
    """Tables and indexes; with the key of its digests, and with its rows."""
    key = age(store_url)
    with closing(Store(store_url)) as old, old.read() as connection:
        kept = dict(connection.execute(select(meta.c.key, meta.c.value)).tuples().all())
        assert (kept["schema"], kept["digest_key"]) == (str(SCHEMA_VERSION), key)
        assert connection.execute(text("SELECT user_id FROM links")).scalar_one() == "eve"
        assert lacks(old) == set()


OPENS = """
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from recsvc.store.database import Store

store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with store.write() as connection:
    connection.exec_driver_sql(f"INSERT INTO links VALUES ('{sys.argv[2]}', 'ann', 7)")
with store.read() as connection:
    print(*connection.exec_driver_sql("SELECT value FROM meta WHERE key IN ('schema', 'digest_key') ORDER BY key").scalars())
"""
"""What a process runs that opens the store once it is told to."""


@pytest.mark.parametrize("older", [True, False], ids=["an older one", "none yet"])
def test_processes_that_open_a_store_at_once_make_it_together_and_lose_nothing(store_url: str, older: bool) -> None:
    """One key of digests, all tables and indexes, the rows that were there and those of each process."""
    if older:
        age(store_url)
    command = [sys.executable, "-c", OPENS, store_url]
    started = [subprocess.Popen([*command, f"v-{n}"], text=True, stdin=PIPE, stdout=PIPE) for n in range(4)]
    for one in started:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = {one.communicate()[0] for one in started}
    assert [one.returncode for one in started] == [0] * 4 and len(told) == 1, told
    with closing(Store(store_url)) as store, store.read() as connection:
        assert told.pop().split()[1] == str(SCHEMA_VERSION)
        rows = {tuple(row) for row in connection.execute(select(links))}
        assert rows == {(f"v-{n}", "ann", 7) for n in range(4)} | ({("v1", "eve", 5)} if older else set())
        assert lacks(store) == set()


def test_a_new_file_is_made_by_whoever_comes_first_and_the_others_wait(tmp_path: Path) -> None:
    """SQLite answers "locked" at once to one of two that take up the write-ahead log together: forty files, eight at once."""
    at_once = threading.Barrier(8)

    def write(number: int) -> None:
        at_once.wait()
        with closing(Store(f"sqlite:///{tmp_path}/{number // 8}.db")) as store, store.write() as connection:
            connection.exec_driver_sql(f"INSERT INTO links VALUES ('v-{number}', 'ann', 7)")

    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(write, number) for number in range(8 * 40)]
    assert [error for one in writes if (error := one.exception())] == []


def test_a_store_of_a_newer_recsvc_is_refused(store_url: str) -> None:
    with closing(Store(store_url)) as store:
        set_schema(store, SCHEMA_VERSION + 1)
    with closing(Store(store_url)) as store, pytest.raises(StoreError, match="update recsvc"), store.read():
        pass


def test_an_erasure_finds_its_events_without_looking_at_all_of_them(store_url: str) -> None:
    """By shopper and by visitor, each on its index."""
    with closing(Store(store_url)) as store, store.read() as connection:
        query = select(events.c.seq).where(_of("v1", ["u:v1", "v:v1"]))
        told = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        if store.file is None:
            connection.execute(text("SET enable_seqscan = off"))
        plan = connection.exec_driver_sql(f"EXPLAIN {'' if store.file is None else 'QUERY PLAN '}{told}").all()
        lines = " ".join(str(row) for row in plan)
        assert "events_of_shopper" in lines and "events_of_visitor" in lines
