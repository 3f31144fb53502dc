"""Settings of models, tried on what the model alone finds in the task that it is for; one model after another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import optuna

from models.base import Model
from models.schema import Doubles
from models.shop import Shop
from training.choose.alone import gains_alone
from training.choose.pasts import Past
from training.choose.settings import as_table, value_of, with_value
from training.tune.studies import Parts


@dataclass(frozen=True, slots=True)
class Range:
    """The values of one setting that are tried; of a switch both."""

    setting: str
    """A name, or ``weighting.NAME``."""
    low: float = 0.0
    high: float = 0.0
    even: bool = False
    """Whether steps are alike everywhere; else they are so many times the last one."""


FADING = Range("weighting.half_life", 30, 3650)
BINARY = Range("weighting.binary")
RANGES: Mapping[str, tuple[Range, ...]] = {
    "popularity": (Range("half_life", 3, 365),),
    "store-popularity": (Range("half_life", 3, 365), Range("prior", 2, 200)),
    "category-popularity": (Range("half_life", 3, 365), Range("prior", 2, 200)),
    "trending": (Range("days", 2, 28), Range("before", 14, 180)),
    "kinds": (Range("half_life", 14, 1000),),
    "buy-again": (Range("half_life", 7, 730), Range("timing", 0, 1, even=True), Range("gap_prior", 1, 30)),
    "next-in-session": (Range("back", 0, 1, even=True), Range("steps", 0.3, 6), Range("prior", 0.5, 50)),
    "bought-together": (Range("prior", 3, 300), Range("half_life", 14, 1000)),
    "item-neighbours": (Range("neighbours", 10, 400), Range("damping", 0, 1.5, even=True), FADING, BINARY),
    "user-neighbours": (Range("neighbours", 30, 1000), Range("power", 0.5, 8), FADING, BINARY),
    "als": (Range("factors", 16, 256), Range("regularization", 0.1, 300), Range("alpha", 0.3, 30), FADING),
    "ease": (Range("regularization", 30, 5000), FADING, BINARY),
}
"""By source, the quick ones first: what they leave of the time is for the others."""


def start_of(model: Model) -> dict[str, Any]:
    """Return the parameters that stand for ``model`` as it is, drawn into the ranges."""
    return {one.setting: _inside(value_of(model, one.setting), one) for one in RANGES[model.source]}


def _inside(value: Any, one: Range) -> Any:
    return value if isinstance(value, bool) else type(value)(min(max(value, one.low), one.high))


def changed(model: Model, values: Mapping[str, Any]) -> Model:
    """Return an unfitted model like ``model`` with the parameters ``values``, numbers to three digits."""
    if values == start_of(model):
        return cast(Model, replace(cast(Any, model)))
    for setting, value in values.items():
        model = with_value(model, setting, float(f"{value:.3g}") if isinstance(value, float) else value)
    return model


def table_of(model: Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs from ``model``, as ``[models.SOURCE]`` has it."""
    other = changed(model, values)
    told = {one.setting: value_of(other, one.setting) for one in RANGES[model.source]}
    return as_table({name: value for name, value in told.items() if value != value_of(model, name)})


def tried(shop: Shop, model: Model, task: str, pasts: Sequence[Past]) -> Parts:
    """Return what yields, for a trial, what the model finds with other settings in each past, by shopper."""

    def parts(trial: optuna.Trial) -> Iterator[Doubles]:
        other = changed(model, {one.setting: _suggested(trial, model, one) for one in RANGES[model.source]})
        for past in pasts:
            if task in past.requests:
                fresh = cast(Model, replace(cast(Any, other)))
                yield gains_alone(shop, task, fresh.fit(past.bundle), past)

    return parts


def _suggested(trial: optuna.Trial, model: Model, one: Range) -> Any:
    default = value_of(model, one.setting)
    if isinstance(default, bool):
        return trial.suggest_categorical(one.setting, (False, True))
    if isinstance(default, int):
        return trial.suggest_int(one.setting, int(one.low), int(one.high), log=not one.even)
    return trial.suggest_float(one.setting, one.low, one.high, log=not one.even)
