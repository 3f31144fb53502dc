"""The key of the digests that stand for an id where the id itself must not be kept: each store has its own."""

import secrets

from sqlalchemy import Connection, select

from recsvc.store.tables import meta


def new_key() -> str:
    """Return a new key, as the store keeps it in ``meta``."""
    return secrets.token_hex(32)


def key_of(connection: Connection) -> bytes:
    """Return the key of this store's digests."""
    return bytes.fromhex(connection.execute(select(meta.c.value).where(meta.c.key == "digest_key")).scalar_one())
