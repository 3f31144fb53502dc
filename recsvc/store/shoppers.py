"""Who a shopper is, what a shopper allows, and the end of both: links, consent, erasure."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, text, update

from models.shoppers import digest, key_of_user, key_of_visitor, keys_of
from recsvc.store.allowed import batches
from recsvc.store.apart import key_alone
from recsvc.store.database import Store
from recsvc.store.record import upsert
from recsvc.store.refusals import ALLOWED, ERASED, REFUSED, tell
from recsvc.store.tables import consent, events, exposures, links, tombstones, units
from recsvc.store.units import settle

CLEAN_SECONDS = 3.0
"""How long an erasure on SQLite waits for readers, to empty the log of writes."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a shopper allows."""

    personalisation: bool = True
    storage: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows of each table are about a shopper."""

    events: int
    exposures: int
    links: int
    consent: int
    units: int
    """By whose id users are drawn for experiments."""
    visitors: int
    """Visitors who were linked to this user; what they did goes too."""


def link(connection: Connection, user_id: str, visitor_id: str, now: int) -> int:
    """Make a visitor a user: what the visitor did is the user's from now on. Return how many events became so.

    What a visitor did as another user before stays that one's.
    """
    key_alone(connection)
    settle(connection, user_id, visitor_id)
    row = {"visitor_id": visitor_id, "user_id": user_id, "time": now}
    statement = upsert(connection.dialect)(links).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["visitor_id"], set_=row))
    moved = 0
    for table in (events, exposures):
        mine = table.c.shopper == key_of_visitor(visitor_id)
        count = connection.execute(update(table).where(mine).values(shopper=key_of_user(user_id))).rowcount
        moved += count if table is events else 0
    return moved


def allow(connection: Connection, one_id: str, personalisation: bool | None, storage: bool | None, now: int) -> Consent:
    """Keep what the user and the visitor of an id allow, and return it; None leaves a part as it was."""
    key, before = key_alone(connection), _consents(connection, keys_of(one_id))
    after = Consent(
        before.personalisation if personalisation is None else personalisation,
        before.storage if storage is None else storage,
    )
    values = {"personalisation": after.personalisation, "storage": after.storage, "time": now}
    digests = [digest(key, name) for name in keys_of(one_id)]
    for name, one in zip(keys_of(one_id), digests, strict=True):
        statement = upsert(connection.dialect)(consent).values(shopper=name, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["shopper"], set_=values))
        plain = {"personalisation": after.personalisation, "storage": after.storage}
        connection.execute(update(tombstones).where(tombstones.c.digest == one).values(plain))
    tell(connection, ALLOWED if after.personalisation else REFUSED, digests)
    return after


def find(connection: Connection, one_id: str) -> Found:
    """Return what an erasure would delete."""
    names, visitors = _everybody(connection, one_id)
    return Found(
        events=_count(connection, events, _of(one_id, names)),
        exposures=_count(connection, exposures, exposures.c.shopper.in_(names)),
        links=_count(connection, links, _links(one_id, visitors)),
        consent=_count(connection, consent, consent.c.shopper.in_(names)),
        units=_count(connection, units, _units(one_id, visitors)),
        visitors=len(visitors - {one_id}),
    )


def erase(connection: Connection, one_id: str, now: int) -> Found:
    """Delete whatever is about a user or a visitor of this id, and return how much it was.

    What stays is a digest, by which every worker and every training knows that nothing of this shopper may be used, and
    what the shopper did not allow.
    """
    key, found = key_alone(connection), find(connection, one_id)
    names, visitors = _everybody(connection, one_id)
    allowed = _consents(connection, names)
    digests = [digest(key, name) for name in names]
    connection.execute(delete(events).where(_of(one_id, names)))
    others = events.c.visitor_id.in_(sorted(visitors))
    connection.execute(update(events).where(others).values(visitor_id=None))
    connection.execute(delete(exposures).where(exposures.c.shopper.in_(names)))
    connection.execute(delete(links).where(_links(one_id, visitors)))
    connection.execute(delete(units).where(_units(one_id, visitors)))
    connection.execute(delete(consent).where(consent.c.shopper.in_(names)))
    for one in digests:
        values = {"personalisation": allowed.personalisation, "storage": allowed.storage, "time": now}
        grave = select(tombstones.c.personalisation, tombstones.c.storage).where(tombstones.c.digest == one)
        for personalisation, storage in connection.execute(grave):  # a refusal outlives a second erasure
            values["personalisation"] = allowed.personalisation and personalisation
            values["storage"] = allowed.storage and storage
        statement = upsert(connection.dialect)(tombstones).values(digest=one, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=values))
    if not allowed.personalisation:
        tell(connection, REFUSED, digests)
    tell(connection, ERASED, digests)
    return found


def clean(store: Store) -> bool | None:
    """Take what was deleted out of the store's files too; return whether that was possible now, None: nobody can tell.

    SQLite overwrites what it deletes; this empties the log of writes, which readers may hold. PostgreSQL frees the rows
    and leaves their bytes where they are, in its tables, its statistics and its log, until it needs the place.
    """
    if store.file is None:
        with store.read() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in (events, exposures, links, units, consent):
                plain.execute(text(f"VACUUM {table.name}"))
        return None
    ends = monotonic() + CLEAN_SECONDS
    while True:
        with store.read() as connection:
            busy = connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if not busy or monotonic() > ends:
            return not busy
        sleep(0.05)


def _everybody(connection: Connection, one_id: str) -> tuple[list[str], set[str]]:
    """Return the shopper keys behind an id, and the ids of its visitors, its own among them."""
    linked = set(connection.scalars(select(links.c.visitor_id).where(links.c.user_id == one_id)))
    visitors = linked | {one_id}
    return [key_of_user(one_id), *sorted(key_of_visitor(one) for one in visitors)], visitors


def _of(one_id: str, names: Sequence[str]) -> ColumnElement[bool]:
    """Events of these shoppers; also those that a linked visitor did as the user. Others on one browser keep theirs."""
    return or_(events.c.shopper.in_(names), events.c.visitor_id == one_id)


def _links(one_id: str, visitors: set[str]) -> ColumnElement[bool]:
    return or_(links.c.user_id == one_id, links.c.visitor_id.in_(sorted(visitors)))


def _units(one_id: str, visitors: set[str]) -> ColumnElement[bool]:
    """Users who are drawn by an erased visitor are drawn by their own id again."""
    return or_(units.c.user_id == one_id, units.c.unit.in_(sorted(visitors)))


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(which)) or 0


def _consents(connection: Connection, names: Sequence[str]) -> Consent:
    """Return what all of these shoppers allow."""
    rows = [
        row
        for some in batches(names)
        for row in connection.execute(
            select(consent.c.personalisation, consent.c.storage).where(consent.c.shopper.in_(some))
        )
    ]
    return Consent(all(row[0] for row in rows), all(row[1] for row in rows))
