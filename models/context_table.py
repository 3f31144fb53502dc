"""Facts that hold for a moment (promotions by product, store and week; weather by region and day), looked up by key.

Rows lie grouped by their keys other than the product, products sorted inside each group: four bytes for the product and
one, two or four for what holds there. What holds (the fields, and from when to when) is kept once for all rows alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from models.columns import Column, NumberColumn, TagsColumn, column_arrays, load_columns
from models.compiled import kernels
from models.errors import ArtifactError
from models.ids import IdIndex
from models.schema import UNKNOWN, Arrays, Floats, Ints, Longs, take

KeyKind: TypeAlias = Literal["text", "period"]
Whats: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
Looked: TypeAlias = dict[str, Ints | Floats]
PRODUCT = "product_id"
DATE = "date"
"""A key of this name is the local date itself: a period of one day, counted from 1970-01-01."""
EPOCH = date(1970, 1, 1).toordinal()
LISTED = "listed"
"""What a table without fields tells: 1 where there is a row, else 0."""
ALWAYS = np.iinfo(np.int64)


@dataclass(frozen=True, slots=True)
class Key:
    """One key other than the product."""

    name: str
    kind: KeyKind = "text"
    starts: int = EPOCH
    """Of a period: day number (``date.toordinal``) on which period ``first`` starts."""
    days: int = 1
    first: int = 0

    def period(self, at: int, zone: ZoneInfo) -> int:
        """Return the number of the period that the local date of ``at`` (Unix seconds) lies in."""
        return self.first + (datetime.fromtimestamp(at, zone).toordinal() - self.starts) // self.days


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class ContextTable:
    """A lookup table; ``match`` and ``lookup`` where a row names a product, ``facts`` where it does not."""

    keys: tuple[Key, ...]
    by_product: bool
    """True: every row is of one product."""
    zone: str
    """The zone whose dates count."""
    values: tuple[IdIndex | Longs, ...]
    """The values of each key: texts, or sorted period numbers."""
    groups: Longs
    """(n_groups,) sorted: the places of the values of all keys as one number."""
    ptr: Longs
    """(n_groups + 1,): group g has rows ptr[g]:ptr[g + 1]."""
    product: Ints
    """(n_rows,) sorted inside a group; (0,) without a product key."""
    what: Whats
    """(n_rows,): what holds there, a row of ``columns``, ``starts`` and ``ends``."""
    starts: Longs
    """(n_kinds,) Unix seconds from which it holds."""
    ends: Longs
    """(n_kinds,) Unix seconds at which it ends."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """The fields, (n_kinds,) rows each."""

    @classmethod
    def load(cls, arrays: Arrays, settings: Mapping[str, Any]) -> "ContextTable":
        """Return the table whose ``arrays()`` and ``settings()`` these are.

        Raises:
            ArtifactError: an array is missing, or holds another kind of number.
        """
        keys = tuple(Key(**one) for one in settings["keys"])
        values = tuple(
            take(arrays, f"key{i}.periods", np.int64)
            if key.kind == "period"
            else IdIndex.load(_under(arrays, f"key{i}."))
            for i, key in enumerate(keys)
        )
        return cls(
            keys, settings["by_product"], settings["zone"], values, take(arrays, "groups", np.int64),
            take(arrays, "ptr", np.int64), take(arrays, "product", np.int32), _what(arrays),
            take(arrays, "starts", np.int64), take(arrays, "ends", np.int64), load_columns(_under(arrays, "columns.")),
        )  # fmt: skip

    def arrays(self) -> Arrays:
        """Return the table as arrays for an artifact."""
        out: dict[str, npt.NDArray[Any]] = {
            "groups": self.groups, "ptr": self.ptr, "product": self.product, "what": self.what, "starts": self.starts,
            "ends": self.ends,
        }  # fmt: skip
        for i, values in enumerate(self.values):
            parts = values.arrays() if isinstance(values, IdIndex) else {"periods": values}
            out |= {f"key{i}.{name}": array for name, array in parts.items()}
        return out | {f"columns.{name}": array for name, array in column_arrays(dict(self.columns)).items()}

    def settings(self) -> dict[str, Any]:
        """Return what the keys mean, as plain data."""
        keys = [{name: getattr(key, name) for name in Key.__slots__} for key in self.keys]
        return {"keys": keys, "by_product": self.by_product, "zone": self.zone}

    def __len__(self) -> int:
        return len(self.what)

    def clock(self) -> ZoneInfo:
        """Return the zone whose dates count."""
        return _zone(self.zone)

    def group(self, fields: Mapping[str, str | float | None], at: int, user_id: str | None = None) -> int:
        """Return the group of a request, or ``UNKNOWN`` where a key is not given or has no row."""
        code = 0
        for key, values in zip(self.keys, self.values, strict=True):
            place = self._place(key, values, fields, at, user_id)
            if place == UNKNOWN:
                return UNKNOWN
            code = code * len(values) + place
        return _find(self.groups, code)

    def _place(
        self, key: Key, values: IdIndex | Longs, fields: Mapping[str, str | float | None], at: int, user_id: str | None
    ) -> int:
        if not isinstance(values, IdIndex):
            return _find(values, key.period(at, self.clock()))
        given = user_id if key.name == "user_id" else fields.get(key.name)
        if given is None and key.name == "store_id":
            given = fields.get("store")
        return values.row(key_text(given))

    def match(self, fields: Mapping[str, str | float | None], at: int, rows: Ints, user_id: str | None = None) -> Ints:
        """Return (n,): what holds at ``at`` (Unix seconds) for each product of ``rows``, or ``UNKNOWN``.

        Of several that hold, the one that started last counts.
        """
        out = np.full(len(rows), UNKNOWN, np.int32)
        group = self.group(fields, at, user_id) if self.by_product else UNKNOWN
        if group == UNKNOWN or not len(rows):
            return out
        begin, end = int(self.ptr[group]), int(self.ptr[group + 1])
        kernels().holding(self.product, self.what, self.starts, self.ends, begin, end, at, rows, out)
        return out

    def lookup(
        self, fields: Mapping[str, str | float | None], at: int, rows: Ints, user_id: str | None = None
    ) -> Looked:
        """Return the fields for each product of ``rows``: codes of a text field, values of a number.

        A text field's codes are places in ``columns[name].vocabulary``; ``UNKNOWN`` and NaN where nothing holds.
        """
        what = self.match(fields, at, rows, user_id)
        if not self.columns:
            return {LISTED: (what != UNKNOWN).astype(np.float32)}
        return {name: _values(column, what) for name, column in self.columns.items()}

    def facts(
        self, fields: Mapping[str, str | float | None], at: int, user_id: str | None = None
    ) -> dict[str, str | float]:
        """Return the fields that hold for a request, in a table without a product key; nothing where none holds."""
        group = UNKNOWN if self.by_product else self.group(fields, at, user_id)
        if group == UNKNOWN:
            return {}
        for what in self.what[self.ptr[group] : self.ptr[group + 1]].tolist():
            if self.starts[what] <= at < self.ends[what]:
                if not self.columns:
                    return {LISTED: 1.0}
                told = {name: column.value(what) for name, column in self.columns.items()}
                return {name: value for name, value in told.items() if isinstance(value, str | float)}
        return {}


def key_text(value: str | float | None) -> str | None:
    """Return a key's value as the text that the table has: 7.0 is "7"."""
    if value is None or isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else str(value)


