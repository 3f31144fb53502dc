"""What a shopper did lately, read at each request: by the drivers themselves, since a request has microseconds for it."""

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from models.errors import StoreError
from models.shoppers import key_of_user, key_of_visitor
from recsvc.store.answering import Answering
from recsvc.store.database import Store
from recsvc.store.did import Did
from recsvc.store.prompt import ANSWER_MS, Dialler, Prompt

MOST: Mapping[tuple[str, ...], int] = {
    ("view",): 100,
    ("cart", "remove-from-cart"): 500,
    ("purchase", "refund"): 5_000,
    ("coupon",): 10,
}
"""Kinds that a request for carousels needs to know of -> how many of them together, the newest, are read at most.

Each group has a bound of its own: who looks at much loses no purchase that the training has not seen.
"""
BUSY_MS = 20
"""Milliseconds that a read on SQLite waits for a lock."""
USER = "SELECT user_id FROM links WHERE visitor_id = ?"
COLUMNS = "kind, time, product_id, order_id, event_id, store_id, quantity, price, campaign"


UNIT = "unit"
"""What the row of ``units`` is called among the events: one statement reads both."""
_UNIT = f"SELECT '{UNIT}', -1, unit, NULL, '', NULL, NULL, NULL, NULL, 0 FROM units WHERE user_id = ?"
"""With the columns of ``COLUMNS`` and ``seq``; before all events."""


def _newest(kinds: Sequence[str], most: int, whose: str) -> str:
    """Return the query of the newest events of ``kinds``, on the index by shopper, kind and time."""
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"SELECT * FROM (SELECT {COLUMNS}, seq FROM events WHERE {whose} AND kind IN ({named})"
        f" AND time >= ? ORDER BY time DESC, seq DESC LIMIT {most}) AS {kinds[0]}s"
    )


def _rows(whose: str, *more: str) -> str:
    parts = (*(_newest(kinds, most, whose) for kinds, most in MOST.items()), *more)
    return f"{' UNION ALL '.join(parts)} ORDER BY time, seq"


OF_USER, OF_VISITOR, OF_BOTH = (
    _rows("shopper = ?", _UNIT), _rows("shopper = ?"), _rows("shopper IN (?, ?)", _UNIT),
)  # fmt: skip
"""SQLite answers for one shopper in three quarters of the time that it takes for two."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the store knows of a shopper."""

    did: Sequence[Did] = ()
    """Oldest first, of each kind ``MOST``."""
    unit: str | None = None
    """By whose id the user is drawn for experiments; None: by the own one."""


class LatelyReader:
    """Reads one store, by a connection of its own for each thread of each process."""

    def __init__(self, store: Store, wait_ms: int = ANSWER_MS) -> None:
        """Make a reader of ``store``; ``wait_ms``: how long it waits for PostgreSQL."""
        self.store = store
        self._own = threading.local()
        self._answering, self._dialler = Answering(), Dialler(store.url, wait_ms)

    def user_of(self, visitor_id: str) -> str | None:
        """Return the user that a visitor was linked to, or None; raises StoreError as ``of`` does."""
        rows = self._ask(USER, (visitor_id,))
        return str(rows[0][0]) if rows else None

    def of(self, user_id: str | None, visitor_id: str | None, since: int) -> Read:
        """Return what a user, and a visitor not yet linked, did since a moment, and by whose id the user is drawn.

        Raises:
            StoreError: the store does not answer in time, or did not a moment ago.
        """
        names = ([key_of_user(user_id)] if user_id else []) + ([key_of_visitor(visitor_id)] if visitor_id else [])
        if not names:
            return Read()
        query = OF_BOTH if len(names) == 2 else OF_USER if user_id else OF_VISITOR
        rows = self._ask(query, (*names, since) * len(MOST) + ((user_id,) if user_id else ()))
        unit = rows.pop(0)[2] if rows and rows[0][0] == UNIT else None
        return Read([Did(*row[:-1]) for row in rows], unit)

    def close(self) -> None:
        """Close the connection of this thread, and those that no thread has."""
        self._dialler.close()
        self._drop()

    def _drop(self) -> None:
        held = getattr(self._own, "held", None)
        self._own.held = None
        if held is not None and held[0] == os.getpid():
            held[1].close()

    def _ask(self, query: str, values: Sequence[Any]) -> list[Any]:
        if self.store.file is not None and not self.store.file.exists():
            return []
        if not self._answering.may_ask():
            raise StoreError(f"{self.store.name}: did not answer a moment ago")
        answered = False
        try:
            rows: list[Any] = self._execute()(query, values).fetchall()
            answered = True
        except (sqlite3.Error, psycopg.Error, OSError) as error:
            self._drop()
            raise StoreError(f"{self.store.name}: {type(error).__name__} while a session was read") from error
        finally:
            self._answering.tell(answered)
        return rows

    def _execute(self) -> Callable[[str, Sequence[Any]], Any]:
        """Return how this thread of this process asks."""
        held = getattr(self._own, "held", None)
        if held is None or held[0] != os.getpid():
            connection = self._dialler.connection() if self.store.file is None else _sqlite(self.store.file)
            ask = _in_postgresql(connection) if isinstance(connection, Prompt) else connection.execute
            self._own.held = held = (os.getpid(), connection, ask)
        asks: Callable[[str, Sequence[Any]], Any] = held[2]
        return asks


def _sqlite(file: Path) -> sqlite3.Connection:
    url = f"{file.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(url, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _in_postgresql(connection: Prompt) -> Callable[[str, Sequence[Any]], Any]:
    return lambda query, values: connection.execute(query.replace("?", "%s"), values, prepare=True)
