"""Events, shoppers and carousels over HTTP, in a few words."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from service_helpers import NOW, ids

NUMBERS = count(1)


def event(kind: str, product: str | None = None, **more: Any) -> dict[str, Any]:
    """Return an event with an id of its own, one minute ago."""
    told = {"event_id": f"e-{next(NUMBERS)}", "event": kind, "time": NOW - 60, "product_id": product, **more}
    return {name: value for name, value in told.items() if value is not None}


def send(client: FlaskClient, *events: dict[str, Any]) -> dict[str, Any]:
    """Send events and return what became of them."""
    answer = client.post("/v1/events", json={"events": list(events)})
    assert answer.status_code == 202, answer.get_json()
    told: dict[str, Any] = answer.get_json()
    return told


def shown(client: FlaskClient, carousel: str, **query: Any) -> list[str]:
    """Return the products of a carousel."""
    answer = client.get(f"/v1/carousels/{carousel}", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return ids(answer)


def told(client: FlaskClient, carousel: str, **query: Any) -> dict[str, Any]:
    """Return the answer for a carousel."""
    found: dict[str, Any] = client.get(f"/v1/carousels/{carousel}", query_string=query).get_json()
    return found


def closing(client: FlaskClient) -> Iterator[FlaskClient]:
    """Give the client of an app, and end what its store holds."""
    from recsvc.service import service_of

    here = service_of(client.application)
    yield client
    here.intake.stop()
    here.exposer.log.stop()
    here.sessions.close()
    here.store.close()
