"""Outside ids to inside rows, by a memory-mapped index: no dict of millions, one copy for all workers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from models.errors import DataError
from models.schema import UNKNOWN, Arrays, Ints, take
from models.strings import Strings, encode

Hashes = npt.NDArray[np.uint64]
MANY = 32
"""Ids from which they are searched for all at once."""


def _hash(raw: bytes) -> int:
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class IdIndex:
    """Ids of users, products or stores; row i is the i-th id given to ``of``."""

    texts: Strings
    hashes: Hashes
    """(n,) sorted 64-bit hashes; equal ones (a collision) lie side by side."""
    rows_by_hash: Ints
    """(n,) the row of each hash."""

    @classmethod
    def of(cls, ids: Iterable[str]) -> "IdIndex":
        """Return the index of distinct ``ids``.

        Raises:
            DataError: an id is given twice.
        """
        texts = Strings.of(ids)
        hashes = np.fromiter((_hash(texts.raw(row)) for row in range(len(texts))), np.uint64, len(texts))
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        index = cls(texts, hashes[order], order)
        for row in order[1:][index.hashes[1:] == index.hashes[:-1]]:
            if index.row(texts[row]) != row:
                raise DataError(f"id {texts[row]!r} is given twice: keep one row of it")
        return index

    @classmethod
    def load(cls, arrays: Arrays) -> "IdIndex":
        """Return the index that ``arrays`` (see ``arrays()``) hold."""
        return cls(Strings.load(arrays, "ids"), take(arrays, "hashes", np.uint64), take(arrays, "rows", np.int32))

    def arrays(self) -> Arrays:
        """Return the index as arrays for an artifact."""
        return {**self.texts.arrays("ids"), "hashes": self.hashes, "rows": self.rows_by_hash}

    def plus(self, ids: Sequence[str]) -> "IdIndex":
        """Return the index with further distinct ``ids``, none of them here yet, in rows behind the others."""
        if not ids:
            return self
        fresh = np.array([_hash(encode(one)) for one in ids], np.uint64)
        rows = np.arange(len(self), len(self) + len(ids), dtype=np.int32)
        order = np.argsort(fresh, kind="stable")
        places = np.searchsorted(self.hashes, fresh[order])
        hashes = np.insert(self.hashes, places, fresh[order])
        return IdIndex(self.texts.plus(ids), hashes, np.insert(self.rows_by_hash, places, rows[order]))

    def __len__(self) -> int:
        return len(self.texts)

    def row(self, outside: str | None) -> int:
        """Return the row of an id, or ``UNKNOWN``: in logarithmic time, whatever the text is."""
        if not outside:
            return UNKNOWN
        raw = encode(outside)
        wanted = np.uint64(_hash(raw))
        place = int(self.hashes.searchsorted(wanted))
        while place < len(self.hashes) and self.hashes[place] == wanted:
            row = int(self.rows_by_hash[place])
            if self.texts.raw(row) == raw:
                return row
            place += 1
        return UNKNOWN

    def rows(self, outside: Sequence[str]) -> Ints:
        """Return (n,) rows of ids, ``UNKNOWN`` for those that are not here."""
        if len(outside) < MANY or not len(self):
            return np.fromiter((self.row(one) for one in outside), np.int32, len(outside))
        raws = [encode(one) for one in outside]
        wanted = np.fromiter((_hash(raw) for raw in raws), np.uint64, len(raws))
        places = np.minimum(np.searchsorted(self.hashes, wanted), len(self) - 1)
        out = np.where(self.hashes[places] == wanted, self.rows_by_hash[places], np.int32(UNKNOWN))
        for place in np.flatnonzero(out != UNKNOWN).tolist():
            if not raws[place] or self.texts.raw(int(out[place])) != raws[place]:  # nothing, or the same hash
                out[place] = self.row(outside[place])
        return out

    def known(self, outside: Sequence[str]) -> Ints:
        """Return the rows of those ids that are here, in their order."""
        rows = self.rows(outside)
        known: Ints = rows[rows != UNKNOWN]
        return known

    def id(self, row: int) -> str:
        """Return the outside id of ``row`` in [0, n)."""
        return self.texts[row]
