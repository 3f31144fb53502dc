"""What the back office may say of a product: names and kinds of attributes, checked with every fault told at once."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from models.columns import Kind
from models.errors import ConfigError
from models.product_fields import PRODUCT_FIELDS, FieldRole
from models.request_keys import LONGEST
from models.shop import Shop, suggest
from recsvc.overlay.apply import gives_margin
from recsvc.overlay.catalogue import AVAILABLE, KINDS
from recsvc.overlay.told import Value
from recsvc.snapshot import Snapshot

Role: TypeAlias = FieldRole | Literal["switch", "any"]
LONGEST_TEXT = 10_000
"""Characters of one value."""
MOST_TAGS = 200
"""Tags of one product."""
EARLIEST, LATEST = 0, 32_503_680_000
"""Bounds of moments: the years 1970 to 2999."""
YES, NO = ("true", "1", "yes"), ("false", "0", "no")
SEPARATOR = "|"
"""Between the tags inside of a cell."""
MONEY = ("price", "cost")
MOST_MONEY = 1e12
"""The highest price or cost, as of an event; models keep prices as 32-bit numbers."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes that a product may have in one shop."""

    roles: Mapping[str, Role]
    moment: Callable[[str], int]
    """ISO date or time -> Unix seconds; raises ConfigError."""
    refused: Mapping[str, str]
    """Name -> why it cannot be told."""


def attributes_of(snapshot: Snapshot, shop: Shop) -> Attributes:
    """Return what may be said of the products of a shop.

    The attributes that mean something to us, and those of the trained version; before there is one, those that
    shop.toml declares, whatever they hold.
    """
    trained = (snapshot.trained or snapshot).catalogue.columns
    roles: dict[str, Role] = {**PRODUCT_FIELDS, AVAILABLE: "switch"}
    for name, column in trained.items():
        if kind_of(roles.get(name, "any")) != column.kind:
            roles[name] = column.kind
    if snapshot.version is None and shop.data.products is not None:
        table = shop.data.products
        declared = {*table.columns, *table.attributes, *table.derive} - roles.keys()
        roles |= dict.fromkeys(sorted(declared), "any")
    refused = {} if gives_margin(shop) else {"margin": "is worked out from price and cost: tell these"}
    return Attributes({name: role for name, role in roles.items() if name != "product_id"}, shop.moment, refused)


def kind_of(role: Role) -> Kind | None:
    """Return the kind of a column that holds a role; None where any does."""
    if role == "any":
        return None
    return "number" if role == "switch" else KINDS[role]


def product_id_fault(value: object) -> str | None:
    """Return what is wrong with the id of a product, or None."""
    if not isinstance(value, str) or not value:
        return 'must be a text that is not empty: write ids in quotes, "01" is not 1'
    if len(value) > LONGEST or "\x00" in value:
        return f"has {len(value)} characters or a NUL: take up to {LONGEST}"
    return None


def checked(told: Mapping[str, Any], known: Attributes, *, typed: bool) -> tuple[dict[str, Value], dict[str, str]]:
    """Return the values of attributes as they are kept, and the faults by name.

    Args:
        told: name -> value; None takes a value away.
        known: what may be told.
        typed: whether values carry their types (JSON) or are all text (a CSV file).
    """
    values: dict[str, Value] = {}
    faults: dict[str, str] = {}
    for name, value in told.items():
        role = known.roles.get(name)
        if name in known.refused or role is None:
            hint = suggest(name[:64], known.roles) or ": declare it in shop.toml and train again"
            faults[name[:64]] = known.refused.get(name) or f"unknown attribute{hint}"
            continue
        try:
            values[name] = None if value is None or value == "" else _READ[role](value, known, typed)
            if name in MONEY and isinstance(kept := values[name], float) and not 0 <= kept <= MOST_MONEY:
                raise ValueError(f"{kept:g} is below 0: take 0 or more" if kept < 0 else f"{kept:g} is too much")
        except ValueError as error:
            faults[name] = str(error)
    return values, faults


def _text(value: Any, *_: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")
    if len(value) > LONGEST_TEXT or "\x00" in value:
        raise ValueError(f"has {len(value)} characters or a NUL: take up to {LONGEST_TEXT}")
    return value


def number(value: Any, *, typed: bool) -> float:
    """Return a finite number; raises ValueError with what to write instead."""
    if not typed and isinstance(value, str):
        try:
            value = float(value.strip())
        except ValueError as error:
            raise ValueError(f"{value[:40]!r} is no number: write 12.50") from error
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("must be a finite number, without quotes")
    return float(value)


def _number(value: Any, _: Attributes, typed: bool) -> float:
    return number(value, typed=typed)


def _moment(value: Any, known: Attributes, typed: bool) -> float:
    if isinstance(value, str) and not (not typed and value.strip().isdecimal()):
        try:
            value = known.moment(value)
        except (ConfigError, OverflowError) as error:
            raise ValueError(f"{value[:40]!r} is no date or time: write 2026-11-27 or 2026-11-27T09:00") from error
    seconds = number(value, typed=typed)
    if not EARLIEST <= seconds < LATEST:
        raise ValueError("must be a moment from 1970 to 2999")
    return float(int(seconds))


def _tags(value: Any, known: Attributes, typed: bool) -> list[str]:
    given = value.split(SEPARATOR) if not typed and isinstance(value, str) else value
    if not isinstance(given, list) or len(given) > MOST_TAGS:
        raise ValueError(f"must be a list of texts, up to {MOST_TAGS}")
    return sorted({_text(tag, known, typed) for tag in given} - {""})


def _switch(value: Any, _: Attributes, typed: bool) -> float:
    if not typed and isinstance(value, str) and value.strip().lower() in (*YES, *NO):
        value = value.strip().lower() in YES
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return float(value)


def _any(value: Any, known: Attributes, typed: bool) -> Value:
    if isinstance(value, list):
        return _tags(value, known, typed)
    return _text(value, known, typed) if isinstance(value, str) else _number(value, known, typed)


_READ: Mapping[Role, Callable[[Any, Attributes, bool], Value]] = {
    "id": _text, "text": _text, "number": _number, "time": _moment, "tags": _tags, "switch": _switch, "any": _any,
}  # fmt: skip
