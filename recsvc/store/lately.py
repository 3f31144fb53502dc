"""What a shopper did lately, read at each request: by the drivers themselves, since a request has microseconds for it."""

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
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


def _newest(kinds: Sequence[str], most: int, whose: str) -> str:
    """Return the query of the newest events of ``kinds``, on the index by shopper, kind and time."""
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"SELECT * FROM (SELECT {COLUMNS}, seq FROM events WHERE {whose} AND kind IN ({named})"
        f" AND time >= ? ORDER BY time DESC, seq DESC LIMIT {most}) AS {kinds[0]}s"
    )


ROWS = {
    n: f"{' UNION ALL '.join(_newest(kinds, most, whose) for kinds, most in MOST.items())} ORDER BY time, seq"
    for n, whose in ((1, "shopper = ?"), (2, "shopper IN (?, ?)"))
}
"""By the number of shoppers asked for: SQLite answers for one in three quarters of the time."""


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

    def of(self, user_id: str | None, visitor_id: str | None, since: int) -> list[Did]:
        """Return what a user, and a visitor not yet linked, did since a moment, oldest first, of each kind ``MOST``.

        Raises:
            StoreError: the store does not answer in time, or did not a moment ago.
        """
        names = ([key_of_user(user_id)] if user_id else []) + ([key_of_visitor(visitor_id)] if visitor_id else [])
        if not names:
            return []
        return [Did(*row[:-1]) for row in self._ask(ROWS[len(names)], (*names, since) * len(MOST))]

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
