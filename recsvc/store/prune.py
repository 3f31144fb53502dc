"""What is older than the shop wants to keep it leaves the store, some at a time so that events never wait for it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import sleep
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select, update

from models.schema import DAY
from models.shop import Shop
from recsvc.store.changes import forget_changes, last
from recsvc.store.database import Store
from recsvc.store.exposures import forget_exposures
from recsvc.store.record import forget_ids, upsert
from recsvc.store.tables import changes, events, exposures, meta, seen

KINDS = {
    "purchases": ("purchase", "refund"),
    "events": ("view", "cart", "remove-from-cart", "click", "coupon"),
    "impressions": ("impression", "viewable-impression"),
}
"""What is kept for one time -> the kinds of events."""
EXPOSURES, IDS, CHANGES = "answers", "event ids", "changes"
AT_ONCE = 5_000
"""Events that one transaction looks at."""
EVERY = 3_600
"""Seconds between two prunings that services do by themselves, all with one store together."""
DONE = "pruned"
"""Key in ``meta``: when a service did it last, Unix seconds on the shop's clock."""
Step: TypeAlias = Callable[[str, int], None]


def _silent(_name: str, _count: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is to go."""

    events: Mapping[str, int]
    """Name in ``KINDS`` -> moment (Unix seconds); what was received before goes. What is not there is kept for ever."""
    exposures: int
    """The same for answers."""
    ids: int
    """The same for what is remembered of the ids of events: a replay of a younger one counts once, stored or not."""
    changes: int
    """How many of the newest stay."""


def bounds_of(shop: Shop, window: int, now: int) -> Bounds:
    """Return what a shop wants gone at ``now`` (Unix seconds); ``window``: seconds for which ids of events count."""
    kept = shop.retention
    days = {"purchases": kept.purchase_days, "events": kept.event_days, "impressions": kept.impression_days}
    return Bounds(
        {name: now - n * DAY for name, n in days.items() if n},
        now - shop.results.keep_days * DAY,
        now - window,
        kept.changes,
    )


def stale(store: Store, bounds: Bounds) -> dict[str, tuple[int, int]]:
    """Return name -> how many rows there are, and how many of them are to go.

    Raises:
        StoreError: the store cannot be read.
    """
    with store.read() as connection:
        out = {}
        for name, kinds in KINDS.items():
            mine = events.c.kind.in_(kinds)
            before = bounds.events.get(name)
            gone = 0 if before is None else _count(connection, events, and_(mine, events.c.received < before))
            out[name] = (_count(connection, events, mine), gone)
        for name, table, time, before in (
            (EXPOSURES, exposures, exposures.c.time, bounds.exposures),
            (IDS, seen, seen.c.received, bounds.ids),
            (CHANGES, changes, changes.c.seq, last(connection) - bounds.changes + 1),
        ):
            out[name] = (_count(connection, table), _count(connection, table, time < before))
        return out


def prune(store: Store, bounds: Bounds, step: Step = _silent, pause: float = 0.0) -> Counter[str]:
    """Take what is to go out of the store, and return name -> how many rows.

    Args:
        store: the store.
        bounds: what is to go.
        step: told name and rows as it goes on.
        pause: seconds between two transactions, for those who write beside it.

    Raises:
        StoreError: the store cannot be written; what went is gone, the rest goes the next time.
    """
    gone: Counter[str] = Counter()

    def note(name: str, count: int) -> None:
        gone[name] += count
        step(name, count)

    after: int | None = 0
    while after is not None and bounds.events:
        with store.write() as connection:
            after, counts = _forget_events(connection, bounds.events, after)
        for name, count in counts.items():
            note(name, count)
        sleep(pause)
    others: dict[str, Callable[[Connection], int]] = {
        EXPOSURES: lambda connection: forget_exposures(connection, bounds.exposures),
        IDS: lambda connection: forget_ids(connection, bounds.ids),
        CHANGES: lambda connection: forget_changes(connection, bounds.changes),
    }
    for name, forget in others.items():
        more = 1
        while more:
            with store.write() as connection:
                more = forget(connection)
            note(name, more)
            sleep(pause)
    return +gone


def due(store: Store, now: int) -> bool:
    """Return whether nobody pruned for ``EVERY`` seconds, and take the turn; of many who ask one gets it.

    Raises:
        StoreError: the store cannot be written.
    """
    with store.write() as connection:
        row = {"key": DONE, "value": str(now)}
        fresh = upsert(connection.dialect)(meta).values(row).on_conflict_do_nothing().returning(meta.c.key)
        if connection.execute(fresh).first():
            return True
        told = connection.scalar(select(meta.c.value).where(meta.c.key == DONE)) or "0"
        if int(told) > now - EVERY:
            return False
        mine = and_(meta.c.key == DONE, meta.c.value == told)
        return connection.execute(update(meta).where(mine).values(value=str(now))).rowcount == 1


def _forget_events(connection: Connection, bounds: Mapping[str, int], after: int) -> tuple[int | None, dict[str, int]]:
    """Forget some events behind the one numbered ``after``; return the last looked at, None at the end, and counts."""
    some = select(events.c.seq, events.c.received).where(events.c.seq > after).order_by(events.c.seq).limit(AT_ONCE)
    page = some.subquery()
    end, oldest = connection.execute(select(func.max(page.c.seq), func.min(page.c.received))).one()
    if end is None or oldest >= max(bounds.values()):  # they came in the order of time
        return None, {}
    counts = {}
    for name, before in bounds.items():
        old = and_(events.c.seq > after, events.c.seq <= end, events.c.kind.in_(KINDS[name]))
        counts[name] = connection.execute(delete(events).where(old, events.c.received < before)).rowcount
    return int(end), counts


def _count(connection: Connection, table: Table, which: ColumnElement[bool] | None = None) -> int:
    query = select(func.count()).select_from(table)
    return connection.scalar(query if which is None else query.where(which)) or 0
