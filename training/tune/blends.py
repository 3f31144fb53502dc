"""Weights of a carousel's sources, tried on what fitted models offered to past requests: no model is asked again."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import optuna

from models.base import Model
from models.schema import Doubles
from models.shop import Shop
from training.choose.offers import Offers, offers_of
from training.choose.pasts import Past
from training.choose.scope import SOURCES_OF, TASKS_OF

OFF = "no "
"""Before the name of a source: whether it is left out."""
REACH = 30.0
"""A weight is tried from the unit of its source divided by this to the unit times this."""


def sources_of(shop: Shop, carousel: str) -> tuple[str, ...]:
    """Return the sources that may be in a carousel: those that it has, first."""
    return tuple(dict.fromkeys((*shop.carousels[carousel].sources, *SOURCES_OF[carousel])))


def offered(shop: Shop, carousel: str, pasts: Sequence[Past], models: Sequence[Mapping[str, Model]]) -> list[Offers]:
    """Return what ``models``, fitted on each of ``pasts``, offer in each task of a carousel; the pasts one by one."""
    sources, own = sources_of(shop, carousel), shop.carousels[carousel]
    return [
        offers_of(fitted, sources, own, past.requests[task], past.contexts[task])
        for past, fitted in zip(pasts, models, strict=True)
        for task in TASKS_OF[carousel]
        if task in past.requests
    ]


def units_of(offers: Sequence[Offers], blend: Mapping[str, float]) -> dict[str, float]:
    """Return the weight at which a source's best products have a mean score of 1, of the sources that are searched with.

    These are those of ``blend`` that offer anything, and of the others those that find anything by themselves.
    """
    names = offers[0].sources if offers else ()
    sources = [name for name in names if name in blend or any(one.gains({name: 1.0}).any() for one in offers)]
    strengths = {name: sum(one.strength({name: 1.0}) for one in offers) / len(offers) for name in sources}
    return {name: 1 / strength for name, strength in strengths.items() if strength > 0}


def start_of(blend: Mapping[str, float], units: Mapping[str, float]) -> dict[str, float | bool]:
    """Return the parameters that stand for ``blend``; the strongest of its sources has the weight of its unit."""
    scale = _scale(blend, units)
    out: dict[str, float | bool] = {}
    for name, unit in units.items():
        out[OFF + name] = name not in blend
        if name in blend:
            out[name] = min(max(blend[name] / unit / scale, 1 / REACH), REACH)
    return out


def blend_of(
    values: Mapping[str, float | bool], blend: Mapping[str, float], units: Mapping[str, float]
) -> dict[str, float]:
    """Return the weights that parameters stand for, on the scale of ``blend``; its silent sources stay."""
    scale = _scale(blend, units)
    found = {
        name: float(f"{values[name] * unit * scale:.3g}")
        for name, unit in units.items()
        if not values[OFF + name] and name in values
    }
    return {**{name: weight for name, weight in blend.items() if name not in units}, **found}


def _scale(blend: Mapping[str, float], units: Mapping[str, float]) -> float:
    return max((weight / units[name] for name, weight in blend.items() if name in units), default=1.0)


def weighed(
    offers: Sequence[Offers], blend: Mapping[str, float], units: Mapping[str, float]
) -> Callable[[optuna.Trial], Iterator[Doubles]]:
    """Return what yields, for a trial, what the blend finds in each task and past, by shopper."""

    def parts(trial: optuna.Trial) -> Iterator[Doubles]:
        values: dict[str, float | bool] = {}
        for name in units:
            values[OFF + name] = trial.suggest_categorical(OFF + name, (False, True))
            if not values[OFF + name]:
                values[name] = trial.suggest_float(name, 1 / REACH, REACH, log=True)
        weights = blend_of(values, blend, units)
        if not any(name in units for name in weights):
            raise optuna.TrialPruned
        for one in offers:
            yield one.gains(weights)

    return parts
