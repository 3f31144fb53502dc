"""Events into the tables, all of one transaction: whose they are, whether they may be kept, whether they are new."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from models.shoppers import digest
from recsvc.store.allowed import batches, look_up, mark_of
from recsvc.store.apart import key_beside_others
from recsvc.store.event import Event, Outcome
from recsvc.store.tables import events, seen

PRUNED_AT_ONCE = 20_000
"""Digests that one transaction forgets."""


def record(connection: Connection, calls: Sequence[Sequence[Event]]) -> list[Outcome]:
    """Keep the events of several calls, and return what became of those of each.

    An event is a duplicate where its id was kept before, whatever else it says.
    """
    key = key_beside_others(connection)
    everything = [event for call in calls for event in call]
    known = look_up(connection, key, everything)
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


def _fresh(connection: Connection, received: dict[bytes, int]) -> set[bytes]:
    """Remember the digests of ids, and return those that were not remembered.

    In the order of the digests: two transactions that wait for each other's would never end.
    """
    out: set[bytes] = set()
    mark = mark_of(connection)
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
    marks = ", ".join([mark_of(connection)] * len(COLUMNS))
    connection.exec_driver_sql(f"INSERT INTO {events.name} ({', '.join(COLUMNS)}) VALUES ({marks})", rows)


def _row(event: Event, shopper: str) -> tuple[Any, ...]:
    return (
        event.event_id, event.kind, event.time, event.received, shopper, event.visitor_id, event.product_id,
        event.order_id, event.store_id, event.quantity, event.price, event.campaign, event.carousel, event.position,
        event.request_id, event.rest,
    )  # fmt: skip


def upsert(dialect: Dialect) -> Callable[..., Any]:
    """Return the ``insert`` that knows what to do on a conflict."""
    return postgresql.insert if dialect.name == "postgresql" else sqlite.insert
