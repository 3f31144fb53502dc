"""What the service's store tells a training: what shoppers bought and gave back, what they allow, who was erased."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from models.errors import ConfigError, DataError
from models.shoppers import digest, id_of, keys_of

KEY = "SELECT value FROM meta WHERE key = 'digest_key'"
ERASED = "SELECT digest FROM tombstones"
REFUSED = "SELECT shopper FROM consent WHERE NOT personalisation"
ORDERS = (
    "SELECT kind, time, shopper, product_id, order_id, event_id, store_id, quantity, price, campaign, rest FROM events "
    "WHERE kind IN ('purchase', 'refund') AND product_id IS NOT NULL ORDER BY seq"
)
SIGNALS = (
    "SELECT shopper, product_id, kind, max(time) AS time FROM events WHERE kind IN ('view', 'cart', 'click') "
    "AND product_id IS NOT NULL GROUP BY shopper, product_id, kind, time / 86400"
)
"""One of a kind for a shopper, product and day."""


@dataclass(frozen=True, slots=True)
class EventStore:
    """The store of a service, opened to read."""

    name: str
    engine: Engine

    def shoppers(self) -> "Shoppers":
        """Return who was erased, and who refused personalisation.

        Raises:
            DataError: it cannot be read.
        """
        with self._connected() as connection:
            key = bytes.fromhex(connection.execute(text(KEY)).scalar_one())
            erased = frozenset(bytes(one) for one in connection.scalars(text(ERASED)))
            refused = frozenset(id_of(one) for one in connection.scalars(text(REFUSED)))
        return Shoppers(key, erased, refused)

    def write_orders(self, path: Path, fields: Mapping[str, Any]) -> int:
        """Write purchases and refunds as JSON lines, with the fields of a request among ``fields``; return how many.

        Raises:
            DataError: the store cannot be read.
        """
        count = 0
        with self._connected() as connection, path.open("wb") as out:
            for row in connection.execution_options(stream_results=True).execute(text(ORDERS)):
                out.write(orjson.dumps(_line(row, fields)) + b"\n")
                count += 1
        return count

    def write_signals(self, path: Path, codes: Mapping[str, int]) -> int:
        """Write views, carts and clicks as JSON lines with the code of their kind; return how many.

        Raises:
            DataError: the store cannot be read.
        """
        count = 0
        with self._connected() as connection, path.open("wb") as out:
            for row in connection.execution_options(stream_results=True).execute(text(SIGNALS)):
                line = {"user": id_of(row.shopper), "product": row.product_id, "time": row.time}
                out.write(orjson.dumps({**line, "kind": codes[row.kind]}) + b"\n")
                count += 1
        return count

    def _connected(self) -> "_Connected":
        return _Connected(self)


@dataclass(frozen=True, slots=True)
class Shoppers:
    """Who must not be learned from, or not as a person."""

    key: bytes
    digests: frozenset[bytes]
    refused: frozenset[str]

    def erased(self, one_id: str) -> bool:
        """Return whether a user or a visitor of this id was erased."""
        return bool(self.digests) and any(digest(self.key, name) in self.digests for name in keys_of(one_id))


class _Connected:
    """A connection whose failures are told as a fault of the data."""

    def __init__(self, store: EventStore) -> None:
        self.store = store

    def __enter__(self) -> Connection:
        try:
            self.connection = self.store.engine.connect()
        except SQLAlchemyError as error:
            raise DataError(self._told(error)) from error
        return self.connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.connection.close()
        self.store.engine.dispose()
        if isinstance(error, SQLAlchemyError):
            raise DataError(self._told(error)) from error

    def _told(self, error: Exception) -> str:
        line = (str(getattr(error, "orig", error)).strip().splitlines() or [type(error).__name__])[0]
        return f"{self.store.name}: the store cannot be read ({line}): name another with --store or RECSVC_STORE"


def open_store(url: str | None) -> EventStore | None:
    """Return the store at ``url``; None without one, and where the file of an SQLite store is not there yet.

    Raises:
        ConfigError: it is no URL of a store.
    """
    if url is None:
        return None
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise ConfigError("--store: write sqlite:///store/recsvc.db or postgresql://user@host/database") from error
    if parts.drivername == "postgresql":
        return EventStore(
            parts.render_as_string(hide_password=True), create_engine(parts.set(drivername="postgresql+psycopg"))
        )
    if parts.drivername != "sqlite" or not parts.database:
        raise ConfigError("--store: write sqlite:///store/recsvc.db or postgresql://user@host/database")
    if not Path(parts.database).exists():
        return None
    return EventStore(parts.render_as_string(), create_engine(parts))


def _line(row: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    told = {**(orjson.loads(row.rest) if row.rest else {}), "campaign": row.campaign}
    return {
        "user": id_of(row.shopper),
        "product": row.product_id,
        "store": row.store_id or "",
        "order": row.order_id or f"event {row.event_id}",
        "time": row.time,
        "quantity": row.quantity or 1.0,
        "price": row.price,
        "kind": int(row.kind == "refund"),
        **{f"={name}": value for name, value in _plain(told, fields)},
    }


def _plain(told: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in fields:
        value = told.get(name)
        if value not in (None, "") and not isinstance(value, dict | list | bool):
            yield name, str(value)
