"""A table of texts as two arrays, so that a million of them map from disk and cost no Python objects."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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
        offsets, data = self.whole()
        return {f"{name}.offsets": offsets, f"{name}.bytes": data}

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def raw(self, row: int) -> bytes:
        """Return the bytes of ``row`` in [0, n)."""
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def __getitem__(self, row: int) -> str:  # type: ignore[override]
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} is outside 0 … {len(self) - 1}")
        return self.raw(row).decode("utf-8", "surrogatepass")

    def whole(self) -> tuple[Longs, Bytes]:
        """Return offsets and bytes of all rows."""
        return self.offsets, self.data

    def find(self, text: str) -> int:
        """Return the row of ``text`` in a table sorted by bytes, or ``UNKNOWN``."""
        wanted = encode(text)
        row = bisect_left(range(len(self)), wanted, key=self.raw)
        return row if row < len(self) and self.raw(row) == wanted else UNKNOWN

    def plus(self, texts: Sequence[str]) -> "Strings":
        """Return the same table with further ``texts`` behind it: every row stays what it was, and is not copied."""
        return MoreStrings(self.offsets, self.data, (*self.added, *texts)) if texts else self

    @property
    def added(self) -> tuple[str, ...]:
        """The texts behind those of ``data``."""
        return ()


@dataclass(frozen=True, slots=True)
class MoreStrings(Strings):
    """A table that maps from disk, with texts behind it that came later, in the order in which they came."""

    more: tuple[str, ...]
    places: dict[str, int] = field(init=False, repr=False, compare=False)
    """The row of each text of ``more``."""

    def __post_init__(self) -> None:
        start = len(self.offsets) - 1
        object.__setattr__(self, "places", {text: start + place for place, text in enumerate(self.more)})

    @property
    def added(self) -> tuple[str, ...]:
        """The texts behind those of ``data``."""
        return self.more

    def __len__(self) -> int:
        return len(self.offsets) - 1 + len(self.more)

    def raw(self, row: int) -> bytes:
        """Return the bytes of ``row`` in [0, n)."""
        place = row - (len(self.offsets) - 1)
        return encode(self.more[place]) if place >= 0 else Strings.raw(self, row)

    def whole(self) -> tuple[Longs, Bytes]:
        """Return offsets and bytes of all rows, copied."""
        tail = Strings.of(self.more)
        offsets = np.concatenate([self.offsets, tail.offsets[1:] + self.offsets[-1]])
        return offsets, np.concatenate([self.data, tail.data])

    def find(self, text: str) -> int:
        """Return the row of ``text``, or ``UNKNOWN``; what came later need not be sorted."""
        place = self.places.get(text)
        return Strings(self.offsets, self.data).find(text) if place is None else place
