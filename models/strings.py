"""A table of texts as two arrays, so that a million of them map from disk and cost no Python objects."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.schema import UNKNOWN, Arrays, Bytes, Longs, take


def encode(text: str) -> bytes:
    """Return ``text`` as bytes; a lone surrogate keeps its own bytes and matches nothing real."""
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Strings(Sequence[str]):
    """Texts by row; a sorted table (a vocabulary) can be searched too."""

    offsets: Longs
    """(n + 1,): row i lies at data[offsets[i]:offsets[i + 1]]."""
    data: Bytes
    """UTF-8."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Strings":
        """Return the table of ``texts`` in their order."""
        pieces = [encode(text) for text in texts]
        offsets = np.zeros(len(pieces) + 1, np.int64)
        np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
        return cls(offsets, np.frombuffer(b"".join(pieces), np.uint8))

    @classmethod
    def load(cls, arrays: Arrays, name: str) -> "Strings":
        """Return the table that ``arrays`` holds as ``{name}.offsets`` and ``{name}.bytes``."""
        return cls(take(arrays, f"{name}.offsets", np.int64), take(arrays, f"{name}.bytes", np.uint8))

    def arrays(self, name: str) -> dict[str, Longs | Bytes]:
        """Return the two arrays under the names that ``load`` reads."""
        return {f"{name}.offsets": self.offsets, f"{name}.bytes": self.data}

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def raw(self, row: int) -> bytes:
        """Return the bytes of ``row`` in [0, n)."""
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def __getitem__(self, row: int) -> str:  # type: ignore[override]
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} is outside 0 … {len(self) - 1}")
        return self.raw(row).decode("utf-8", "surrogatepass")

    def find(self, text: str) -> int:
        """Return the row of ``text`` in a table sorted by bytes, or ``UNKNOWN``."""
        wanted = encode(text)
        row = bisect_left(range(len(self)), wanted, key=self.raw)
        return row if row < len(self) and self.raw(row) == wanted else UNKNOWN
