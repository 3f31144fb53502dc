"""A table out of a database: the rows of its query, streamed to a file beside the reading and read from there."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from models.errors import ConfigError, DataError
from models.shop import Table
from training.read.engine import Session
from training.read.secret import secret

BLOCK = 10_000
"""Rows in memory at a time."""
KNOWN = "write sqlite:///shop.db or postgresql://user@host/database"


def fetch(session: Session, what: str, table: Table) -> Path:
    """Return a CSV file with the rows of the table's query, in the order in which the database gave them.

    The database is opened to read: an SQLite file as such, PostgreSQL by a transaction that may not write.

    Raises:
        ConfigError: the URL is of no database that is read.
        DataError: the database cannot be reached, or the query does not hold.
    """
    given = secret(f"{what}.url", table.url or "")
    url = _url(what, given, session.shop.folder)
    path = session.scratch / f"{what}.csv"
    engine = create_engine(url)
    try:
        with engine.connect() as connection, path.open("w", encoding="utf-8", newline="") as out:
            if url.get_backend_name() == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
            streamed = connection.execution_options(stream_results=True, no_parameters=True, yield_per=BLOCK)
            rows = streamed.exec_driver_sql((table.query or "").strip().rstrip(";"))
            writer = csv.writer(out, quoting=csv.QUOTE_ALL)
            writer.writerow(_distinct(what, list(rows.keys())))
            for block in rows.partitions(BLOCK):
                writer.writerows(map(_texts, block))
    except SQLAlchemyError as error:
        line = (str(getattr(error, "orig", error)).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"{what}: {make_url(given).render_as_string(hide_password=True)}: {line}: look at url and query in shop.toml"
        ) from error
    finally:
        engine.dispose()
    return path


def _url(what: str, text: str, folder: Path) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigError(f"{what}.url: {KNOWN}") from error
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or not url.database:
        raise ConfigError(f"{what}.url: {backend!r} is no database that is read: {KNOWN}")
    path = folder / url.database
    if not path.is_file():
        raise DataError(f"{what}.url: {path}: no such file: check the path in shop.toml")
    return url.set(database=f"file:{path.resolve()}", query={"mode": "ro", "uri": "true"})


def _distinct(what: str, names: list[str]) -> list[str]:
    if twice := sorted({one for one in names if names.count(one) > 1}):
        raise DataError(f"{what}.query: two columns are called {', '.join(twice)}: give them names with AS")
    return names


def _texts(row: Any) -> Iterator[Any]:
    for value in row:
        if isinstance(value, bytes):
            yield value.decode("utf-8", "replace")
        elif isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
            yield "|".join(str(one) for one in value if one is not None)
        else:
            yield orjson.dumps(value, default=str).decode() if isinstance(value, dict | list) else value
