"""What the store keeps, and for how long, on both databases."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from models.retention import Retention
from models.schema import DAY
from models.shop import Shop
from recsvc.cli import cli
from recsvc.overlay.told import Pieces, Product
from recsvc.store import prune as pruning
from recsvc.store.catalogue import add_products, look, put_stock
from recsvc.store.changes import append_all, forget_changes, last, lost
from recsvc.store.database import Store
from recsvc.store.event import Event
from recsvc.store.exposures import Exposure, record_exposures
from recsvc.store.prune import Bounds, bounds_of, due, prune, stale
from recsvc.store.record import record
from recsvc.store.refusals import Refusals
from recsvc.store.shoppers import allow
from recsvc.store.tables import events

NOW = 1_800_000_000
SHOP = Shop.model_validate({"name": "A", "data": {"events": "store"}})


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        made.engine()
        yield made


def keep(store: Store, name: str, kind: str, days: int) -> int:
    """Store an event of so many days ago, and return whether it was new."""
    at = NOW - days * DAY
    with store.write() as connection:
        return record(connection, [[Event(name, kind, at, at, "u", product_id="p")]])[0].accepted  # type: ignore[arg-type]


def held(store: Store) -> list[str]:
    with store.read() as connection:
        return sorted(connection.scalars(select(events.c.event_id)))


def test_each_kind_goes_when_its_time_is_over_and_a_replay_within_the_window_still_counts_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Purchases stay for ever by default; the count beforehand tells what goes."""
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    for name, kind, days in (
        ("old order", "purchase", 900), ("old view", "view", 401), ("old look", "impression", 91),
        ("view", "view", 399), ("look", "impression", 89), ("cart", "cart", 91), ("order", "refund", 1),
    ):  # fmt: skip
        assert keep(store, name, kind, days) == 1
    with store.write() as connection:
        record_exposures(connection, [Exposure("r", NOW - 91 * DAY, "c", "u", None, ("p",))])
    bounds = bounds_of(SHOP, 395 * DAY, NOW)
    told = stale(store, bounds)
    assert told["purchases"] == (2, 0) and told["events"] == (3, 1) and told["impressions"] == (2, 1)
    assert told["answers"] == (1, 1) and told["event ids"] == (7, 3)
    gone = prune(store, bounds)
    assert {name: n for name, (_, n) in told.items() if n} == dict(gone)
    assert held(store) == ["cart", "look", "old order", "order", "view"]
    assert prune(store, bounds) == {} and not any(n for _, n in stale(store, bounds).values())
    assert keep(store, "look", "impression", 0) == 0 and keep(store, "old look", "impression", 0) == 0
    assert keep(store, "old view", "view", 0) == 1


def test_a_kind_that_is_kept_for_ever_stays(store: Store) -> None:
    keep(store, "a", "view", 5_000)
    shop = SHOP.model_copy(update={"retention": Retention(event_days=0, impression_days=0)})
    assert prune(store, bounds_of(shop, DAY, NOW))["events"] == 0 and held(store) == ["a"]


def test_who_missed_changes_that_are_forgotten_reads_everything_anew(store: Store) -> None:
    """The catalogue and the refusals alike; who missed none reads on."""
    refusals = Refusals(store)
    with store.write() as connection:
        add_products(connection, [Product("p1", {"price": 1.0}, False, 0)])
        allow(connection, "ann", False, None, NOW)
        first = last(connection)
    refusals.follow()
    with store.write() as connection:
        put_stock(connection, [Pieces("p1", "", 0)])
        allow(connection, "ann", True, None, NOW)
        allow(connection, "ben", False, None, NOW)
        append_all(connection, "noise", ["x"] * 50)
        assert forget_changes(connection, 10) == last(connection) - 10
        assert lost(connection, first) and not lost(connection, last(connection) - 10)
    with store.read() as connection:
        found = look(connection, first)
        assert found.anew and found.seq == last(connection)
        assert [one.product_id for news in found.news for one in news.products] == ["p1"]
        assert not look(connection, last(connection)).anew
    refusals.follow()
    assert refusals.refuses("ben", None) and not refusals.refuses("ann", None)


def test_the_last_change_stays_so_that_numbers_go_on(store: Store) -> None:
    with store.write() as connection:
        append_all(connection, "noise", ["x"] * 5)
        assert forget_changes(connection, 1, most=3) == 3
        assert forget_changes(connection, 1) == 1 and forget_changes(connection, 1) == 0
        assert last(connection) == 5 and append_all(connection, "noise", ["y"]) == 6


def test_of_all_workers_with_one_store_one_prunes_an_hour(store: Store) -> None:
    assert [due(store, NOW + second) for second in (0, 1, 3_599, 3_601, 3_602)] == [True, False, False, True, False]


def test_the_command_counts_first_and_then_deletes(tmp_path: Path, store_url: str) -> None:
    (tmp_path / "shop.toml").write_text('name = "A"\n[data]\nevents = "store"\n[retention]\nevent_days = 30\n')
    with closing(Store(store_url)) as store:
        keep(store, "ancient", "view", 3_000)  # long before the machine's clock
        keep(store, "old order", "purchase", 3_000)

    def told(*words: str) -> tuple[int, list[list[str]]]:
        done = CliRunner().invoke(cli, ["store", "prune", str(tmp_path / "shop.toml"), "--store", store_url, *words])
        return done.exit_code, [line.split() for line in done.stdout.splitlines()]

    assert ["events", "1", "1"] in told("--dry-run")[1]
    code, lines = told()
    assert code == 0 and ["events", "1", "1"] in lines and ["purchases", "1", "0"] in lines
    assert ["events", "0", "0"] in told("--dry-run")[1]
    assert told("--store", f"sqlite:///{tmp_path}/none.db")[0] == 1 and not (tmp_path / "none.db").exists()


def test_bounds_are_those_of_the_shop() -> None:
    shop = SHOP.model_copy(update={"retention": Retention(purchase_days=1, event_days=2, impression_days=0)})
    expected = Bounds({"purchases": NOW - DAY, "events": NOW - 2 * DAY}, NOW - 90 * DAY, NOW - 60, 100_000)
    assert bounds_of(shop, 60, NOW) == expected
