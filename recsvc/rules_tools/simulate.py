"""What each rule costs and gains: past orders replayed with all rules, without each of them, and without any."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from models.schema import Doubles
from recsvc.asking import Answer
from recsvc.carousel import Engine
from recsvc.rules.schema import RuleSet
from recsvc.rules_tools.replay import SIZE, Bought
from recsvc.serving import with_rules

MEASURES = ("recall@10", "revenue", "margin", "short", "exposure")
"""Per carousel shown: share of the order that was in it; money and margin of that; was it short; slots that differ."""
ROUNDS = 1_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean by shopper with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What one rule (or all of them) does: with it, minus without it."""

    rule: str
    held: int
    """Requests in which it held."""
    why_not: str
    """The usual reason where it did not."""
    measures: Mapping[str, Interval]


@dataclass(slots=True)
class Result:
    """A whole replay."""

    requests: int
    shoppers: int
    totals: Mapping[str, Interval]
    """With all rules, not a difference."""
    effects: list[Effect] = field(default_factory=list)
    """All rules together, then each."""


@dataclass(slots=True)
class _Arm:
    """An engine without some rules, and the differences to the one with all."""

    rule: str
    engine: Engine
    differences: dict[int, Doubles] = field(default_factory=dict)
    """Request number -> (n_measures,), for those where it held."""
    reasons: Counter[str] = field(default_factory=Counter)


def simulate(
    engine: Engine, rules: RuleSet, requests: Sequence[Bought], only: Sequence[str], seed: int, step: Callable[[], None]
) -> Result:
    """Return what the rules do to ``requests``.

    Args:
        engine: of an earlier version, under any rules.
        rules: all of them.
        requests: past orders.
        only: ids of the rules to look at one by one; empty = all that are enabled.
        seed: of the resampling.
        step: called after each request.
    """
    whole = with_rules(engine, rules)
    names = [rule.id for rule in rules.rules if rule.enabled and (not only or rule.id in only)]
    arms = [_Arm("all rules", with_rules(engine, replace(rules, rules=())))]
    arms += [
        _Arm(name, with_rules(engine, replace(rules, rules=tuple(one for one in rules.rules if one.id != name))))
        for name in names
    ]
    measured = np.zeros((len(requests), len(MEASURES)))
    for number, one in enumerate(requests):
        measured[number] = _replay(whole, arms, number, one)
        step()
    users = np.unique([one.user for one in requests], return_inverse=True)[1]
    totals = _intervals(measured, users, seed)
    result = Result(len(requests), int(users.max(initial=-1)) + 1, totals)
    result.effects = [_effect(arm, len(requests), users, seed) for arm in arms]
    return result


def _replay(whole: Engine, arms: Sequence[_Arm], number: int, one: Bought) -> Doubles:
    """Ask with all rules, and without each that held; a rule that did not hold changed nothing."""
    answer = whole.carousel(one.carousel, one.ask)
    notes = answer.notes or {}
    measured, shown = _measure(whole, answer, one), _ids(answer)
    plain = replace(one.ask, explain=False)
    for arm in arms:
        if arm.rule not in notes["rules"] and not (arm is arms[0] and notes["rules"]):
            arm.reasons[notes["rules_not_active"].get(arm.rule, "no rule held")] += 1
            continue
        other = arm.engine.carousel(one.carousel, plain)
        difference = measured - _measure(arm.engine, other, one)
        difference[-1] = len(shown - _ids(other))
        arm.differences[number] = difference
    return measured


def _ids(answer: Answer) -> set[str]:
    return {item.product_id for item in answer.items}


def _measure(engine: Engine, answer: Answer, one: Bought) -> Doubles:
    shown = engine.snapshot.catalogue.ids.rows([item.product_id for item in answer.items])
    hits = np.isin(one.rows, shown)
    short = float(len(shown) < SIZE)
    return np.array([hits.mean(), np.nansum(one.paid[hits]), np.nansum(one.margin[hits]), short, 0.0])


def _effect(arm: _Arm, n_requests: int, users: np.ndarray, seed: int) -> Effect:
    values = np.zeros((n_requests, len(MEASURES)))
    for number, difference in arm.differences.items():
        values[number] = difference
    why_not = arm.reasons.most_common(1)[0][0] if arm.reasons else ""
    return Effect(arm.rule, len(arm.differences), why_not, _intervals(values, users, seed))


def _intervals(values: Doubles, users: np.ndarray, seed: int) -> dict[str, Interval]:
    """Return the mean of each shopper's mean, and its percentile interval over resamples of shoppers.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    counts = np.bincount(users)
    means = np.stack([np.bincount(users, column) / counts for column in values.T], axis=1)
    n = len(counts)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), ROUNDS) @ means / n
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return {
        name: Interval(float(means[:, place].mean()), float(low[place]), float(high[place]))
        for place, name in enumerate(MEASURES)
    }
