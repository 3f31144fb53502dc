"""Events into the tables, all of one transaction: whose they are, whether they may be kept, whether they are new."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from models.shoppers import digest, key_of_user, key_of_visitor
from recsvc.store.digests import key_of
from recsvc.store.event import Event, Outcome
from recsvc.store.tables import consent, events, links, seen, tombstones

T = TypeVar("T")
BATCH = 500
"""Values of one query."""
PRUNED_AT_ONCE = 20_000
"""Digests that one transaction forgets."""


def record(connection: Connection, calls: Sequence[Sequence[Event]]) -> list[Outcome]:
    """Keep the events of several calls, and return what became of those of each.

    An event is a duplicate where its id was kept before, whatever else it says.
    """
    key = key_of(connection)
    everything = [event for call in calls for event in call]
    known = _look_up(connection, key, everything)
    digests = [digest(key, event.event_id) for event in everything]
    allowed = [known.allows(event) for event in everything]
    fresh = _fresh(connection, {d: e.received for d, e, may in zip(digests, everything, allowed, strict=True) if may})
    rows, outcomes, place = [], [], 0
    for call in calls:
        accepted = not_stored = 0
        for event in call:
            if not allowed[place]:
                not_stored += 1
            elif digests[place] in fresh:
                fresh.discard(digests[place])
                rows.append(_row(event, known.shopper(event)))
                accepted += 1
            place += 1
        outcomes.append(Outcome(accepted, len(call) - accepted - not_stored, not_stored))
    if rows:
        _insert(connection, rows)
    return outcomes


def forget_ids(connection: Connection, before: int) -> int:
    """Forget ids of events that were received before a moment, some at a time; return how many."""
    old = select(seen.c.digest).where(seen.c.received < before).limit(PRUNED_AT_ONCE)
    return connection.execute(delete(seen).where(seen.c.digest.in_(old))).rowcount


@dataclass(slots=True)
class _Known:
    """What the store knows of the shoppers of some events."""

    key: bytes
    links: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Shopper keys that do not allow storage."""
    erased: dict[bytes, tuple[int, bool]] = field(default_factory=dict)
    """Digest -> when it was erased, and whether storage is allowed."""

    def shopper(self, event: Event) -> str:
        """Return whose an event is: a visitor who was linked is the user."""
        user = event.user_id or self.links.get(event.visitor_id or "")
        return key_of_user(user) if user else key_of_visitor(event.visitor_id or "")

    def allows(self, event: Event) -> bool:
        """Return whether an event may be kept."""
        for name in self._names(event):
            if name in self.refused:
                return False
            if self.erased and (found := self.erased.get(digest(self.key, name))):
                erased, storage = found
                if not storage or event.time <= erased:
                    return False
        return True

    def _names(self, event: Event) -> Iterator[str]:
        yield self.shopper(event)
        if event.visitor_id:
            yield key_of_visitor(event.visitor_id)


def _look_up(connection: Connection, key: bytes, found: Sequence[Event]) -> _Known:
    known = _Known(key)
    visitors = {event.visitor_id for event in found if event.visitor_id}
    users = {event.user_id for event in found if event.user_id}
    for some in batches(sorted(visitors)):
        query = select(links.c.visitor_id, links.c.user_id).where(links.c.visitor_id.in_(some))
        known.links.update((visitor, user) for visitor, user in connection.execute(query))
    names = {key_of_visitor(one) for one in visitors} | {key_of_user(one) for one in (*users, *known.links.values())}
    for some in batches(sorted(names)):
        query = select(consent.c.shopper).where(consent.c.shopper.in_(some), consent.c.storage.is_(False))
        known.refused.update(connection.scalars(query))
    for wanted in batches([digest(key, name) for name in sorted(names)]):
        erased = select(tombstones.c.digest, tombstones.c.time, tombstones.c.storage)
        for one, time, storage in connection.execute(erased.where(tombstones.c.digest.in_(wanted))):
            known.erased[bytes(one)] = (time, storage)
    return known


def _fresh(connection: Connection, received: dict[bytes, int]) -> set[bytes]:
    """Remember the digests of ids, and return those that were not remembered.

    In the order of the digests: two transactions that wait for each other's would never end.
    """
    out: set[bytes] = set()
    mark = _mark(connection)
    for some in batches(sorted(received)):
        rows = ", ".join([f"({mark}, {mark})"] * len(some))
        query = f"INSERT INTO {seen.name} (digest, received) VALUES {rows} ON CONFLICT DO NOTHING RETURNING digest"
        values = tuple(value for one in some for value in (one, received[one]))
        out.update(bytes(row[0]) for row in connection.exec_driver_sql(query, values))
    return out


COLUMNS = (
    "event_id", "kind", "time", "received", "shopper", "visitor_id", "product_id", "order_id", "store_id", "quantity",
    "price", "campaign", "carousel", "position", "request_id", "rest",
)  # fmt: skip
"""Of ``events``, as ``_row`` gives them."""


def _insert(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows of ``COLUMNS``: as the driver takes them, at half the cost of a statement that is built."""
    marks = ", ".join([_mark(connection)] * len(COLUMNS))
    connection.exec_driver_sql(f"INSERT INTO {events.name} ({', '.join(COLUMNS)}) VALUES ({marks})", rows)


def _mark(connection: Connection) -> str:
    return "%s" if connection.dialect.name == "postgresql" else "?"


def _row(event: Event, shopper: str) -> tuple[Any, ...]:
    return (
        event.event_id, event.kind, event.time, event.received, shopper, event.visitor_id, event.product_id,
        event.order_id, event.store_id, event.quantity, event.price, event.campaign, event.carousel, event.position,
        event.request_id, event.rest,
    )  # fmt: skip


def upsert(dialect: Dialect) -> Callable[..., Any]:
    """Return the ``insert`` that knows what to do on a conflict."""
    return postgresql.insert if dialect.name == "postgresql" else sqlite.insert


def batches(values: Collection[T]) -> Iterator[list[T]]:
    """Yield ``values`` in lists of at most ``BATCH``."""
    listed = list(values)
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]
