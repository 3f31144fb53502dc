"""What is being tried: the experiments of shop.toml and those that the rules test, told alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from models.shop import Shop
from recsvc.rules.experiments import tested_on
from recsvc.rules.schema import Experiment, RuleSet


@dataclass(frozen=True, slots=True)
class Tried:
    """One experiment."""

    name: str
    kind: Literal["carousels", "rules"]
    carousels: tuple[str, ...] | None
    """None: all."""
    arms: Mapping[str, float]
    """Arm -> weight; the first is what the others are compared to."""
    layer: str | None = None
    share: float = 1.0
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Arm -> settings of the carousel that are others; empty for rules."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Arm -> the trained version that serves it, where it is not the live one."""


def tried_in(shop: Shop, rules: RuleSet | None) -> dict[str, Tried]:
    """Return the experiments by name; one on rules that is called as one of ``shop`` is not told."""
    out = {} if rules is None else {name: _of_rules(name, on, rules) for name, on in sorted(tested_on(rules).items())}
    for name, one in shop.experiments.items():
        arms = {arm: told.weight for arm, told in one.arms.items()}
        changes = {arm: told.changes for arm, told in one.arms.items()}
        models = {arm: told.model for arm, told in one.arms.items() if told.model}
        out[name] = Tried(name, "carousels", one.carousels, arms, one.layer, one.share, changes, models)
    return out


def _of_rules(name: str, on: frozenset[str] | None, rules: RuleSet) -> Tried:
    one = rules.experiments.get(name, Experiment(name))
    arms = dict(zip(one.arms, one.weights or (1.0,) * len(one.arms), strict=True))
    return Tried(name, "rules", None if on is None else tuple(sorted(on)), arms, one.layer, one.share)
