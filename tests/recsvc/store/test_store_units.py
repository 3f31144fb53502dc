"""By whose id a user is drawn for experiments, link by link, on both databases."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import select, text

from recsvc.store.database import Store
from recsvc.store.exposures import Exposure, record_exposures
from recsvc.store.lately import LatelyReader
from recsvc.store.prompt import PATIENT_MS
from recsvc.store.shoppers import erase, find, link
from recsvc.store.tables import units


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        yield made


def sign_in(store: Store, *pairs: tuple[str, str]) -> None:
    """Link visitors to users, one after the other."""
    for user, visitor in pairs:
        with store.write() as connection:
            link(connection, user, visitor, 100)


def show(store: Store, user: str | None, visitor: str | None, arm: str | None = "a") -> None:
    arms = {} if arm is None else {"x": arm}
    with store.write() as connection:
        record_exposures(connection, [Exposure("r-1", 50, "for-you", user, visitor, ("p",), arms=arms)])


def drawn_by(store: Store, user: str) -> str:
    with closing(LatelyReader(store, PATIENT_MS)) as reader:
        return reader.of(user, None, 0).unit or user


def test_who_signs_in_is_drawn_as_the_visitor_was(store: Store) -> None:
    """And the other way round: the user alone, and the user beside any visitor, are drawn the same."""
    show(store, None, "v1")
    sign_in(store, ("eve", "v1"))
    assert drawn_by(store, "eve") == "v1" and drawn_by(store, "ann") == "ann"
    with closing(LatelyReader(store, PATIENT_MS)) as reader:
        assert reader.of("eve", "v2", 0).unit == "v1" and reader.of(None, "v1", 0).unit is None


def test_the_first_device_decides_and_no_later_one_changes_it(store: Store) -> None:
    """Also where the later one was shown more, and where the first signs in again."""
    show(store, None, "phone")
    sign_in(store, ("eve", "laptop"), ("eve", "phone"), ("eve", "laptop"))
    assert drawn_by(store, "eve") == "laptop"


def test_a_user_who_was_shown_an_arm_already_keeps_it(store: Store) -> None:
    """What was shown outside of experiments is no arm. It stays so when answers are forgotten."""
    show(store, "eve", None)
    show(store, "ann", None, arm=None)
    sign_in(store, ("eve", "v1"), ("ann", "v2"))
    assert drawn_by(store, "eve") == "eve" and drawn_by(store, "ann") == "v2"
    with store.write() as connection:
        connection.execute(text("DELETE FROM exposures"))
    sign_in(store, ("eve", "v3"))
    assert drawn_by(store, "eve") == "eve"


def test_a_browser_that_was_anothers_lends_no_arm_and_takes_none_away(store: Store) -> None:
    sign_in(store, ("eve", "family"), ("ann", "family"), ("ann", "phone"))
    assert drawn_by(store, "eve") == "family" and drawn_by(store, "ann") == "ann"


def test_an_erased_visitor_is_nobodys_unit_and_an_erased_user_has_none(store: Store) -> None:
    sign_in(store, ("eve", "v1"), ("ann", "v2"))
    for one in ("v1", "ann"):
        with store.write() as connection:
            assert find(connection, one).units == erase(connection, one, 200).units == 1
            assert find(connection, one).units == 0
    assert drawn_by(store, "eve") == "eve"
    with store.read() as connection:
        assert connection.execute(select(units)).all() == []
