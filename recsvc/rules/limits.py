"""Step 8's limits: at most so many products of a brand, a category, a tag. A pin counts and is never removed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.columns import NumberColumn, TagsColumn, TextColumn
from models.compiled import kernels
from models.schema import NO_ROWS, UNKNOWN, Ints, Longs
from recsvc.rules.match import Active

AT_ONCE = 256
"""Products whose groups are looked up together: a full list asks of no more than it looks at."""
ANY = np.iinfo(np.int32).max
"""As many of a group as there are."""
NOT_SEEN = -2
NO_GROUPS = np.empty(0, np.int64)


@dataclass(slots=True)
class Limits:
    """The limits of one carousel, by their number, and what was counted towards them so far."""

    active: Active
    places: Sequence[int]
    most: Ints
    """(n_limits,)"""
    strict: Ints
    """(n_limits,) the same of strict limits, ``ANY`` of the others."""
    limit: Longs = field(default_factory=lambda: NO_GROUPS)
    """(n_groups,) number of the limit that a group of products is of."""
    value: Longs = field(default_factory=lambda: NO_GROUPS)
    """(n_groups,) what its products share: a code, or the bits of a number."""
    count: Longs = field(default_factory=lambda: NO_GROUPS)
    """(n_groups,) products shown."""

    @classmethod
    def of(cls, active: Active) -> "Limits":
        """Return the limits that hold, with nothing counted."""
        places = active.of("limit")
        rules = [active.bound.rules[place] for place in places]
        most = np.array([rule.max for rule in rules], np.int32)
        return cls(active, places, most, np.where([rule.strict for rule in rules], most, ANY).astype(np.int32))

    def count_all(self, rows: Ints) -> None:
        """Count products that are shown whatever the limits say."""
        self.take(rows, len(rows), np.full(len(self.places), ANY, np.int32))

    def take(self, rows: Ints, need: int, most: Ints) -> Ints:
        """Take up to ``need`` of ``rows`` in their order, and count them.

        Returns:
            (n_rows,) ``UNKNOWN`` for a product that was taken, else the number of the limit that passed it over, or
            ``NOT_SEEN`` where enough were taken before.
        """
        by = np.full(len(rows), UNKNOWN if not self.places else NOT_SEEN, np.int32)
        if not self.places:
            by[max(need, 0) :] = NOT_SEEN
            return by
        number, limit, value = self._entries(rows)
        values, codes = np.unique(np.concatenate([self.value, value]), return_inverse=True)
        cells = np.concatenate([self.limit, limit]) * max(len(values), 1) + codes
        cells, group = np.unique(cells, return_inverse=True)
        n_known = len(self.count)
        count = np.zeros(len(cells), np.int64)
        count[group[:n_known]] = self.count
        ptr = np.searchsorted(number, np.arange(len(rows) + 1))
        kernels().take(ptr, group[n_known:], limit.astype(np.int32), most, max(need, 0), count, by)
        self.limit, self.value, self.count = cells // max(len(values), 1), values[cells % max(len(values), 1)], count
        return by

    def _entries(self, rows: Ints) -> tuple[Longs, Longs, Longs]:
        """Return each group of each of ``rows``: place in ``rows``, ascending; limit; value. Without a value it has none."""
        found = [
            (inside[places], np.full(len(places), number), value)
            for number, place in enumerate(self.places)
            for inside in [np.flatnonzero(self.active.has(place, rows))]
            for places, value in [self._values(place, rows[inside])]
        ]
        number, limit, value = (np.concatenate(part).astype(np.int64) for part in zip(*found, strict=True))
        order = np.argsort(number, kind="stable")  # of one product the limits stay in their order
        return number[order], limit[order], value[order]

    def _values(self, place: int, rows: Ints) -> tuple[Longs, Longs]:
        """Return places in ``rows``, and the value by which each is limited there."""
        per = self.active.bound.rules[place].per
        if not per:
            return np.arange(len(rows)), np.zeros(len(rows), np.int64)
        column = self.active.bound.catalogue.columns.get(per)
        if isinstance(column, TextColumn):
            known = np.flatnonzero(column.codes[rows] != UNKNOWN)
            return known, column.codes[rows[known]].astype(np.int64)
        if isinstance(column, NumberColumn):
            known = np.flatnonzero(~np.isnan(column.values[rows]))
            return known, (column.values[rows[known]].astype(np.float64) + 0.0).view(np.int64)  # -0 is 0
        if isinstance(column, TagsColumn):
            some = column.take(rows)
            return np.repeat(np.arange(len(rows)), np.diff(some.ptr)), some.codes.astype(np.int64)
        return NO_GROUPS, NO_GROUPS


@dataclass(slots=True)
class Filling:
    """What was taken in order, and what a limit passed over."""

    taken: list[int]
    """Product rows."""
    passed: Ints = field(default_factory=lambda: NO_ROWS)
    """(n_passed,) product rows."""
    by: Ints = field(default_factory=lambda: NO_ROWS)
    """(n_passed,) numbers of the limits that passed them over."""

    def over(self, limits: Limits) -> dict[int, str]:
        """Return the rule that passed each product over."""
        ids = [limits.active.bound.rules[place].id for place in limits.places]
        return {row: ids[number] for row, number in zip(self.passed.tolist(), self.by.tolist(), strict=True)}


def fill(rows: Ints, need: int, limits: Limits) -> Filling:
    """Take up to ``need`` of ``rows`` in their order, as the limits allow; greedy, for each one taken counts."""
    if not limits.places:
        return Filling(rows[: max(need, 0)].tolist())
    out = Filling([])
    for start in range(0, len(rows), AT_ONCE):
        if len(out.taken) >= need:
            break
        some = rows[start : start + AT_ONCE]
        by = limits.take(some, need - len(out.taken), limits.most)
        out.taken += some[by == UNKNOWN].tolist()
        out.passed = np.concatenate([out.passed, some[by >= 0]])
        out.by = np.concatenate([out.by, by[by >= 0]])
    return out


def refill(filling: Filling, need: int, limits: Limits) -> list[int]:
    """Return up to ``need`` of what was passed over, in order, breaking no strict limit."""
    if need <= 0 or not len(filling.passed):
        return []
    taken: list[int] = filling.passed[limits.take(filling.passed, need, limits.strict) == UNKNOWN].tolist()
    return taken
