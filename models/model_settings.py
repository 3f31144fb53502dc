"""``[models.SOURCE]`` of ``shop.toml``: settings of models that the shop writes itself, checked against what they take."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from models.settings_of import settings_of
from models.shop_faults import suggest
from models.sources import MODELS

MAY_BE_0 = ("back", "damping", "timing")
"""Settings that are powers and shares: 0 leaves their part out."""


def checked_settings(given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return ``given``, by source and setting.

    Raises:
        ValueError: a source or a setting does not exist, or a value is none; all of them are named.
    """
    kinds = {kind.source: kind for kind in MODELS}
    faults: list[str] = []
    for source, settings in given.items():
        if source not in kinds:
            faults.append(f"no model {source!r}{suggest(source, kinds) or ': take from ' + ', '.join(kinds)}")
        else:
            faults += _faults(source, settings, settings_of(kinds[source]()))
    if faults:
        raise ValueError("; ".join(faults))
    return {source: dict(settings) for source, settings in given.items()}


def _faults(where: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with settings, whose defaults are ``known``."""
    for name, value in given.items():
        path = f"{where}.{name}"
        if name not in known:
            yield f"{path}: no such setting{suggest(name, known) or ': there are ' + (', '.join(known) or 'none')}"
        elif isinstance(known[name], Mapping):
            if isinstance(value, Mapping):
                yield from _faults(path, value, known[name])
            else:
                yield f"{path}: a table, such as {{ {', '.join(f'{k} = {_toml(v)}' for k, v in known[name].items())} }}"
        elif isinstance(known[name], bool) != isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{path}: {value!r} is no value for it: the default is {_toml(known[name])}"
        elif isinstance(known[name], int) and not isinstance(value, int):
            yield f"{path}: {value!r} is no whole number"
        elif not isinstance(value, bool) and not (isfinite(value) and (value > 0 or (value == 0 and name in MAY_BE_0))):
            yield f"{path}: {value!r} is not above 0"


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
