"""What a shopper is called in the store: the one part of it that serving writes and training reads by name.

Tables are those of ``recsvc/store/tables.py``; training reads ``meta``, ``events``, ``consent`` and ``tombstones``.
"""

from hashlib import blake2b
from pathlib import Path

USER, VISITOR = "u:", "v:"
"""What the key of a shopper begins with: ids of users and of visitors may be the same."""
DIGEST_BYTES = 16


def key_of_user(user_id: str) -> str:
    """Return the shopper key of a user."""
    return USER + user_id


def key_of_visitor(visitor_id: str) -> str:
    """Return the shopper key of a visitor."""
    return VISITOR + visitor_id


def keys_of(one_id: str) -> tuple[str, str]:
    """Return the keys that an id may stand for where nobody says which: a user's and a visitor's."""
    return key_of_user(one_id), key_of_visitor(one_id)


def id_of(key: str) -> str:
    """Return the id in a shopper key."""
    return key[len(USER) :]


def digest(key: bytes, text: str) -> bytes:
    """Return what stands for ``text`` where it must not be kept itself: no way back without the store's ``key``."""
    return blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=DIGEST_BYTES).digest()


def no_store(name: str, *, default: bool) -> str:
    """Return what to say of a store that is not there.

    Args:
        name: of the store, without a password.
        default: nobody named it; else somebody did, and may have mistyped it.
    """
    why = "this shop never served yet" if default else "mistyped, or no service ever served with it"
    return f"{name}: there is no store: {why}. `recsvc serve` makes it; name another with --store or RECSVC_STORE"


def default_store(artifacts: Path) -> str:
    """Return the URL of the store where nobody names one: beside the folder of the trained versions."""
    return f"sqlite:///{artifacts.parent / 'store' / 'recsvc.db'}"
