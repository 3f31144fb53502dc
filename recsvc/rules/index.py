"""Rules filed under what they test, so that a request meets the few that may hold, not all of them.

A rule lies under one of its conditions, the rarest that a lookup finds: the page's product, a filter on it, a value
of a field, a segment; else under ``ALWAYS``. The rest of its conditions is tested after.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from models.distinct import distinct
from models.schema import NO_ROWS, Ints, Longs
from recsvc.rules.conditions import Conditions
from recsvc.rules.inverted import Inverted
from recsvc.rules.rest import Rest, no_rest
from recsvc.rules.rowset import RowSet
from recsvc.rules.schema import Condition, FieldIs, ItemIs, Rule, SegmentIs
from recsvc.rules.segments import Segments
from recsvc.rules.situation import Situation
from recsvc.rules.times import BEGINNING, END

Key: TypeAlias = tuple[Hashable, ...]
ALWAYS: Key = ("always",)


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """Places of rules by key and carousel (None: every carousel)."""

    posts: dict[Key, dict[str | None, Ints]]
    filters: Inverted
    segments: frozenset[str]
    """Segments that rules are filed under."""
    starts: Longs
    ends: Longs
    """(n_rules,): outside of [start, end) a rule's windows are closed."""

    def candidates(self, situation: Situation, segments: Segments) -> Ints:
        """Return the places of rules that may hold, sorted; all others do not hold."""
        found = [self._open(key, situation) for key in self._keys(situation)]
        for segment in segments.possible(self.segments, situation.shopper, situation.now):
            places = self._open(("segment", segment), situation)
            if len(places) and segments.holds(segment, situation.shopper, situation.now):
                found.append(places)
        return distinct(np.concatenate(found))

    def _keys(self, situation: Situation) -> Iterator[Key]:
        yield ALWAYS
        if 0 <= situation.page < len(self.filters.ptr) - 1:
            yield ("page", situation.page)
            yield from (("filter", number) for number in self.filters.of_one(situation.page))
        for name, value in situation.fields.items():
            if value not in (None, ""):
                yield ("field", name, value)
                yield ("known", name)

    def _open(self, key: Key, situation: Situation) -> Ints:
        """Return the rules under ``key`` for the carousel whose windows are not all closed."""
        posts = self.posts.get(key)
        if posts is None:
            return NO_ROWS
        places = np.concatenate([posts.get(None, NO_ROWS), posts.get(situation.carousel, NO_ROWS)])
        live: Ints = places[(self.starts[places] <= situation.now) & (situation.now < self.ends[places])]
        return live


def build_index(
    filed: Iterable[tuple[int, Rule, tuple[int, ...]]],
    n_rules: int,
    conditions: Conditions,
    n_products: int,
    rest: Rest = no_rest,
) -> RuleIndex:
    """Return the index of rules, each with its place and the numbers of its conditions; ``rest`` is called often."""
    posts: dict[Key, dict[str | None, list[int]]] = defaultdict(lambda: defaultdict(list))
    starts, ends = np.full(n_rules, BEGINNING), np.full(n_rules, END)
    filters: dict[int, RowSet] = {}
    for place, rule, numbers in filed:
        keys = _keys_of(numbers, conditions)
        filters |= {key[1]: conditions.targets[key[1]].rows for key in keys if key[0] == "filter"}  # type: ignore[misc,index]
        for key in keys:
            for carousel in (None,) if rule.carousels is None else rule.carousels:
                posts[key][carousel].append(place)
        starts[place], ends[place] = _span([conditions.all[number] for number in numbers])
        rest()
    packed: dict[Key, dict[str | None, Ints]] = {}
    for key, one in posts.items():
        packed[key] = {name: np.array(places, np.int32) for name, places in one.items()}
        rest()
    segments = frozenset(str(key[1]) for key in packed if key[0] == "segment")
    return RuleIndex(packed, Inverted.of(list(filters.items()), n_products), segments, starts, ends)


def _span(conditions: Sequence[Condition]) -> tuple[int, int]:
    start, end = BEGINNING, END
    for one in conditions:
        windows = getattr(one, "windows", ())
        if windows:
            start = max(start, min(window.start for window in windows))
            end = min(end, max(window.end for window in windows))
    return start, end


def _keys_of(numbers: tuple[int, ...], conditions: Conditions) -> list[Key]:
    """Return the keys of the rarest condition that a lookup finds."""
    best: tuple[int, list[Key]] = (0, [ALWAYS])
    for number in numbers:
        best = max(best, _keys_of_one(number, conditions), key=lambda one: one[0])
    return best[1]


def _keys_of_one(number: int, conditions: Conditions) -> tuple[int, list[Key]]:
    condition = conditions.all[number]
    if isinstance(condition, ItemIs) and condition.place == "page":
        target = conditions.targets[number]
        if condition.products and target.rows is not None:
            return 5, [("page", int(row)) for row in target.rows.listed()]
        if target.static and target.rows is not None:
            return 4, [("filter", number)]
    if isinstance(condition, FieldIs):
        keys: list[Key] = [("field", condition.name, value) for value in condition.values]
        return (1, [("known", condition.name)]) if condition.known else (3, keys)
    if isinstance(condition, SegmentIs):
        return 2, [("segment", name) for name in condition.names]
    return 0, [ALWAYS]
