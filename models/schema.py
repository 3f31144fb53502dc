"""The shared nouns: plain data that training writes, models score and serving ranks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from models.distinct import distinct
from models.errors import ArtifactError

if TYPE_CHECKING:
    from models.columns import Single  # which stands on this file

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[Any]]
"""A model's or table's learned state: array name -> array, as it lies in an artifact."""

UNKNOWN = -1
"""The row of an id that nothing is known about."""
NO_ROWS: Ints = np.empty(0, np.int32)

DAY = 86_400
"""Seconds in a day."""


_T = TypeVar("_T", bound=np.generic)


def take(arrays: Arrays, name: str, kind: type[_T]) -> npt.NDArray[_T]:
    """Return the array called ``name``.

    Raises:
        ArtifactError: it is missing, or holds another kind of number.
    """
    if name not in arrays:
        raise ArtifactError(f"array {name!r} is missing: train again")
    if arrays[name].dtype != kind:
        raise ArtifactError(f"array {name!r} holds {arrays[name].dtype}, not {np.dtype(kind)}: train again")
    return cast(npt.NDArray[_T], arrays[name])


def taken(arrays: Arrays, kinds: Mapping[str, type[np.generic]], prefix: str = "") -> dict[str, Any]:
    """Return the arrays called ``prefix`` + name, by name; see ``take``."""
    return {name: take(arrays, f"{prefix}{name}", kind) for name, kind in kinds.items()}


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchase lines, sorted by user, then time, then product; every array has shape (n_lines,).

    Rows of users, products and stores are places in the id indexes; ``UNKNOWN`` where the line names none
    (an anonymous order has a user row of ``UNKNOWN`` and sorts first).
    """

    user: Ints
    product: Ints
    time: Longs
    """Unix seconds, UTC; all 0 for a shop without times."""
    order: Ints
    """Lines of one order share a number in [0, n_orders)."""
    store: Ints
    quantity: Floats
    """Always above 0."""
    price: Floats
    """Of one piece, in the shop's currency; NaN where unknown."""
    n_users: int
    n_products: int
    n_stores: int
    n_orders: int
    fields: Mapping[str, "Single"] = field(default_factory=dict)
    """The request's context when the line was bought (device, weather, …), (n_lines,) rows each."""
    facts: Mapping[str, "Single"] = field(default_factory=dict)
    """What context tables said of that moment, (n_lines,) rows each; see ``models.moment_facts``."""

    @property
    def moment(self) -> "dict[str, Single]":
        """All that is known of the moment of each line: its fields and the facts."""
        return {**self.fields, **self.facts}

    def __len__(self) -> int:
        return len(self.user)

    def where(self, mask: Bools) -> "Purchases":
        """Return the lines that ``mask`` (n_lines,) holds for, in the same order; the counts stay."""
        return Purchases(
            self.user[mask], self.product[mask], self.time[mask], self.order[mask], self.store[mask],
            self.quantity[mask], self.price[mask], self.n_users, self.n_products, self.n_stores, self.n_orders,
            {name: column.take(mask) for name, column in self.fields.items()},
            {name: column.take(mask) for name, column in self.facts.items()},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class History:
    """One shopper's purchase lines, oldest first; every array has shape (n_lines,)."""

    product: Ints
    time: Longs
    """Unix seconds, UTC."""
    order: Ints
    quantity: Floats
    price: Floats
    """Of one piece; NaN where unknown."""
    store: Ints
    """``UNKNOWN`` where the line names none."""

    def __len__(self) -> int:
        return len(self.product)

    def products(self) -> Ints:
        """Return the distinct products, ascending."""
        return distinct(self.product)

    def before(self, moment: int) -> "History":
        """Return the lines strictly before ``moment`` (Unix seconds)."""
        end = int(np.searchsorted(self.time, moment, side="left"))
        if end == len(self.time):
            return self
        return History(
            self.product[:end], self.time[:end], self.order[:end], self.quantity[:end], self.price[:end],
            self.store[:end],
        )  # fmt: skip


_NONE = np.empty(0, np.float32)
NO_HISTORY = History(NO_ROWS, np.empty(0, np.int64), NO_ROWS, _NONE, _NONE, NO_ROWS)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known at the moment of a request, inside rows and Unix seconds; made once, never changed."""

    at: int
    """The one clock reading of the request: Unix seconds, UTC."""
    user: int = UNKNOWN
    page: int = UNKNOWN
    """The product whose page is looked at."""
    cart: Ints = field(default_factory=lambda: NO_ROWS)
    recent: Ints = field(default_factory=lambda: NO_ROWS)
    """Products looked at in this session, oldest first."""
    store: int = UNKNOWN
    history: History = NO_HISTORY
    """This shopper's purchases before ``at``; empty for a visitor or without consent."""
    fields: Mapping[str, str | float] = field(default_factory=dict)
    """device, referrer, campaign, country, weather, store (outside id) and every declared context field."""

    @property
    def looked_at(self) -> int:
        """The page's product, else the last one of the session; ``UNKNOWN`` without either."""
        return self.page if self.page != UNKNOWN or not len(self.recent) else int(self.recent[-1])


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates of one source: product rows, each at most once, and their scores, highest first."""

    rows: Ints
    """(n_candidates,)"""
    scores: Floats
    """(n_candidates,): above 0; comparable inside one answer of one model only."""

    def __len__(self) -> int:
        return len(self.rows)


HALF, LOWER = np.uint64(32), np.uint64(2**32 - 1)
"""Bits of half a word, and its lower half."""
NOTHING = Scored(NO_ROWS, np.empty(0, np.float32))


def best(scores: npt.NDArray[np.floating], n: int, rows: Ints | None = None) -> Scored:
    """Return the ``n`` highest positive of ``scores`` (n_products,), ties by lower row.

    Args:
        scores: one score a product, or a candidate where ``rows`` is given.
        n: how many at most.
        rows: (n_candidates,) product rows that ``scores`` belong to; default 0, 1, 2, …
    """
    if n <= 0 or not len(scores):
        return NOTHING
    scores = scores.astype(np.float32, copy=False)  # before anything is compared: a tie is a tie of what is answered
    above = scores > 0
    if n < len(scores):
        above &= scores >= np.partition(scores, len(scores) - n)[len(scores) - n]
    places = np.flatnonzero(above)
    named = places if rows is None else rows[places]
    falling = ~scores[places].view(np.uint32)  # what is above 0 is in the order of its bits
    words = falling.astype(np.uint64) << HALF | named.astype(np.uint64)
    words.sort()  # one sort of numbers, where a catalogue sorted by two keys takes a hundred times as long
    words = words[:n]
    return Scored((words & LOWER).astype(np.int32), (~(words >> HALF).astype(np.uint32)).view(np.float32))
