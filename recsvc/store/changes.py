"""The feed of changes: every worker of every machine asks it for news, and none misses any.

Numbers grow in the order of commits. SQLite has one writer at a time; on PostgreSQL a lock makes it so, since a sequence
alone hands numbers out before their transactions end, and a reader that saw 8 would never look for 7 again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, text

from recsvc.store.tables import changes

FEED_LOCK = 7_236_002
"""Advisory lock of PostgreSQL, held from the first change of a transaction to its end."""
MOST = 10_000
"""Changes of one look."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened."""

    seq: int
    kind: str
    """What changed, such as "product", "stock", "erased"."""
    key: str
    """Which one: an id, or a digest in hex."""


def append(connection: Connection, kind: str, key: str) -> int:
    """Return the number of a new change; it is seen by others once the transaction of ``connection`` is over.

    Append late in a transaction: on PostgreSQL other transactions with changes wait from here on.
    """
    return append_all(connection, kind, [key])


def append_all(connection: Connection, kind: str, keys: Sequence[str]) -> int:
    """Return the number of the last of several new changes of one kind; 0 without any."""
    if not keys:
        return 0
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": FEED_LOCK})
    connection.execute(insert(changes), [{"kind": kind, "key": key} for key in keys])
    return last(connection)


def since(connection: Connection, seq: int, most: int = MOST) -> list[Change]:
    """Return what happened after the change numbered ``seq``, oldest first, at most ``most``: ask again from the last."""
    query = select(changes.c.seq, changes.c.kind, changes.c.key).where(changes.c.seq > seq)
    return [Change(*row) for row in connection.execute(query.order_by(changes.c.seq).limit(most))]


def last(connection: Connection) -> int:
    """Return the number of the last change; 0 before the first."""
    return connection.scalar(select(func.max(changes.c.seq))) or 0


def lost(connection: Connection, seq: int) -> bool:
    """Return whether changes after the one numbered ``seq`` may be forgotten already: read everything anew then.

    Ask after ``since``: what is forgotten between the two is told once too often, not once too little.
    """
    first = connection.scalar(select(func.min(changes.c.seq)))
    return first is not None and first > seq + 1


def forget_changes(connection: Connection, keep: int, most: int = MOST) -> int:
    """Forget the oldest changes but about ``keep``, at most ``most`` at a time; return how many.

    The last one always stays: a number never comes back, and whoever missed any sees that.
    """
    before = last(connection) - max(keep, 1)
    first = connection.scalar(select(func.min(changes.c.seq))) or 0
    return connection.execute(delete(changes).where(changes.c.seq <= min(before, first + most - 1))).rowcount
