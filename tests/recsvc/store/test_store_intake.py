"""Group commit: many calls at once, forks, a store that stands still."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.errors import StoreError
from postgres import hold_events
from recsvc.store.database import Store
from recsvc.store.event import Event, Kind, Outcome
from recsvc.store.intake import Intake, StoreBusyError
from recsvc.store.lately import MOST, LatelyReader, Read
from recsvc.store.prompt import PATIENT_MS
from recsvc.store.tables import events


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        made.engine()  # the tables are there before anybody waits for them
        yield made


def of(name: str, count: int = 5) -> list[Event]:
    return [Event(f"{name}-{place}", "view", 1, 1, "u01", product_id="p") for place in range(count)]


def count(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(events)) or 0


def test_calls_at_the_same_time_are_each_told_what_became_of_their_own(store: Store) -> None:
    """Two workers take the same events: each is stored once, whoever was first."""
    intakes = [Intake(store, 4, 60, lambda: 1) for _ in range(2)]
    told: list[Outcome] = []

    def send(intake: Intake, name: str) -> None:
        told.extend([intake.take(of(f"{name}-{turn}")) for turn in range(10)])

    threads = [threading.Thread(target=send, args=(intake, name)) for intake in intakes for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for intake in intakes:
        intake.stop()
    assert count(store) == sum(one.accepted for one in told) == 3 * 10 * 5
    assert sum(one.duplicates for one in told) == 3 * 10 * 5


def test_an_intake_works_in_every_process_of_a_fork(store: Store) -> None:
    intake = Intake(store, 2, 60, lambda: 1)
    child = os.fork()
    if not child:
        try:
            os._exit(0 if intake.take(of("child")).accepted == 5 else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert intake.take(of("parent")).accepted == 5
    intake.stop()
    assert count(store) == 10


def test_calls_beyond_the_places_are_turned_away_and_whoever_waits_gives_up(
    store: Store,
) -> None:
    """While somebody else holds the store; afterwards all goes on, and what was sent again counts once."""
    intake = Intake(store, 1, 60, lambda: 1)
    assert intake.take(of("before")).accepted == 5
    holder = hold_events(store.url)
    errors: list[BaseException] = []

    def send(name: str) -> None:
        try:
            intake.take(of(name))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=send, args=(f"{place}",)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    holder.execute("ROLLBACK")
    holder.close()
    assert len(errors) == 3 and sum(isinstance(error, StoreBusyError) for error in errors) >= 2
    again = Intake(store, 1, 60, lambda: 1)
    assert sum(again.take(of(f"{place}")).accepted for place in range(3)) <= 15
    again.stop()
    intake.stop()
    assert count(store) == 20


def test_a_session_is_read_while_somebody_writes(store: Store) -> None:
    """Readers do not wait for the writer, and see what is committed."""
    intake, reader = Intake(store, 2, 60, lambda: 1), LatelyReader(store, PATIENT_MS)
    intake.take(of("first"))
    with store.write() as connection:
        connection.execute(events.update().values(product_id="changed"))
        assert {one.product_id for one in reader.of("u01", None, 0).did} == {"p"}
    assert {one.product_id for one in reader.of("u01", None, 0).did} == {"changed"}
    assert reader.of("u02", None, 0) == Read([]) and reader.user_of("nobody") is None
    reader.close()
    intake.stop()


def test_views_never_crowd_out_purchases_that_training_has_not_seen(store: Store) -> None:
    """Of each kind the newest are read: two purchases and a cart under 1,500 later views are all there, in their order."""
    intake, reader = Intake(store, 2, 60, lambda: 1), LatelyReader(store, PATIENT_MS)

    def one(kind: Kind, number: int) -> Event:
        return Event(f"{kind}-{number}", kind, number, 1, user_id="u01", product_id=f"{kind}{number}")

    intake.take([one("purchase", 3), one("cart", 4), one("purchase", 5), one("refund", 6)])
    intake.take([one("view", number) for number in range(10, 1_510)])
    found = reader.of("u01", None, 0).did
    assert [one.product_id for one in found[:4]] == ["purchase3", "cart4", "purchase5", "refund6"]
    assert [one.time for one in found[4:]] == list(range(1_510 - MOST[("view",)], 1_510))
    assert [one.product_id for one in reader.of("u01", None, 5).did[:2]] == ["purchase5", "refund6"]
    reader.close()
    intake.stop()


def test_a_full_disk_is_told_to_whoever_sent_the_events_and_what_was_stored_stays(tmp_path: Path) -> None:
    """The database may not grow: SQLite says the same as on a disk that is full. With room again all goes on."""
    with closing(Store(f"sqlite:///{tmp_path}/recsvc.db")) as store:
        intake = Intake(store, 1, 60, lambda: 1)
        assert intake.take(of("before")).accepted == 5
        with store.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="full"):
            intake.take(of("much", 2_000))
        with store.read() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert intake.take(of("much", 2_000)).accepted == 2_000
        intake.stop()
        assert count(store) == 2_005
