"""POST /v1/events: what is taken, what is refused, what counts once."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from service_helpers import NOW
from sqlalchemy import select
from store_kit import event, send

from recsvc.events_form import MOST_EVENTS, OLDEST
from recsvc.service import service_of
from recsvc.store.tables import events

DAY = 86_400


def stored(client: FlaskClient) -> list[Any]:
    with service_of(client.application).store.read() as connection:
        return list(connection.execute(select(events).order_by(events.c.seq)))


def test_every_kind_of_event_is_stored_with_all_that_it_says(storefront: FlaskClient) -> None:
    """Unknown fields are kept; the server's own time is kept beside the client's."""
    kinds = ("view", "cart", "remove-from-cart", "purchase", "refund", "impression", "viewable-impression", "click")
    sent = [
        event(kind, "p01", user_id="u01", position=3, carousel="for-you", colour={"deep": [1, "é"]}) for kind in kinds
    ]
    told = send(storefront, *sent, event("coupon", campaign="SPRING", visitor_id="v1"))
    assert (told["accepted"], told["duplicates"], told["rejected"]) == (9, 0, [])
    rows = stored(storefront)
    assert [row.kind for row in rows] == [*kinds, "coupon"]
    assert {(row.time, row.received) for row in rows} == {(NOW - 60, NOW)}
    assert (rows[0].shopper, rows[0].position, rows[0].carousel) == ("u:u01", 3, "for-you")
    assert orjson.loads(rows[0].rest) == {"colour": {"deep": [1, "é"]}} and rows[-1].shopper == "v:v1"


def test_further_fields_are_kept_as_they_came_empty_ones_too(storefront: FlaskClient) -> None:
    """A field of ours that is empty counts as left out."""
    further = {"coupon_text": "", "referrer": None, "list": [], "zero": 0, "no": False}
    sent = {**event("view", "p01", user_id="u01", **further), "referrer": None, "store_id": "", "price": None}
    assert send(storefront, sent)["accepted"] == 1
    (row,) = stored(storefront)
    assert orjson.loads(row.rest) == further and (row.store_id, row.price) == (None, None)


def test_the_same_id_is_stored_once_in_one_call_or_in_two_and_with_another_body(storefront: FlaskClient) -> None:
    once = event("view", "p01", user_id="u01")
    assert send(storefront, once, {**once, "product_id": "p02"})["duplicates"] == 1
    again = send(storefront, {**once, "user_id": "u02"}, event("view", "p03", user_id="u01"))
    assert (again["accepted"], again["duplicates"]) == (1, 1)
    assert [row.product_id for row in stored(storefront)] == ["p01", "p03"]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ("text", ""),
        ({"event": "view", "user_id": "u", "product_id": "p"}, "event_id"),
        ({"event_id": "x", "event": "purchased", "user_id": "u", "product_id": "p"}, "event"),
        ({"event_id": "x", "event": "view", "product_id": "p"}, ""),
        ({"event_id": "x", "event": "view", "user_id": "u"}, ""),
        ({"event_id": "x", "event": "coupon", "user_id": "u"}, ""),
        ({"event_id": "x", "event": "view", "user_id": 7, "product_id": "p"}, "user_id"),
        ({"event_id": "x", "event": "view", "user_id": "u\x00", "product_id": "p"}, "user_id"),
        ({"event_id": "x" * 300, "event": "view", "user_id": "u", "product_id": "p"}, "event_id"),
        ({"event_id": "x", "event": "purchase", "user_id": "u", "product_id": "p", "quantity": 0}, "quantity"),
        ({"event_id": "x", "event": "purchase", "user_id": "u", "product_id": "p", "price": -1}, "price"),
        ({"event_id": "x", "event": "click", "user_id": "u", "product_id": "p", "position": 0}, "position"),
        ({"event_id": "x", "event": "view", "user_id": "u", "product_id": "p", "time": "yesterday"}, "time"),
        ({"event_id": "x", "event": "view", "user_id": "u", "product_id": "p", "time": 1e300}, "time"),
        ({"event_id": "x", "event": "view", "user_id": "u", "product_id": "p", "more": "x" * 5_000}, ""),
    ],
)
def test_an_event_that_does_not_hold_is_named_by_its_place_and_the_others_are_stored(
    storefront: FlaskClient, wrong: Any, path: str
) -> None:
    told = send(storefront, event("view", "p01", user_id="u"), wrong, event("view", "p02", user_id="u"))
    assert told["accepted"] == 2 and [one["index"] for one in told["rejected"]] == [1]
    (fault, *_) = told["rejected"][0]["errors"]
    assert fault["path"].split(".")[0] == path and fault["message"]


def test_a_time_in_the_future_or_older_than_a_year_is_moved_and_the_client_s_own_is_kept(
    storefront: FlaskClient,
) -> None:
    at = [NOW + 5 * DAY, NOW + 10, NOW - 400 * DAY, NOW - 300 * DAY, "2026-03-26T11:00", None]
    told = send(storefront, *(event("view", "p01", user_id="u", time=one) for one in at))
    assert told["clamped"] == 3
    rows = stored(storefront)
    assert [row.time for row in rows] == [NOW, NOW, NOW - OLDEST, NOW - 300 * DAY, NOW - 3600, NOW]
    assert orjson.loads(rows[0].rest) == {"client_time": NOW + 5 * DAY}


def test_a_body_that_is_no_list_of_at_most_a_thousand_events_is_refused_as_a_whole(storefront: FlaskClient) -> None:
    many = [event("view", "p01", user_id="u") for _ in range(MOST_EVENTS + 1)]
    for body in ({}, {"events": "x"}, {"events": many}, {"events": [], "more": 1}, []):
        assert storefront.post("/v1/events", json=body).status_code == 422
    assert send(storefront)["accepted"] == 0
    assert send(storefront, *many[:-1])["accepted"] == MOST_EVENTS


def test_a_lone_surrogate_or_a_deep_body_is_refused_and_is_no_fault_of_ours(storefront: FlaskClient) -> None:
    surrogate = b'{"events":[{"event_id":"x","event":"view","user_id":"\\ud800","product_id":"p"}]}'
    deep = (
        b'{"events":[{"event_id":"x","event":"view","user_id":"u","product_id":"p","d":'
        + b"[" * 900
        + b"]" * 900
        + b"}]}"
    )
    for raw in (surrogate, deep, b"[" * 50_000):
        answer = storefront.post("/v1/events", data=raw, content_type="application/json")
        assert answer.status_code in (202, 400, 422), answer.text


def test_who_does_not_allow_storage_is_not_stored_and_counted_as_such(storefront: FlaskClient) -> None:
    """Whether the id is a user's or a visitor's; also where a linked user refused and the visitor did not."""
    refuse = {"storage": False}
    assert storefront.put("/v1/users/u01/consent", json=refuse).get_json()["storage"] is False
    assert storefront.post("/v1/users/u01/link", json={"visitor_id": "v1"}).status_code == 200
    told = send(
        storefront,
        event("view", "p01", user_id="u01"),
        event("view", "p01", visitor_id="u01"),
        event("view", "p01", visitor_id="v1"),
        event("view", "p01", user_id="u02"),
    )
    assert (told["accepted"], told["not_stored"]) == (1, 3)
    assert [row.shopper for row in stored(storefront)] == ["u:u02"]
    storefront.put("/v1/users/u01/consent", json={"storage": True})
    assert send(storefront, event("view", "p01", user_id="u01"))["accepted"] == 1


def test_an_id_is_forgotten_after_its_window(storefront: FlaskClient) -> None:
    here = service_of(storefront.application)
    from recsvc.store.record import forget_ids

    once = event("view", "p01", user_id="u01")
    send(storefront, once)
    with here.store.write() as connection:
        assert forget_ids(connection, NOW) == 0
        assert forget_ids(connection, NOW + 1) == 1
    assert send(storefront, once)["accepted"] == 1


def test_a_store_that_cannot_be_written_answers_503_to_events_and_carousels_go_on(trained: Path, make_app: Any) -> None:
    (trained / "store").write_text("in the way of the folder")
    client = make_app(trained).test_client()
    answer = client.post("/v1/events", json={"events": [event("view", "p01", user_id="u01")]})
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "1"
    assert 'recsvc_events_total{outcome="unavailable"} 1.0' in client.get("/metrics").text, "none is lost uncounted"
    assert client.put("/v1/users/u01/consent", json={"storage": True}).status_code == 503
    carousel = client.get("/v1/carousels/for-you?user_id=u01").get_json()
    assert carousel["items"]
