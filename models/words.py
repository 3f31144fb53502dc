"""Alternatives by their names: products whose names share rare words. Needs no purchase and no attribute."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from models.base import Fact, Fitting
from models.beyond import Live
from models.catalogue import Catalogue
from models.columns import NumberColumn, TextColumn
from models.errors import NotFittedError
from models.lists import RankedLists, best_entries, summed
from models.offering import OffersAll
from models.popularity import weights_by_age
from models.price_band import OCTAVES, nearness
from models.schema import NO_ROWS, NOTHING, UNKNOWN, Arrays, Context, Floats, Ints, Longs, Scored, take
from models.similar import telling
from models.strings import Strings, encode

WORD = re.compile(r"[^\W\d_]{3,}")
NO_WEIGHTS: Floats = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Held:
    """Which words each of some products has; product i has words[ptr[i]:ptr[i + 1]]."""

    ptr: Longs = field(default_factory=lambda: np.zeros(1, np.int64))
    words: Ints = field(default_factory=lambda: NO_ROWS)
    weights: Floats = field(default_factory=lambda: NO_WEIGHTS)
    """Of each word in its product; the squares of a product's weights add up to 1."""

    @classmethod
    def of(cls, rows: Ints, words: Ints, rarity: Floats, n: int) -> "Held":
        """Return the words of ``n`` products out of pairs sorted by row; ``rarity`` is that of each word."""
        weights = rarity[words].astype(np.float64)
        length = np.sqrt(np.bincount(rows, weights**2, n))
        ptr = np.zeros(n + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=n), out=ptr[1:])
        return cls(ptr, words, (weights / length[rows]).astype(np.float32))

    def slice(self, row: int) -> slice:
        """Return where the words of a product lie."""
        return slice(int(self.ptr[row]), int(self.ptr[row + 1]))


