"""Answers and what shoppers did, out of the store and into duckdb, where columns are joined instead of objects."""

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import numpy as np
from sqlalchemy import Connection, Select, select

from recsvc.store.database import Store
from recsvc.store.tables import events, exposures

PAGE = 50_000
"""Rows on their way at a time."""
KINDS = ("click", "purchase", "refund")
EXPOSURES = ("seq", "request_id", "time", "carousel", "shopper", "arm", "products")
EVENTS = ("seq", "kind", "time", "shopper", "product_id", "order_id", "quantity", "price", "request_id")
TYPES = {"seq": "bigint", "time": "bigint", "quantity": "double", "price": "double"}
"""Columns that are no text."""


def read_into(con: duckdb.DuckDBPyConnection, store: Store, since: int) -> None:
    """Make the tables ``exposures`` and ``events`` of what happened since a moment (Unix seconds).

    Raises:
        StoreError: the store cannot be read.
    """
    shown = select(*(exposures.c[name] for name in EXPOSURES)).where(exposures.c.time >= since)
    done = select(*(events.c[name] for name in EVENTS)).where(
        events.c.kind.in_(KINDS), events.c.time >= since, events.c.product_id.is_not(None)
    )
    for name, columns, query in (("exposures", EXPOSURES, shown), ("events", EVENTS, done)):
        typed = ", ".join(f"{column} {TYPES.get(column, 'varchar')}" for column in columns)
        con.execute(f"create table {name} ({typed})")
        if not store.there():
            continue
        with store.read() as connection:
            for page in _pages(connection, query, columns):
                con.register("page", page)
                con.execute(f"insert into {name} select * from page")
                con.unregister("page")


def _pages(
    connection: Connection, query: Select[Any], columns: tuple[str, ...]
) -> Iterator[Mapping[str, "np.ndarray[Any, Any]"]]:
    with connection.execute(query.execution_options(yield_per=PAGE)) as found:
        for rows in found.partitions():
            parts = zip(columns, zip(*rows, strict=True), strict=True)
            yield {name: _column(name, values) for name, values in parts}


def _column(name: str, values: tuple[Any, ...]) -> "np.ndarray[Any, Any]":
    """Return one column; a number that is not there is NaN."""
    if name in ("seq", "time"):
        return np.array(values, np.int64)
    return np.array(values, np.float64 if name in TYPES else np.object_)