def build(
    keys: Sequence[Key], values: Sequence[IdIndex | Longs], packed: Longs, n_products: int | None, zone: str,
    starts: Longs, ends: Longs, columns: Mapping[str, Column],
) -> ContextTable:  # fmt: skip
    """Return the table of rows that are packed in one number each, (group * n_products + product) * n_kinds + kind.

    Args:
        keys: the keys other than the product.
        values: the values of each key; their places make the group, the first key counting most.
        packed: (n_rows,) in any order; it is sorted in place. Equal rows count once; kinds of one product and group
            are tried in their order.
        n_products: None = no product key.
        zone: whose dates count.
        starts, ends: (n_kinds,) Unix seconds; kinds are best sorted by ``starts``, latest first.
        columns: the fields, (n_kinds,) rows each.
    """
    n_kinds = max(len(starts), 1)
    packed.sort()
    packed = packed[np.concatenate([[True], packed[1:] != packed[:-1]])] if len(packed) else packed
    what = _small(packed % n_kinds, n_kinds)
    packed = packed // n_kinds
    product = np.empty(0, np.int32)
    if n_products is not None:
        product = (packed % max(n_products, 1)).astype(np.int32)
        packed //= max(n_products, 1)
    edges = (
        np.flatnonzero(np.concatenate([[True], packed[1:] != packed[:-1]])) if len(packed) else np.empty(0, np.int64)
    )
    ptr = np.append(edges, len(packed)).astype(np.int64)
    return ContextTable(
        tuple(keys), n_products is not None, zone, tuple(values), packed[edges], ptr, product, what, starts, ends,
        dict(columns),
    )  # fmt: skip


def _small(kinds: Longs, n_kinds: int) -> Whats:
    if n_kinds <= 1 << 8:
        return kinds.astype(np.uint8)
    return kinds.astype(np.uint16) if n_kinds <= 1 << 16 else kinds.astype(np.uint32)


def _what(arrays: Arrays) -> Whats:
    if "what" not in arrays or arrays["what"].dtype.kind != "u":
        raise ArtifactError("array 'what' of a context table is missing or holds no kinds: train again")
    return arrays["what"]


def _values(column: Column, what: Ints) -> Ints | Floats:
    known = what != UNKNOWN
    if isinstance(column, TagsColumn) or not known.any():
        return (
            np.full(len(what), np.nan, np.float32) if isinstance(column, NumberColumn) else np.full_like(what, UNKNOWN)
        )
    if isinstance(column, NumberColumn):  # where nothing holds the last one is read, and not taken
        return np.where(known, column.values[what], np.nan).astype(np.float32)
    return np.where(known, column.codes[what], np.int32(UNKNOWN))


def _find(values: Longs, wanted: int) -> int:
    place = int(np.searchsorted(values, wanted))
    return place if place < len(values) and values[place] == wanted else UNKNOWN


def _under(arrays: Arrays, prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
