"""What a process keeps in memory of who must not be personalised: it holds where the store cannot be read, too."""

import threading
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from models.shoppers import digest, key_of_user, key_of_visitor
from recsvc.store.changes import append, last, lost, since
from recsvc.store.database import Store
from recsvc.store.digests import key_of
from recsvc.store.tables import consent, tombstones

REFUSED, ALLOWED, ERASED = "personalisation-refused", "personalisation-allowed", "erased"
"""Kinds of changes; their key is the digest of a shopper, in hex."""


@dataclass(slots=True)
class _Seen:
    """What the store told so far."""

    key: bytes = b""
    seq: int = 0
    refused: set[bytes] = field(default_factory=set)
    erased: set[bytes] = field(default_factory=set)


class Refusals:
    """Digests of shoppers who refused personalisation or were erased, followed by the feed of changes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._seen: _Seen | None = None
        self._absent = False
        self._turn = threading.Lock()

    @property
    def known(self) -> bool:
        """Whether the store was looked at once; one that was not there yet refused nobody."""
        return self._seen is not None or self._absent

    def follow(self) -> None:
        """Take over what is new in the store.

        Raises:
            StoreError: it cannot be read; what is known stays.
        """
        if self.store.file is not None and not self.store.file.exists():
            self._absent = True
            return
        with self._turn, self.store.read() as connection:
            if self._seen is None:
                self._seen = _everything(connection)
                return
            found = since(connection, self._seen.seq)
            if lost(connection, self._seen.seq):
                self._seen = _everything(connection)
                return
            for change in found:
                self._apply(self._seen, change.kind, change.key)
                self._seen.seq = change.seq

    def refuses(self, user_id: str | None, visitor_id: str | None) -> bool:
        """Return whether one of these shoppers refused personalisation."""
        return self._any("refused", user_id, visitor_id)

    def erased(self, user_id: str | None, visitor_id: str | None) -> bool:
        """Return whether one of these shoppers was erased."""
        return self._any("erased", user_id, visitor_id)

    def gone(self, one_id: str) -> bool:
        """Return whether a user or a visitor of this id was erased; training knows shoppers by the id alone."""
        return self.erased(one_id, one_id)

    def _any(self, which: str, user_id: str | None, visitor_id: str | None) -> bool:
        seen = self._seen
        found: set[bytes] = getattr(seen, which) if seen else set()
        if not found or seen is None:
            return False
        names = ([key_of_user(user_id)] if user_id else []) + ([key_of_visitor(visitor_id)] if visitor_id else [])
        return any(digest(seen.key, name) in found for name in names)

    @staticmethod
    def _apply(seen: _Seen, kind: str, key: str) -> None:
        if kind == REFUSED:
            seen.refused.add(bytes.fromhex(key))
        elif kind == ALLOWED:
            seen.refused.discard(bytes.fromhex(key))
        elif kind == ERASED:
            seen.erased.add(bytes.fromhex(key))


def tell(connection: Connection, kind: str, digests: list[bytes]) -> None:
    """Let every worker know of shoppers, by their digests; late in a transaction."""
    for one in digests:
        append(connection, kind, one.hex())


def _everything(connection: Connection) -> _Seen:
    seen = _Seen(key_of(connection), last(connection))  # first: what changes meanwhile is told again, and harmless
    refused = select(consent.c.shopper).where(consent.c.personalisation.is_(False))
    seen.refused.update(digest(seen.key, shopper) for shopper in connection.scalars(refused))
    graves = select(tombstones.c.digest, tombstones.c.personalisation)
    for one, personalisation in connection.execute(graves):
        seen.erased.add(bytes(one))
        if not personalisation:
            seen.refused.add(bytes(one))
    return seen
