"""Exposures and events straight into a store, in a few words."""

from itertools import count
from typing import Any

from recsvc.store.database import Store
from recsvc.store.event import Event
from recsvc.store.exposures import Exposure, record_exposures
from recsvc.store.record import record

NUMBERS = count(1)


def answer(time: int, user: str, *products: str, request: str = "", carousel: str = "for-you", **more: Any) -> Exposure:
    """Return a carousel as a user got it; products from position 1."""
    told = {"arms": {"x": more.pop("arm")} if "arm" in more else {}, **more}
    return Exposure(request or f"request-{next(NUMBERS)}", time, carousel, user, None, products, **told)


def did(kind: Any, time: int, user: str, product: str, **more: Any) -> Event:
    """Return an event."""
    return Event(f"e{next(NUMBERS)}", kind, time, time, user, product_id=product, **more)


def fill(store: Store, *told: Exposure | Event) -> None:
    """Store all of it."""
    with store.write() as connection:
        record_exposures(connection, [one for one in told if isinstance(one, Exposure)])
        record(connection, [[one for one in told if isinstance(one, Event)]])
