"""Settings of one model, tried one after the other on what the model alone finds in the task that it is for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from models.base import Model
from models.interactions import Weighting
from models.schema import Doubles
from training.choose.gain import Gain, gain
from training.choose.plan import STEPS_ON, Trial

Judged = Callable[[Model], Doubles]
"""Fits a model of some settings, and returns (n_users,) what it finds."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was tried of one setting."""

    source: str
    setting: str
    default: Any
    chosen: Any
    """The default, where nothing was sure to be better."""
    tried: tuple[tuple[Any, float, Gain], ...]
    """Each value, what the model found with it (mean NDCG@10), and its gain over the default, which is the first."""
    gain: Gain = field(default_factory=lambda: Gain(0.0, 0.0))
    """Of the chosen value over the default."""


def value_of(model: Model, setting: str) -> Any:
    """Return a setting of ``model``; ``weighting.NAME`` reaches inside."""
    first, _, inside = setting.partition(".")
    value = getattr(model, first)
    return getattr(value, inside) if inside else value


def with_value(model: Model, setting: str, value: Any) -> Model:
    """Return an unfitted model like ``model`` with another value."""
    first, _, inside = setting.partition(".")
    given: Any = replace(cast(Weighting, getattr(model, first)), **{inside: value}) if inside else value
    return cast(Model, replace(cast(Any, model), **{first: given}))


def as_table(changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by setting as ``[models.SOURCE]`` has them."""
    out: dict[str, Any] = {}
    for setting, value in changed.items():
        first, _, inside = setting.partition(".")
        if inside:
            out.setdefault(first, {})[inside] = value
        else:
            out[first] = value
    return out


def try_setting(model: Model, trial: Trial, before: Doubles, judged: Judged, afford: Callable[[Model], bool]) -> Found:
    """Return what came of trying one setting of ``model``, which finds ``before`` as it is.

    ``afford`` is asked before each fit, and says no where the budget has nothing left for it.
    """
    default = value_of(model, trial.setting)
    tried: list[tuple[Any, Doubles]] = []

    def attempt(value: Any) -> Gain | None:
        changed = with_value(model, trial.setting, value)
        if value == default or not afford(changed):
            return None
        found = judged(changed)
        tried.append((value, found))
        return gain([found], [before])

    for value in trial.values:
        attempt(value)
    for factor in trial.factors:
        last: float | None = None
        for value in _steps(default, factor):
            result = attempt(value)
            if result is None or result.mean <= (last or 0):
                break
            last = result.mean
    sure = [(gain([found], [before]), value) for value, found in tried]
    won = max((one for one in sure if one[0].sure), key=lambda one: one[0].mean, default=(Gain(0.0, 0.0), default))
    told = tuple((value, float(found.mean()), gain([found], [before])) for value, found in ((default, before), *tried))
    return Found(model.source, trial.setting, default, won[1], told, won[0])


def _steps(default: Any, factor: float) -> Iterator[Any]:
    for power in range(1, STEPS_ON + 2):
        yield float(f"{default * factor**power:.3g}")
