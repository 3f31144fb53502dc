"""Whether one condition of ``when`` or ``unless`` holds; what is not known does not hold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsvc.rules.experiments import arm_of
from recsvc.rules.rest import Rest, no_rest
from recsvc.rules.schema import (
    ActiveIn,
    Condition,
    Experiment,
    FieldBetween,
    FieldIs,
    InArm,
    ItemIs,
    SegmentIs,
    WeeklyIn,
)
from recsvc.rules.segments import Segments
from recsvc.rules.situation import Situation
from recsvc.rules.targets import Ground, Target


@dataclass(frozen=True, slots=True)
class Conditions:
    """The distinct conditions of a file, bound to a catalogue; rules name them by number."""

    all: tuple[Condition, ...]
    targets: Mapping[int, Target]
    """Products of the conditions about an item."""
    segments: Segments
    experiments: Mapping[str, Experiment]
    ground: Ground
    drawn: tuple[Experiment, ...] = ()
    """The experiments that conditions test, by name."""

    def holds(self, number: int, situation: Situation, memo: dict[int, bool]) -> bool:
        """Return whether a condition holds; each is worked out once for one ``memo``."""
        known = memo.get(number)
        if known is None:
            known = memo[number] = self._holds(number, situation)
        return known

    def _holds(self, number: int, situation: Situation) -> bool:
        condition = self.all[number]
        if isinstance(condition, SegmentIs):
            return any(self.segments.holds(name, situation.shopper, situation.now) for name in condition.names)
        if isinstance(condition, ActiveIn):
            return any(window.holds(situation.now) for window in condition.windows)
        if isinstance(condition, WeeklyIn):
            return any(week.holds(situation.now, self.ground.zone) for week in condition.weeks)
        if isinstance(condition, FieldIs):
            value = situation.fields.get(condition.name)
            return value not in (None, "") and (condition.known or value in condition.values)
        if isinstance(condition, FieldBetween):
            number_ = situation.fields.get(condition.name)
            return isinstance(number_, float | int) and condition.at_least <= number_ <= condition.at_most
        if isinstance(condition, ItemIs):
            rows = np.array([situation.page], np.int32) if condition.place == "page" else situation.cart
            rows = rows[(rows >= 0) & (rows < len(self.ground.catalogue))]
            return bool(self.ground.has(self.targets[number], rows, situation).any())
        return arm_of(_experiment(condition, self.experiments), situation.shopper) in condition.arms


def _experiment(condition: InArm, experiments: Mapping[str, Experiment]) -> Experiment:
    return experiments.get(condition.experiment, Experiment(condition.experiment))


def bind_conditions(
    conditions: tuple[Condition, ...],
    segments: Segments,
    experiments: Mapping[str, Experiment],
    ground: Ground,
    rest: Rest = no_rest,
) -> Conditions:
    """Return the conditions with the products that they name; ``rest`` is called often."""
    targets: dict[int, Target] = {}
    for number, condition in enumerate(conditions):
        if isinstance(condition, ItemIs):
            targets[number] = ground.target(condition.products, condition.where)
            rest()
    tested = {one.experiment: _experiment(one, experiments) for one in conditions if isinstance(one, InArm)}
    drawn = tuple(tested[name] for name in sorted(tested))
    return Conditions(conditions, targets, segments, experiments, ground, drawn)
