"""Which answer a click or a purchase is credited to, by hand, on both databases."""

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest
from results_kit import answer, did, fill

from models.schema import DAY
from recsvc.results.attribution import attribute
from recsvc.results.read import read_into
from recsvc.store.database import Store
from recsvc.store.event import Event
from recsvc.store.exposures import Exposure


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        yield made


def credited(store: Store, *told: Exposure | Event, days: int = 7) -> list[tuple[str, str, str, bool, float]]:
    """Return kind, request, product, pin and revenue of what an answer got."""
    fill(store, *told)
    with duckdb.connect() as con:
        read_into(con, store, 0)
        attribute(con, days)
        return con.execute(
            "select kind, request_id, product, pinned, revenue from credited"
            " join (select distinct seq, request_id from shown) using (seq) order by all"
        ).fetchall()


def test_the_last_answer_that_showed_the_product_to_that_shopper_gets_it(store: Store) -> None:
    """Not an earlier one, not a later one, not one with other products, not another shopper's."""
    found = credited(
        store,
        answer(100, "u1", "p1", "p2", request="early"),
        answer(200, "u1", "p1", "p3", request="last", carousel="trending"),
        answer(210, "u1", "p2", request="other"),
        answer(220, "u2", "p1", request="hers"),
        answer(400, "u1", "p1", request="later"),
        did("click", 300, "u1", "p1"),
        did("purchase", 310, "u1", "p1", order_id="o", quantity=2, price=1.5),
        did("view", 310, "u1", "p1"),
    )
    assert found == [("click", "last", "p1", False, 0.0), ("purchase", "last", "p1", False, 3.0)]


def test_what_was_never_shown_and_what_was_shown_too_long_ago_is_nobodys(store: Store) -> None:
    """Seven days to the second count; a second more does not."""
    told = (
        answer(0, "u1", "p1", request="first"),
        did("click", 7 * DAY, "u1", "p1"),
        did("click", 7 * DAY + 1, "u1", "p1"),
        did("click", 10, "u1", "p9"),
        did("click", 10, "u9", "p1"),
    )
    assert [one[:2] for one in credited(store, *told)] == [("click", "first")]


def test_days_are_a_setting(store: Store) -> None:
    told = (answer(0, "u1", "p1"), did("click", DAY + 1, "u1", "p1"))
    assert credited(store, *told, days=1) == []


def test_an_event_that_names_the_request_goes_there(store: Store) -> None:
    """Also where the clock of the client is behind; not where that answer did not show the product."""
    found = credited(
        store,
        answer(100, "u1", "p1", request="named-one"),
        answer(200, "u1", "p1", "p2", request="last-one"),
        did("click", 300, "u1", "p1", request_id="named-one"),
        did("click", 90, "u1", "p1", request_id="named-one"),
        did("click", 300, "u1", "p2", request_id="named-one"),
    )
    assert [one[:3] for one in found] == [
        ("click", "last-one", "p2"),
        ("click", "named-one", "p1"),
        ("click", "named-one", "p1"),
    ]


def test_an_event_that_names_an_answer_that_was_not_kept_is_nobodys(store: Store) -> None:
    """The last answer that was kept is an older one; another shopper's request of that name is not this one's."""
    found = credited(
        store,
        answer(100, "u1", "p1", "p2", request="kept-one"),
        answer(100, "u2", "p1", request="hers"),
        did("click", 300, "u1", "p1", request_id="not-kept"),
        did("purchase", 310, "u1", "p1", price=2.0, order_id="o1", request_id="not-kept"),
        did("click", 320, "u1", "p1", request_id="hers"),
        did("click", 330, "u1", "p2"),
    )
    assert [one[:3] for one in found] == [("click", "kept-one", "p2")]


def test_refunds_are_taken_off(store: Store) -> None:
    """Pieces of the order that they name, else of the newest purchase; what is wholly taken back was no purchase."""
    found = credited(
        store,
        answer(10, "u1", "p1", "p2", "p3", "p4", request="shown-one"),
        did("purchase", 20, "u1", "p1", order_id="o1", quantity=3, price=2.0),
        did("refund", 30, "u1", "p1", order_id="o1", quantity=1),
        did("purchase", 20, "u1", "p2", order_id="o1", price=5.0),
        did("refund", 30, "u1", "p2", order_id="o1"),
        did("purchase", 20, "u1", "p3", order_id="o2", price=1.0),
        did("purchase", 25, "u1", "p3", order_id="o3", price=10.0),
        did("refund", 30, "u1", "p3"),
        did("purchase", 20, "u1", "p4"),
        did("refund", 30, "u1", "p4", order_id="another"),
    )
    assert [(one[2], one[4]) for one in found] == [("p1", 4.0), ("p3", 1.0), ("p4", 0.0)]


def test_positions_and_pins_are_those_of_the_answer(store: Store) -> None:
    """A later page of a carousel starts at its own position; a pin is told by position."""
    found = credited(
        store,
        answer(10, "u1", "p1", "p2", first=5, pins=(6,), request="second-page"),
        did("click", 20, "u1", "p1"),
        did("click", 20, "u1", "p2"),
    )
    assert [(one[2], one[3]) for one in found] == [("p1", False), ("p2", True)]


def test_two_answers_of_one_second_are_told_apart_by_their_order(store: Store) -> None:
    told = (
        answer(10, "u1", "p1", request="first-one"),
        answer(10, "u1", "p1", request="second-one"),
        did("click", 10, "u1", "p1"),
    )
    assert [one[1] for one in credited(store, *told)] == ["second-one"]


def test_a_store_that_is_not_there_has_nothing(tmp_path: object) -> None:
    assert credited_nothing(Store(f"sqlite:///{tmp_path}/none.db")) == []


def credited_nothing(store: Store) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        read_into(con, store, 0)
        attribute(con, 7)
        return con.execute("select * from credited").fetchall()
