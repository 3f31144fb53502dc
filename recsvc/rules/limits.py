"""Step 8's limits: at most so many products of a brand, a category, a tag. A pin counts and is never removed."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.columns import NumberColumn, TagsColumn, TextColumn
from models.schema import UNKNOWN, Ints
from recsvc.rules.match import Active

Group = Hashable
AT_ONCE = 64
"""Products whose groups are looked up together: a full list asks of no more than it looks at."""


@dataclass(slots=True)
class Limits:
    """The limits of one carousel and what was counted towards them so far."""

    active: Active
    places: Sequence[int]
    counts: dict[int, Counter[Group]] = field(default_factory=dict)

    @classmethod
    def of(cls, active: Active) -> "Limits":
        """Return the limits that hold, with nothing counted."""
        places = active.of("limit")
        return cls(active, places, {place: Counter() for place in places})

    def groups(self, rows: Ints) -> list[dict[int, tuple[Group, ...]]]:
        """Return, for each of ``rows``, the groups that it falls into, by limit; products without a value are free."""
        out: list[dict[int, tuple[Group, ...]]] = [{} for _ in range(len(rows))]
        for place in self.places:
            inside = np.flatnonzero(self.active.has(place, rows))
            for number, found in zip(inside.tolist(), self._values(place, rows[inside]), strict=True):
                if found:
                    out[number][place] = found
        return out

    def _values(self, place: int, rows: Ints) -> list[tuple[Group, ...]]:
        per = self.active.bound.rules[place].per
        if not per:
            return [("",)] * len(rows)
        column = self.active.bound.catalogue.columns.get(per)
        if isinstance(column, TextColumn):
            return [(code,) if code != UNKNOWN else () for code in column.codes[rows].tolist()]
        if isinstance(column, NumberColumn):
            return [(value,) if value == value else () for value in column.values[rows].tolist()]
        if isinstance(column, TagsColumn):
            return [tuple(column.codes[column.ptr[row] : column.ptr[row + 1]].tolist()) for row in rows]
        return [()] * len(rows)

    def count(self, groups: dict[int, tuple[Group, ...]]) -> None:
        """Count a product that is shown."""
        for place, own in groups.items():
            self.counts[place].update(own)

    def over(self, groups: dict[int, tuple[Group, ...]], *, strict_only: bool = False) -> int | None:
        """Return the place of a limit that a further product of these groups would break, or None."""
        for place, own in groups.items():
            rule = self.active.bound.rules[place]
            if (rule.strict or not strict_only) and any(self.counts[place][one] >= rule.max for one in own):
                return place
        return None


@dataclass(slots=True)
class Filling:
    """What was taken in order, and what a limit passed over."""

    taken: list[int] = field(default_factory=list)
    """Product rows."""
    passed: list[tuple[int, dict[int, tuple[Group, ...]]]] = field(default_factory=list)
    over: dict[int, str] = field(default_factory=dict)
    """Product row -> the rule that passed it over."""


def fill(rows: Ints, need: int, limits: Limits) -> Filling:
    """Take up to ``need`` of ``rows`` in their order, as the limits allow; greedy, for each one taken counts."""
    if not limits.places:
        return Filling(rows[: max(need, 0)].tolist())
    out = Filling()
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        if len(out.taken) >= need:
            break
        for row, groups in zip(some.tolist(), limits.groups(some), strict=True):
            if len(out.taken) >= need:
                break
            place = limits.over(groups)
            if place is None:
                limits.count(groups)
                out.taken.append(row)
            else:
                out.passed.append((row, groups))
                out.over[row] = limits.active.bound.rules[place].id
    return out


def refill(filling: Filling, need: int, limits: Limits) -> list[int]:
    """Return up to ``need`` of what was passed over, in order, breaking no strict limit."""
    taken: list[int] = []
    for row, groups in filling.passed:
        if len(taken) >= need:
            break
        if limits.over(groups, strict_only=True) is None:
            limits.count(groups)
            taken.append(row)
    return taken
