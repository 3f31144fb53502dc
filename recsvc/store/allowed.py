"""Whose something is that shoppers did or saw, and whether it may be kept: links, consent, erasures."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from models.shoppers import digest, key_of_user, key_of_visitor
from recsvc.store.tables import consent, links, tombstones

T = TypeVar("T")
BATCH = 500
"""Values of one query."""


class Doing(Protocol):
    """Something that a shopper did or saw."""

    @property
    def user_id(self) -> str | None:
        """Who, where it is known."""

    @property
    def visitor_id(self) -> str | None:
        """At least one of the two is given."""

    @property
    def time(self) -> int:
        """Unix seconds."""


@dataclass(slots=True)
class Known:
    """What the store knows of some shoppers."""

    key: bytes
    links: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Shopper keys that do not allow storage."""
    erased: dict[bytes, tuple[int, bool]] = field(default_factory=dict)
    """Digest -> when it was erased, and whether storage is allowed."""

    def shopper(self, one: Doing) -> str:
        """Return the key of whoever did it: a visitor who was linked is the user."""
        user = one.user_id or self.links.get(one.visitor_id or "")
        return key_of_user(user) if user else key_of_visitor(one.visitor_id or "")

    def allows(self, one: Doing) -> bool:
        """Return whether it may be kept."""
        for name in self._names(one):
            if name in self.refused:
                return False
            if self.erased and (found := self.erased.get(digest(self.key, name))):
                erased, storage = found
                if not storage or one.time <= erased:
                    return False
        return True

    def _names(self, one: Doing) -> Iterator[str]:
        yield self.shopper(one)
        if one.visitor_id:
            yield key_of_visitor(one.visitor_id)


def look_up(connection: Connection, key: bytes, found: Sequence[Doing]) -> Known:
    """Return what the store knows of those who did what was ``found``."""
    known = Known(key)
    visitors = {one.visitor_id for one in found if one.visitor_id}
    users = {one.user_id for one in found if one.user_id}
    known.links.update(_among(connection, f"SELECT visitor_id, user_id FROM {links.name} WHERE visitor_id", visitors))
    names = {key_of_visitor(one) for one in visitors} | {key_of_user(one) for one in (*users, *known.links.values())}
    kept = _among(connection, f"SELECT shopper, storage FROM {consent.name} WHERE shopper", names)
    known.refused.update(shopper for shopper, storage in kept if not storage)
    if connection.exec_driver_sql(f"SELECT 1 FROM {tombstones.name} LIMIT 1").first():
        graves = [digest(key, name) for name in names]
        found_graves = _among(connection, f"SELECT digest, time, storage FROM {tombstones.name} WHERE digest", graves)
        known.erased.update((bytes(grave), (time, bool(storage))) for grave, time, storage in found_graves)
    return known


def _among(
    connection: Connection, query: str, values: Collection[str] | Collection[bytes]
) -> Iterator[tuple[Any, ...]]:
    """Yield what ``query`` gives where its last column is one of ``values``: a statement that is built costs as much again."""
    mark = mark_of(connection)
    for some in batches(sorted(values)):
        for row in connection.exec_driver_sql(f"{query} IN ({', '.join([mark] * len(some))})", tuple(some)):
            yield tuple(row)


def mark_of(connection: Connection) -> str:
    """Return what stands for a value in a statement as the driver takes it."""
    return "%s" if connection.dialect.name == "postgresql" else "?"


def batches(values: Collection[T]) -> Iterator[list[T]]:
    """Yield ``values`` in lists of at most ``BATCH``."""
    listed = list(values)
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]
