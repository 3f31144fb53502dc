"""The way into the store: one object for one URL, with transactions to read and to write in."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, make_url, select, text, update
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from models.errors import StoreError
from models.turn import turn
from recsvc.store.digests import new_key
from recsvc.store.tables import SCHEMA_VERSION, meta, metadata

BUSY_SECONDS = 2
"""How long a transaction waits for a lock, and a new connection for an answer."""
CREATE_LOCK = 7_236_001
"""Advisory lock of PostgreSQL under which the tables are made."""
TURN_SECONDS = 10.0
"""How long a transaction on SQLite waits for those of others to end."""
WRITING = "recsvc_writing"
PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA wal_autocheckpoint = 4000",
)
"""WAL: readers and the writer do not wait for each other. FULL: what is committed is on the disk. What is deleted is
overwritten. The log is copied back each 16 MB: pages that many events touch are written once."""
POSTGRESQL = {
    "connect_timeout": BUSY_SECONDS,
    "tcp_user_timeout": BUSY_SECONDS * 1000,
    "options": f"-c lock_timeout={BUSY_SECONDS * 1000}",
    "application_name": "recsvc",
}


def check_url(url: str) -> str:
    """Return ``url`` where it names a store.

    Raises:
        ValueError: it does not, with what to write instead; never with a password.
    """
    told = "write sqlite:///store/recsvc.db or postgresql://user@host/database"
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise ValueError(told) from error
    if parts.drivername not in ("sqlite", "postgresql") or not parts.database or parts.database == ":memory:":
        raise ValueError(told)
    return url


class Store:
    """One store. Nothing is opened before it is needed, and each process of a fork opens connections of its own."""

    def __init__(self, url: str) -> None:
        parts = make_url(check_url(url))
        self.name = parts.render_as_string(hide_password=True)
        self.url = url
        self.file = Path(parts.database or "") if parts.drivername == "sqlite" else None
        self._engine: Engine | None = None
        self._pid = 0
        self._making = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection to read with.

        Raises:
            StoreError: the store cannot be reached, or does not answer.
        """
        with self._told(), self.engine().connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose work is durable when the block ends, or undone where it raises.

        Raises:
            StoreError: the store cannot be reached or written.
        """
        with self._told():
            engine = self.engine()
            with self._turn(), engine.connect() as plain:
                connection = plain.execution_options(**{WRITING: True})
                with connection.begin():
                    yield connection

    def there(self) -> bool:
        """Return whether it may hold anything: a file that nobody made yet does not."""
        return self.file is None or self.file.exists()

    def made(self) -> bool:
        """Return whether a service made it; unlike ``read`` this makes and changes nothing.

        Raises:
            StoreError: it cannot be reached, or is no database.
        """
        if not self.there():
            return False
        with self._told():
            engine = create_engine(f"sqlite+pysqlite:///{self.file}") if self.file else _postgresql_engine(self.url)
            try:
                return inspect(engine).has_table(meta.name)
            finally:
                engine.dispose()

    def engine(self) -> Engine:
        """Return this process's engine; the first call makes the tables where they are missing."""
        with self._making:
            if self._engine is None or self._pid != os.getpid():
                self._engine = self._made()
                self._pid = os.getpid()
            return self._engine

    def _made(self) -> Engine:
        if self._engine is not None:
            self._engine.dispose(close=False)  # these connections are the parent's
        engine = _sqlite_engine(self.file) if self.file else _postgresql_engine(self.url)
        try:
            if self.file and not _is_wal(self.file):  # SQLite waits for nobody when it takes up another journal
                with self._turn(), engine.connect():
                    pass
            _create(engine, self._turn)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def close(self) -> None:
        """Close the connections of this process."""
        if self._engine is not None and self._pid == os.getpid():
            self._engine.dispose()
        self._engine = None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the turn to write on SQLite, whose own lock is polled for: two writers would starve each other."""
        if self.file is None:
            yield
            return
        with turn(self.file.with_name(f"{self.file.name}.lock"), TURN_SECONDS):
            yield

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(f"{self.name}: {_first_line(error.orig)}: see RECSVC_STORE and docs/events.md") from error
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self.name}: {_first_line(error)}: see RECSVC_STORE and docs/events.md") from error


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _is_wal(file: Path) -> bool:
    """Return whether a SQLite file has its write-ahead log already; source: SQLite, Database File Format, section 1.3."""
    try:
        with file.open("rb") as handle:
            return handle.read(20)[18:] == b"\x02\x02"
    except FileNotFoundError:
        return False


def _sqlite_engine(file: Path) -> Engine:
    file.parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(
        f"sqlite+pysqlite:///{file}",
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(made, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for pragma in PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:  # a writer locks at once: it would fail where it turned into one later
        writing = connection.get_execution_options().get(WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return made


def _postgresql_engine(url: str) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args=POSTGRESQL
    )


def _create(engine: Engine, alone: Callable[[], AbstractContextManager[None]]) -> None:
    """Make the tables where there are none, and what an older recsvc's lack.

    Raises:
        StoreError: the store was made by a newer recsvc.
    """
    if _is_whole(engine):
        return
    with alone(), engine.connect() as plain:
        connection = plain.execution_options(**{WRITING: True})
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CREATE_LOCK})
            metadata.create_all(connection)
            schema = meta.c.key == "schema"
            if connection.scalar(select(meta.c.value).where(schema)) is None:
                facts = {"schema": str(SCHEMA_VERSION), "digest_key": new_key()}
                connection.execute(insert(meta), [{"key": key, "value": value} for key, value in facts.items()])
            else:
                for index in (one for table in metadata.sorted_tables for one in table.indexes):
                    index.create(connection, checkfirst=True)
                connection.execute(update(meta).where(schema).values(value=str(SCHEMA_VERSION)))


def _is_whole(engine: Engine) -> bool:
    """Return whether the store has all tables and indexes, by the version of its schema."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(meta.name):
            return False
        version = connection.scalar(select(meta.c.value).where(meta.c.key == "schema"))
    if version is not None and int(version) > SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema {version}, this recsvc knows {SCHEMA_VERSION}: update recsvc, or name another store"
        )
    return version is not None and int(version) == SCHEMA_VERSION