@dataclass
class Words(OffersAll):
    """The cosine of two products' words, each weighing the log of how rare it is, times nearness in price.

    What another attribute says already is no word here: in a shop whose names are put together from brand and category
    nothing is left. Each word keeps its ``length`` most bought products.

    Source: Salton, Buckley, Term-weighting approaches in automatic text retrieval, IP&M 1988.
    """

    source: ClassVar[str] = "words"
    personal: ClassVar[bool] = False
    length: int = 300
    common: float = 0.1
    """A word in a larger share of the products tells no likeness; in two of them it always does."""
    octaves: float = OCTAVES
    words_: Strings = field(default_factory=lambda: Strings.of([]))
    """Sorted by their bytes."""
    rarity_: Floats = field(default_factory=lambda: NO_WEIGHTS)
    """(n_words,) log of the products over those with the word."""
    lists_: RankedLists | None = None
    """Products of each word, with the word's weight in them."""
    held_: Held = field(default_factory=Held)
    price_: Floats = field(default_factory=lambda: NO_WEIGHTS)
    later_: tuple[RankedLists, Held] | None = None
    """Products that came after the training: of each word, the newest first; and the words of each."""

    def fit(self, data: Fitting) -> Self:
        """Learn from names in the catalogue."""
        n = len(data.catalogue)
        price = data.catalogue.columns.get("price")
        self.price_ = (price.values if isinstance(price, NumberColumn) else np.full(n, np.nan)).astype(np.float32)
        own = own_words(data.catalogue, np.arange(n, dtype=np.int32))
        vocabulary = sorted({word for words in own for word in words}, key=encode)
        numbers = {word: number for number, word in enumerate(vocabulary)}
        rows, words = _pairs(own, numbers)
        holders = np.bincount(words, minlength=len(vocabulary))
        telling_ = np.flatnonzero((holders > 1) & (holders <= max(2.0, self.common * n)))
        place = np.full(len(vocabulary), UNKNOWN, np.int32)
        place[telling_] = np.arange(len(telling_), dtype=np.int32)
        used = place[words] != UNKNOWN
        rows, words = rows[used], place[words[used]]
        self.words_ = Strings.of(vocabulary[number] for number in telling_.tolist())
        self.rarity_ = np.log(n / np.maximum(holders[telling_], 1)).astype(np.float32)
        self.held_ = Held.of(rows, words, self.rarity_, n)
        sold = np.bincount(data.purchases.product, weights_by_age(data, 60.0), minlength=n)
        ptr, kept = best_entries(words, rows, sold[rows], len(telling_), self.length)
        self.lists_ = RankedLists(ptr, rows[kept], self.held_.weights[kept])
        return self

    def arrays(self) -> Arrays:
        """Return the words, the lists by word, each product's words and the prices."""
        held: Arrays = {"ptr": self.held_.ptr, "held": self.held_.words, "weights": self.held_.weights}
        own: Arrays = {"rarity": self.rarity_, "price": self.price_}
        return {**self.words_.arrays("words"), **self._lists().arrays("lists"), **held, **own}

    def load(self, arrays: Arrays) -> Self:
        """Take them over."""
        self.words_, self.lists_ = Strings.load(arrays, "words"), RankedLists.load(arrays, "lists")
        self.held_ = Held(
            take(arrays, "ptr", np.int64), take(arrays, "held", np.int32), take(arrays, "weights", np.float32)
        )
        self.rarity_, self.price_ = take(arrays, "rarity", np.float32), take(arrays, "price", np.float32)
        return self

    def follow(self, live: Live) -> "Words":
        """Return the model with live prices, and new products by the words that training knew."""
        price = live.catalogue.columns.get("price")
        values = price.values if isinstance(price, NumberColumn) else np.full(len(live.catalogue), np.nan)
        n_new = len(live.new_rows)
        if not n_new:
            return replace(self, price_=values.astype(np.float32), later_=None)
        own = own_words(live.catalogue, live.new_rows)
        numbers = {word: self.words_.find(word) for words in own for word in words}
        rows, words = _pairs(own, {word: number for word, number in numbers.items() if number != UNKNOWN})
        held = Held.of(rows, words, self.rarity_, n_new)
        ptr, kept = best_entries(words, rows, live.since[rows].astype(np.float64), len(self._lists()), self.length)
        lists = RankedLists(ptr, rows[kept] + np.int32(len(live.trained)), held.weights[kept])
        return replace(self, price_=values.astype(np.float32), later_=(lists, held))

    def _own(self, row: int) -> tuple[Ints, Floats]:
        """Return the words of a product and their weights."""
        held, n_trained = self.held_, len(self.held_.ptr) - 1
        if row >= n_trained:
            if self.later_ is None:
                return NO_ROWS, NO_WEIGHTS
            held, row = self.later_[1], row - n_trained
        return held.words[held.slice(row)], held.weights[held.slice(row)]

    def _all(self, context: Context) -> Scored:
        lists, seed = self._lists(), context.looked_at
        if seed == UNKNOWN:
            return NOTHING
        words, weights = self._own(seed)
        found = [lists.joined(words), *([] if self.later_ is None else [self.later_[0].joined(words)])]
        rows, parts, places = (np.concatenate(columns) for columns in zip(*found, strict=True))
        rows, shared = summed(rows, parts * weights[places])
        scores = np.minimum(shared, 1.0) * (
            0.25 + 0.75 * nearness(self.price_[rows], float(self.price_[seed]), self.octaves)
        )
        others = rows != seed
        return Scored(rows[others].astype(np.int32), scores[others].astype(np.float32))

    def fact(self, context: Context, row: int) -> Fact | None:
        """Name the product that it is called like."""
        seed = context.looked_at
        if seed == UNKNOWN or not np.isin(self._own(row)[0], self._own(seed)[0]).any():
            return None
        return Fact("similar", "Similar to {product}", {"product": seed})

    def _lists(self) -> RankedLists:
        if self.lists_ is None:
            raise NotFittedError("Words: call fit() or load() first")
        return self.lists_


def own_words(catalogue: Catalogue, rows: Ints) -> list[frozenset[str]]:
    """Return for each of ``rows`` the words of its name that none of its other shared attributes has."""
    names = catalogue.columns.get("name")
    if not isinstance(names, TextColumn):
        return [frozenset()] * len(rows)
    others = [column for column in telling(catalogue).values() if isinstance(column, TextColumn)]
    known: dict[tuple[int, int], frozenset[str]] = {}

    def said(place: int, column: TextColumn, row: int) -> frozenset[str]:
        key = (place, int(column.codes[row]))
        if key not in known:
            known[key] = frozenset(word.casefold() for word in WORD.findall(column.value(row) or ""))
        return known[key]

    out = []
    for row in rows.tolist():
        words = said(-1, names, row)
        out.append(words.difference(*(said(place, column, row) for place, column in enumerate(others))))
    return out


def _pairs(own: Sequence[frozenset[str]], numbers: dict[str, int]) -> tuple[Ints, Ints]:
    """Return place and word of each pair, sorted by both."""
    cells = sorted((place, numbers[word]) for place, words in enumerate(own) for word in words if word in numbers)
    table = np.array(cells, np.int32).reshape(-1, 2)
    return np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])
