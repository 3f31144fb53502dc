"""API keys and their scopes. Keys are kept as digests, compared in constant time, and never shown."""

from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, TypeAlias

from models.shop import suggest

Scope: TypeAlias = Literal["open", "public", "catalogue", "admin"]

OPENS: dict[str, tuple[Scope, ...]] = {
    "public": ("open", "public"),
    "catalogue": ("open", "public", "catalogue"),
    "admin": ("open", "public", "catalogue", "admin"),
}
"""What a key of each scope opens: a stronger key does what the weaker ones do."""

EASY = 16
"""Keys shorter than this many characters are easy to guess."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one start; one is revoked by leaving it out at the next."""

    held: tuple[tuple[str, bytes], ...] = field(repr=False)
    """(scope, SHA-256 of the key) each."""
    easy: int = 0
    """How many are short enough to be guessed."""

    def __bool__(self) -> bool:
        return bool(self.held)

    def opens(self, given: str | None) -> tuple[Scope, ...] | None:
        """Return the scopes that ``given`` opens, or None where it is no key of ours.

        Without any keys everything is open: the service then listens on a loopback address only.
        """
        if not self.held:
            return OPENS["admin"]
        if given is None:
            return ("open",)
        digest = _digest(given)
        found: str | None = None
        for scope, held in self.held:  # no early exit: the time tells nothing about the place of a match
            if compare_digest(digest, held):
                found = scope
        return OPENS[found] if found else None


def parse_keys(text: str) -> Keys:
    """Return the keys of ``scope:key,scope:key``.

    Raises:
        ValueError: a part has no scope, an unknown one, or no key, or a key is given twice; names the part by its place.
    """
    held: dict[bytes, str] = {}
    easy = 0
    for place, part in enumerate(text.split(","), start=1):
        scope, colon, key = (piece.strip() for piece in part.partition(":"))
        if not colon or not key:
            raise ValueError(f"key {place}: write scope:key, such as public:…")
        if scope not in OPENS:
            raise ValueError(f"key {place}: the scope is none of {', '.join(OPENS)}{suggest(scope[:20], OPENS)}")
        if not key.isascii() or not key.isprintable():
            raise ValueError(f"key {place}: take printable ASCII, since the key travels in a header")
        digest = _digest(key)
        if digest in held:
            raise ValueError(f"key {place}: the same key is given twice")
        held[digest] = scope
        easy += len(key) < EASY
    return Keys(tuple((scope, digest) for digest, scope in held.items()), easy)


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogateescape")).digest()
