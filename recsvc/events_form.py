"""Events as callers write them: each is checked by itself, so that one that does not hold costs no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import ConfigError
from models.schema import DAY
from models.shop import Shop
from recsvc.forms import EARLIEST, LATEST, FormError, Number, Text
from recsvc.problems import Fault
from recsvc.store.event import Event, Kind

MOST_EVENTS = 1_000
"""Events of one call."""
MOST_REST = 4_096
"""Bytes of an event's further fields."""
OLDEST = 365 * DAY
"""Seconds: what a client says happened earlier is kept as that old."""

Id = Annotated[Text, Field(min_length=1)]
Quantity = Annotated[Number, Field(gt=0, le=1e9)]
Price = Annotated[Number, Field(ge=0, le=1e12)]


class EventForm(BaseModel):
    """One event; further fields are kept with it."""

    model_config = ConfigDict(extra="allow", title="Event")

    event_id: Id = Field(description="Made by the client, once: the same id is stored once.", examples=["5f0c-1"])
    event: Kind = Field(description="What happened.")
    time: float | str | None = Field(
        None,
        description="When: ISO date and time (the shop's zone where it names none), or Unix seconds; default: now.",
    )
    user_id: Id | None = Field(None, description="The known shopper.", examples=["1023"])
    visitor_id: Id | None = Field(None, description="The anonymous shopper of this browser; this or user_id.")
    product_id: Id | None = Field(None, description="The product; a coupon needs none.")
    order_id: Id | None = Field(None, description="The order of a purchase or refund; default: one of its own.")
    store_id: Id | None = Field(None, description="The store, where the shop has several.")
    quantity: Quantity | None = Field(None, description="Pieces; default: 1.")
    price: Price | None = Field(None, description="Of one piece, in the shop's currency.")
    campaign: Id | None = Field(None, description="The coupon or e-mail campaign; a coupon needs it.")
    carousel: Id | None = Field(None, description="The carousel that it happened in.")
    position: int | None = Field(None, ge=1, le=10_000, description="The position there, from 1.")
    request_id: Id | None = Field(None, description="Of the answer that showed the product.")

    @model_validator(mode="after")
    def _whole(self) -> "EventForm":
        if not self.user_id and not self.visitor_id:
            raise ValueError("user_id or visitor_id is missing")
        if self.event == "coupon":
            if not self.campaign:
                raise ValueError("campaign is missing: a coupon names its own")
        elif not self.product_id:
            raise ValueError(f"product_id is missing: a {self.event} is of one product")
        return self


KNOWN = frozenset(EventForm.model_fields)
NOTHING = (None, "")
"""What stands for a field of ours that was left out; further fields are kept as they came."""


class EventsForm(BaseModel):
    """The body of a call with events."""

    model_config = ConfigDict(extra="forbid", title="Events")

    events: list[EventForm] = Field(max_length=MOST_EVENTS, description="In any order.")


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that does not hold."""

    index: int
    """From 0."""
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True)
class Checked:
    """The events of one call."""

    events: list[Event]
    refused: list[Refused]
    clamped: int
    """Events whose time was moved into the last year."""


def check_events(body: Mapping[str, Any], shop: Shop, now: int) -> Checked:
    """Return the events in ``body``, the ones that do not hold aside.

    Args:
        body: as it was sent.
        shop: its zone is that of times that name none.
        now: the shop's clock, Unix seconds.

    Raises:
        FormError: the body is no list of events, or one of too many.
    """
    given = body.get("events")
    if strange := [name for name in body if name != "events"]:
        raise FormError([Fault(str(strange[0])[:64], "unknown key: the body has events alone")])
    if not isinstance(given, list):
        raise FormError([Fault("events", "must be a list of events")])
    if len(given) > MOST_EVENTS:
        raise FormError([Fault("events", f"{len(given)} events are too many: send {MOST_EVENTS} at most a call")])
    events: list[Event] = []
    refused: list[Refused] = []
    clamped = 0
    for index, one in enumerate(given):
        try:
            event, moved = _event(one, shop, now)
            events.append(event)
            clamped += moved
        except FormError as error:
            refused.append(Refused(index, error.faults))
    return Checked(events, refused, clamped)


def _event(given: Any, shop: Shop, now: int) -> tuple[Event, bool]:
    if not isinstance(given, dict):
        raise FormError([Fault("", "must be an object")])
    try:
        form = EventForm.model_validate(
            {k: v for k, v in given.items() if k not in KNOWN or v not in NOTHING}, strict=True
        )
    except ValidationError as error:
        raise FormError(_faults(error)) from error
    told = now if form.time is None else _moment(form.time, shop)
    time = min(max(told, now - OLDEST), now)
    further = form.model_extra or {}
    if time != told:
        further = {**further, "client_time": form.time}
    return Event(
        form.event_id, form.event, time, now, form.user_id, form.visitor_id, form.product_id, form.order_id,
        form.store_id, form.quantity, form.price, form.campaign, form.carousel, form.position, form.request_id,
        _rest(further),
    ), time != told  # fmt: skip


def _moment(told: float | str, shop: Shop) -> int:
    try:
        moment = int(told) if not isinstance(told, str) else shop.moment(told)
    except (ValueError, OverflowError, ConfigError) as error:
        raise FormError([Fault("time", "no date and time: write 2026-11-27T09:00Z, or Unix seconds")]) from error
    if not EARLIEST <= moment < LATEST:
        raise FormError([Fault("time", "take a moment from 1970 to 2999, in seconds")])
    return moment


def _rest(further: Mapping[str, Any]) -> str | None:
    if not further:
        return None
    try:
        raw = orjson.dumps(further)
    except TypeError as error:  # all of it came out of JSON: it can only be the depth
        raise FormError([Fault("", "a further field is nested too deeply")]) from error
    if len(raw) > MOST_REST:
        raise FormError([Fault("", f"further fields take {len(raw)} bytes: {MOST_REST} are kept at most")])
    return raw.decode()


def _faults(error: ValidationError) -> list[Fault]:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:5]
    return [
        Fault(
            ".".join(str(part)[:64] for part in one["loc"]),
            one["msg"].removeprefix("Value error, ").replace("Input should be", "must be"),
        )
        for one in found
    ]
