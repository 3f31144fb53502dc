"""A service that takes out of its store what the shop does not want to keep."""

from collections.abc import Callable
from pathlib import Path

from flask import Flask
from service_helpers import NOW
from sqlalchemy import select

from models.schema import DAY
from recsvc.service import service_of
from recsvc.store.event import Event
from recsvc.store.prune import EVERY
from recsvc.store.record import record
from recsvc.store.tables import events, meta
from recsvc.wsgi import prune_store


def test_a_service_prunes_by_itself_once_an_hour_and_a_broken_store_costs_nothing(
    trained: Path, make_app: Callable[..., Flask], store_url: str
) -> None:
    here = service_of(make_app(trained, STORE=store_url))

    def keep(name: str) -> None:
        old = NOW - 91 * DAY
        with here.store.write() as connection:
            record(connection, [[Event(name, "impression", old, old, "u", product_id="p")]])

    def held() -> list[str]:
        with here.store.read() as connection:
            return list(connection.scalars(select(events.c.event_id)))

    keep("a")
    prune_store(here)
    assert held() == []
    keep("b")
    prune_store(here)
    assert held() == ["b"]
    with here.store.write() as connection:
        connection.execute(meta.update().where(meta.c.key == "pruned").values(value=str(NOW - EVERY)))
    prune_store(here)
    assert held() == []
    with here.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE meta RENAME TO gone")
    prune_store(here)
    here.store.close()
    if here.store.file is not None:
        for path in here.store.file.parent.iterdir():
            path.unlink()
        here.store.file.write_text("no database")
        prune_store(here)
