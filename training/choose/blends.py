"""Weights of a carousel's sources, by steps from the ones it has: the best step first, as long as it is sure to help."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.schema import Doubles
from training.choose.gain import SURER, Gain, gain
from training.choose.offers import Offers

STEPS = (0.0, 0.25, 0.5, 2.0, 4.0)
"""Factors of a weight that are tried; 0 leaves the source out."""
ENTRIES = (0.1, 0.3, 1.0, 3.0)
"""A source that is not in the blend comes in with so much of the strength that the blend has."""
ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Blend:
    """The weights that were found, and what they gain over those that they began with."""

    weights: dict[str, float]
    found: float
    """Mean NDCG@10 over tasks and shoppers, with ``weights``."""
    gain: Gain


def search(start: Mapping[str, float], sources: Sequence[str], tasks: Sequence[Offers]) -> Blend:
    """Return the weights that ``start`` is led to; ``start`` itself where no step is sure to help.

    Args:
        start: weights by source.
        sources: those that may come in, in the order in which ties are decided.
        tasks: what they offer in each task of the carousel.
    """
    first = [one.gains(start) for one in tasks]
    weights, here = dict(start), first
    units = {name: _strength(tasks, {name: 1.0}) for name in sources}
    for _ in range(ROUNDS):
        tried = [
            (one, [task.gains(one) for task in tasks]) for one in _moves(weights, units, _strength(tasks, weights))
        ]
        sure = [(gain(found, here), one, found) for one, found in tried]
        sure = [one for one in sure if one[0].beyond(SURER)]
        if not sure:
            break
        _, weights, here = max(sure, key=lambda one: one[0].mean)
    scaled = _balanced(start, weights, units, tasks)
    return Blend(scaled, _mean(here), gain(here, first))


def _moves(weights: Mapping[str, float], units: Mapping[str, float], strength: float) -> Iterator[dict[str, float]]:
    """Yield the blends that are one step away; silent sources stay as they are."""
    for name, unit in units.items():
        if not unit:
            continue
        if name in weights:
            for factor in STEPS:
                moved = {one: weight * factor if one == name else weight for one, weight in weights.items()}
                moved = {one: weight for one, weight in moved.items() if weight}
                if any(units.get(one) for one in moved):
                    yield moved
        else:
            for share in ENTRIES:
                yield {**weights, name: share * max(strength, 1e-9) / unit}


def _balanced(
    start: Mapping[str, float], weights: Mapping[str, float], units: Mapping[str, float], tasks: Sequence[Offers]
) -> dict[str, float]:
    """Return ``weights`` to three digits; those that were heard weigh together what they did in ``start``.

    So a source that had nothing to say here (likeness to a page where no page was asked) keeps its part beside them.
    """
    if dict(weights) == dict(start):
        return dict(start)
    factor = _strength(tasks, start) / max(_strength(tasks, weights), 1e-12)
    factor = factor if factor > 0 and any(not units.get(name) for name in weights) else 1.0
    return {name: float(f"{weight * (factor if units.get(name) else 1.0):.3g}") for name, weight in weights.items()}


def _strength(tasks: Sequence[Offers], blend: Mapping[str, float]) -> float:
    return sum(one.strength(blend) for one in tasks) / max(len(tasks), 1)


def _mean(values: Sequence[Doubles]) -> float:
    return sum(float(one.mean()) for one in values) / max(len(values), 1)
