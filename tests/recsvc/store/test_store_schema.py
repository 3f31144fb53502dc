"""Tables and indexes of a store that is there already, and what the indexes are for."""

from contextlib import closing

import pytest
from sqlalchemy import inspect, select, text

from models.errors import StoreError
from recsvc.store.database import Store
from recsvc.store.shoppers import _of
from recsvc.store.tables import SCHEMA_VERSION, events, meta, metadata


def set_schema(store: Store, version: int) -> None:
    with store.write() as connection:
        connection.execute(text(f"UPDATE meta SET value = '{version}' WHERE key = 'schema'"))


def test_a_store_of_an_older_recsvc_gets_what_it_lacks_and_keeps_what_it_has(store_url: str) -> None:
    """Tables and indexes; with the key of its digests, and with its rows."""
    with closing(Store(store_url)) as new, new.write() as connection:
        key = connection.scalar(select(meta.c.value).where(meta.c.key == "digest_key"))
        connection.execute(text("INSERT INTO links VALUES ('v1', 'eve', 5)"))
        connection.execute(text("DROP TABLE units"))
        connection.execute(text("DROP INDEX events_of_visitor"))
        connection.execute(text("UPDATE meta SET value = '1' WHERE key = 'schema'"))
    with closing(Store(store_url)) as old, old.read() as connection:
        kept = dict(connection.execute(select(meta.c.key, meta.c.value)).tuples().all())
        assert (kept["schema"], kept["digest_key"]) == (str(SCHEMA_VERSION), key)
        assert connection.execute(text("SELECT user_id FROM links")).scalar_one() == "eve"
        for table in metadata.sorted_tables:
            there = {one["name"] for one in inspect(connection).get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= there


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
