"""One word that changes with any purchase before a moment, and with nothing after it, however rows are numbered."""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from models.columns import TextColumn
from models.ids import IdIndex
from models.schema import Floats, Purchases
from training.read.shop_data import ShopData

Words = npt.NDArray[np.uint64]
BLOCK = 1 << 20
"""Lines that are worked on at once."""


def fingerprint(data: ShopData, before: int) -> str:
    """Return a digest of what was bought (where, when, at what price) and looked at strictly before a moment (Unix seconds).

    The lines' words are summed up, so that neither their order nor later users and products matter.
    """
    lines = data.purchases
    keys = [_of_ids(ids) for ids in (data.users, data.products, data.stores)]
    texts = {name: _of_texts(c) for name, c in sorted(lines.fields.items()) if isinstance(c, TextColumn)}
    total, count = 0, 0
    for first in range(0, len(lines), BLOCK):
        here = np.flatnonzero(lines.time[first : first + BLOCK] < before) + first
        total += int(_words(lines, here, keys, texts).sum(dtype=np.uint64))  # each block's is one of 64 bits
        count += len(here)
    seen = data.signals.before(before)
    told = (keys[0][seen.user], keys[1][seen.product], seen.time.astype(np.uint64), _bits(seen.weight))
    total += int(_word(told, len(seen)).sum(dtype=np.uint64))
    return hashlib.sha256(f"{count} {len(seen)} {total % 2**64} {sorted(lines.fields)}".encode()).hexdigest()


def _words(lines: Purchases, here: npt.NDArray[np.int64], keys: list[Words], texts: dict[str, Words]) -> Words:
    rows = (lines.user, lines.product, lines.store)
    parts = [key[row[here]] for key, row in zip(keys, rows, strict=True)]
    parts.append(lines.time[here].astype(np.uint64))
    parts += [_bits(values[here]) for values in (lines.quantity, lines.price)]
    for name, column in sorted(lines.fields.items()):
        taken = column.take(here)
        parts.append(texts[name][taken.codes] if isinstance(taken, TextColumn) else taken.values.view(np.uint64))
    return _word(parts, len(here))


def _word(parts: Iterable[Words], n: int) -> Words:
    """Return (n,) words that depend on every part, and on the order of the parts."""
    word = np.zeros(n, np.uint64)
    for part in parts:
        word = _mixed(word ^ part)
    return word


def _bits(values: Floats) -> Words:
    return values.view(np.uint32).astype(np.uint64)


def _mixed(words: Words) -> Words:
    """Return words that look drawn (Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _of_ids(ids: IdIndex) -> Words:
    """Return (n + 1,) a word for each row; the last one is for ``UNKNOWN``, which is -1."""
    out = np.zeros(len(ids) + 1, np.uint64)
    out[ids.rows_by_hash] = ids.hashes
    return out


def _of_texts(column: TextColumn) -> Words:
    """Return (n + 1,) a word for each code; the last one is for ``UNKNOWN``, which is -1."""
    return _of_ids(IdIndex.of(column.vocabulary))
