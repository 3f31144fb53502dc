"""What can be proved of two rules from the file alone: where one holds, the other does. When in doubt, no."""

from collections.abc import Hashable, Sequence

from recsvc.rules.schema import (
    ActiveIn,
    Condition,
    FieldBetween,
    FieldIs,
    InArm,
    ItemIs,
    Rule,
    SegmentIs,
    WeeklyIn,
)
from recsvc.rules.times import Weekly


def holds_wherever(wide: Rule, narrow: Rule) -> bool:
    """Return whether ``wide`` provably holds at every request at which ``narrow`` does."""
    if not in_all_carousels_of(wide, narrow) or not all_imply(narrow.when, wide.when):
        return False
    if wide.unless is None:
        return True
    return narrow.unless is not None and all_imply(wide.unless, narrow.unless)


def in_all_carousels_of(wide: Rule, narrow: Rule) -> bool:
    """Return whether ``wide`` acts in every carousel that ``narrow`` acts in."""
    if wide.carousels is None:
        return True
    return narrow.carousels is not None and set(narrow.carousels) <= set(wide.carousels)


def all_imply(given: Sequence[Condition], wanted: Sequence[Condition]) -> bool:
    """Return whether all of ``wanted`` provably hold where all of ``given`` do."""
    return all(any(_implies(one, other) for one in given) for other in wanted)


def _implies(one: Condition, other: Condition) -> bool:
    if one == other:
        return True
    if isinstance(one, SegmentIs) and isinstance(other, SegmentIs):
        return set(one.names) <= set(other.names)
    if isinstance(one, ActiveIn) and isinstance(other, ActiveIn):
        return all(any(w.start <= v.start and v.end <= w.end for w in other.windows) for v in one.windows)
    if isinstance(one, WeeklyIn) and isinstance(other, WeeklyIn):
        return all(any(_inside(week, wider) for wider in other.weeks) for week in one.weeks)
    if isinstance(one, InArm) and isinstance(other, InArm):
        return one.experiment == other.experiment and set(one.arms) <= set(other.arms)
    if isinstance(one, ItemIs) and isinstance(other, ItemIs):
        listed = one.where is None and other.where is None
        return one.place == other.place and listed and set(one.products) <= set(other.products)
    if isinstance(one, FieldIs | FieldBetween) and isinstance(other, FieldIs | FieldBetween):
        return one.name == other.name and _field_implies(one, other)
    return False


def _field_implies(one: FieldIs | FieldBetween, other: FieldIs | FieldBetween) -> bool:
    if isinstance(other, FieldIs):
        return other.known or (isinstance(one, FieldIs) and not one.known and set(one.values) <= set(other.values))
    if isinstance(one, FieldBetween):
        return other.at_least <= one.at_least and one.at_most <= other.at_most
    numbers = [value for value in one.values if isinstance(value, float | int)]
    whole = not one.known and len(numbers) == len(one.values)
    return whole and all(other.at_least <= value <= other.at_most for value in numbers)


def _inside(week: Weekly, wider: Weekly) -> bool:
    """Return whether the same hours, or some of whole days, are told; clock changes leave no more to prove."""
    whole_days = (wider.start, wider.end) == (0, 1440) and week.end > week.start
    return week.days <= wider.days and (whole_days or (week.start, week.end) == (wider.start, wider.end))


def sameness(rule: Rule) -> Hashable:
    """Return what is equal for rules whose ``when`` and ``unless`` say the same, in whatever order."""
    unless = None if rule.unless is None else frozenset(_plain(one) for one in rule.unless)
    return frozenset(_plain(one) for one in rule.when), unless


def _plain(one: Condition) -> Hashable:
    if isinstance(one, SegmentIs):
        return "segment", frozenset(one.names)
    if isinstance(one, ActiveIn):
        return "active", frozenset((window.start, window.end) for window in one.windows)
    if isinstance(one, FieldIs):
        return one.name, frozenset(one.values), one.known
    if isinstance(one, ItemIs):
        return one.place, frozenset(one.products), one.where
    if isinstance(one, InArm):
        return "experiment", one.experiment, frozenset(one.arms)
    return one
