"""Who writes what shoppers did, and who changes whose that is, keep apart: neither may miss what the other is about to commit.

An erasure that runs beside an open transaction with events of the same shopper sees none of them, and they would stay.
SQLite has one writer at a time; on PostgreSQL writers of events share a lock, and links, consent and erasures hold it alone.
"""

from sqlalchemy import Connection, text

from recsvc.store.digests import key_of
from recsvc.store.tables import meta

SHOPPERS_LOCK = 7_236_003
"""Advisory lock of PostgreSQL, held to the end of the transaction."""
SHARED = text(f"SELECT value, pg_advisory_xact_lock_shared(:lock) FROM {meta.name} WHERE key = 'digest_key'")
"""Both in one round trip. What is read with the lock is older than the lock, and the key of digests never changes."""


def key_beside_others(connection: Connection) -> bytes:
    """Return the key of digests; links, consent and erasures wait until this transaction ends. Ask first in it."""
    if connection.dialect.name != "postgresql":
        return key_of(connection)
    return bytes.fromhex(connection.execute(SHARED, {"lock": SHOPPERS_LOCK}).one()[0])


def key_alone(connection: Connection) -> bytes:
    """Return the key of digests once nobody writes what shoppers did, until this transaction ends. Ask first in it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SHOPPERS_LOCK})
    return key_of(connection)
