"""What is told in the store is laid over what is live, whatever else goes on."""

import os
import time
from pathlib import Path

import pytest
from flask import Flask
from service_helpers import pin

from models.errors import StoreError
from models.registry import Registry
from recsvc.asking import Ask
from recsvc.following import PAUSE, Follower, caught_up, laid_over
from recsvc.overlay.told import Pieces, Product
from recsvc.service import Service, service_of
from recsvc.store.catalogue import add_products, put_stock
from recsvc.store.database import Store
from running import wait_until


@pytest.fixture
def here(trained: Path, make_app: object) -> Service:
    app: Flask = make_app(trained)  # type: ignore[operator]
    return service_of(app)


def withdraw(store: Store, product_id: str) -> None:
    with store.write() as connection:
        add_products(connection, [Product(product_id, {"available": 0.0}, False, 0)])


def shown(here: Service) -> list[str]:
    answer = here.live.state.engine.carousel("bestsellers", Ask(size=25))
    return [item.product_id for item in answer.items]


def test_what_is_told_while_rules_load_is_live_when_they_are(here: Service, trained: Path) -> None:
    """The load began with an older catalogue, and ends with the newest."""
    path, steps = trained / "rules.yaml", []
    path.write_text(pin("p03"))
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns + 1_000_000))

    def rest() -> None:
        if not steps:
            withdraw(here.store, "p05")
            here.live.follow()
        steps.append(1)

    here.live.load(here.live.look(), rest=rest)
    assert steps and shown(here)[0] == "p03" and "p05" not in shown(here)


def test_a_look_that_finds_nothing_new_changes_nothing(here: Service) -> None:
    withdraw(here.store, "p05")
    here.live.follow()
    state = here.live.state
    here.live.follow()
    assert here.live.state is state


def test_a_version_that_goes_live_has_what_was_told(here: Service, trained: Path) -> None:
    withdraw(here.store, "p05")
    Registry(trained / "artifacts").promote(Registry(trained / "artifacts").versions()[-1].version)
    here.live.refresh()
    assert "p05" not in shown(here) and here.live.state.model == Registry(trained / "artifacts").versions()[-1].version


def test_a_version_is_not_taken_up_without_what_the_last_one_was_told(here: Service, trained: Path) -> None:
    """Where the store is broken the last version serves on; one that knew of nothing takes its turn."""
    engine = here.live.state.engine
    withdraw(here.store, "p05")
    here.live.follow()
    (trained / "no.db").write_text("no database")
    broken = Store(f"sqlite:///{trained}/no.db")
    with pytest.raises(StoreError):
        laid_over(engine, broken, here.live.state.engine)
    assert laid_over(engine, broken, engine) is engine


def test_a_store_that_was_exchanged_is_read_anew(here: Service, tmp_path: Path) -> None:
    """What another store was told counts no longer, though its changes had higher numbers."""
    for product in ("p05", "p06", "p08"):
        withdraw(here.store, product)
    here.live.follow()
    other = Store(f"sqlite:///{tmp_path}/other.db")
    with other.write() as connection:
        put_stock(connection, [Pieces("p09", "", 0)])
    snapshot = caught_up(here.live.state.engine.snapshot, other)
    other.close()
    assert "available" not in snapshot.catalogue.columns and snapshot.stock is not None and snapshot.told == 1


def test_a_follower_looks_again_and_again_and_outlives_a_failure(here: Service) -> None:
    calls: list[int] = []

    def follow() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")

    follower = Follower(follow)
    assert PAUSE == follower.pause <= 0.25, "a second has room for several looks"
    follower.start()
    wait_until(lambda: len(calls) >= 3)
    follower.stop()
    count = len(calls)
    time.sleep(2 * PAUSE)
    assert len(calls) == count
