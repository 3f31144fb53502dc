"""Faults of ``shop.toml`` in the words of its reader: where, what, and what was meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError


def suggest(word: str, known: Iterable[object]) -> str:
    """Return ``: did you mean 'x'?`` for the nearest of ``known``, or nothing."""
    near = get_close_matches(word, [str(one) for one in known], n=1)
    return f": did you mean {near[0]!r}?" if near else ""


def explain_faults(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return a line a fault: its path, what is wrong, and what was meant where that is near."""
    lines = []
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        if fault["type"] == "extra_forbidden":
            known = _keys_at(model, fault["loc"][:-1])
            lines.append(f"{where}: unknown key{suggest(str(fault['loc'][-1]), known)}")
        else:
            lines.append(f"{where}: {fault['msg'].removeprefix('Value error, ')}")
    return lines


def _keys_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are known at ``path`` inside ``model``."""
    current: Any = model
    for part in path:
        if get_origin(current) is dict:  # a table by name: the part is a name
            current = get_args(current)[1]
        elif _is_section(current):
            found = current.model_fields.get(str(part))
            current = found.annotation if found else _extra(current)
        if get_origin(current) is not dict:
            current = next((one for one in get_args(current) if _is_section(one)), current)
    return list(current.model_fields) if _is_section(current) else []


def _extra(model: type[BaseModel]) -> Any:
    """Return the type of the values of keys that ``model`` does not name, where it takes any."""
    return (get_args(get_type_hints(model).get("__pydantic_extra__")) or (None, None))[1]


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
