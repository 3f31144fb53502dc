"""Step 1: which rules hold for a request. They are enabled, in scope, active; ``when`` holds and ``unless`` does not."""

from dataclasses import dataclass, field

import numpy as np

from models.distinct import distinct
from models.schema import NO_ROWS, UNKNOWN, Bools, Ints
from recsvc.rules.bind import BoundRules
from recsvc.rules.experiments import arm_of
from recsvc.rules.merged import Merged
from recsvc.rules.schema import ActiveIn, Condition, FieldBetween, FieldIs, InArm, ItemIs, SegmentIs, Verb
from recsvc.rules.situation import Situation


@dataclass(frozen=True, slots=True)
class Active:
    """The rules that hold for one carousel of one request."""

    bound: BoundRules
    situation: Situation
    merged: Merged
    places: tuple[int, ...]
    """The rules beside ``merged``, in file order."""
    by_verb: dict[Verb, list[int]]
    """The same, by verb."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Rule id -> why it does not hold; filled when asked."""

    def of(self, *verbs: Verb) -> list[int]:
        """Return the places of rules with these verbs, beside ``merged``, each verb in file order."""
        return [place for verb in verbs for place in self.by_verb.get(verb, ())]

    def has(self, place: int, rows: Ints) -> Bools:
        """Return (n_rows,): which of ``rows`` a rule acts on."""
        return self.bound.ground.has(self.bound.targets[place], rows, self.situation)

    def ids(self) -> list[str]:
        """Return the ids of all rules that hold, in file order."""
        return [self.bound.rules[place].id for place in sorted({*self.places, *self.merged.places})]

    def arms(self) -> tuple[dict[str, str], ...]:
        """Return name and arm of each experiment on rules that this shopper was drawn into."""
        found = ((one.name, arm_of(one, self.situation.shopper)) for one in self.bound.conditions.drawn)
        return tuple({"name": name, "arm": arm} for name, arm in found if arm is not None)

    def pin_names(self) -> Ints:
        """Return the products that pins name, and those that may stand in, ascending."""
        lists = [by[place] for place in self.of("pin") for by in (self.bound.pinned, self.bound.instead)]
        every: Ints = distinct(np.concatenate([NO_ROWS, *lists]))
        known: Ints = every[every != UNKNOWN]
        return known

    def pin_matches(self) -> dict[int, Ints]:
        """Return all products that each pin by ``where`` matches, ascending, by the place of its rule."""
        places = [place for place in self.of("pin") if self.bound.rules[place].where is not None]
        return {place: self.bound.ground.listed(self.bound.targets[place], self.situation) for place in places}


def select(bound: BoundRules, situation: Situation, *, explain: bool = False) -> Active:
    """Return the rules that hold.

    Args:
        bound: the rules, bound to the catalogue.
        situation: the request.
        explain: note for each other rule why it does not hold; walks all rules.
    """
    memo: dict[int, bool] = {}
    candidates = bound.index.candidates(situation, bound.conditions.segments).tolist()
    places = tuple(place for place in candidates if why_not_active(bound, place, situation, memo) is None)
    merged = bound.timed.at(situation.now, situation.carousel)
    skipped = _skipped(bound, situation, memo) if explain else {}
    by_verb: dict[Verb, list[int]] = {}
    for place in places:
        by_verb.setdefault(bound.rules[place].verb, []).append(place)
    return Active(bound, situation, merged, places, by_verb, skipped)


def why_not_active(bound: BoundRules, place: int, situation: Situation, memo: dict[int, bool]) -> str | None:
    """Return why a rule does not hold, or None if it does."""
    rule, conditions = bound.rules[place], bound.conditions
    if rule.carousels is not None and situation.carousel not in rule.carousels:
        return "carousel"
    for number in bound.when[place]:
        if not conditions.holds(number, situation, memo):
            return f"when: {condition_name(conditions.all[number])}"
    unless = bound.unless[place]
    if unless is not None and all(conditions.holds(number, situation, memo) for number in unless):
        return "unless: " + ", ".join(condition_name(conditions.all[number]) for number in unless)
    return None


def _skipped(bound: BoundRules, situation: Situation, memo: dict[int, bool]) -> dict[str, str]:
    reasons = {rule.id: why_not_active(bound, place, situation, memo) for place, rule in enumerate(bound.rules)}
    off = {rule.id: "enabled: false" for rule in bound.ruleset.rules if not rule.enabled}
    return {name: why for name, why in reasons.items() if why is not None} | off


def condition_name(condition: Condition) -> str:
    """Return the key that a condition has in the file."""
    if isinstance(condition, FieldIs | FieldBetween):
        return condition.name
    if isinstance(condition, ItemIs):
        return f"{condition.place}_item"
    if isinstance(condition, SegmentIs):
        return "segment"
    if isinstance(condition, InArm):
        return "experiment"
    return "active" if isinstance(condition, ActiveIn) else "weekly"
