"""The expressions of the rules file as plain data; ``at`` is the character that a part starts at."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal["product", "page", "context", "user"]


def _at() -> int:
    field_: int = field(default=0, compare=False, repr=False)
    return field_


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    value: float
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    value: str
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Literals:
    """A list of numbers or of texts, in square brackets."""

    values: tuple[str | float, ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Name:
    """An attribute of the product tested (or the user), of the page's product, or of the request."""

    scope: Scope
    name: str
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the white list."""

    name: str
    arguments: tuple["Expression", ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left sign right`` on numbers."""

    sign: Literal["+", "-", "*", "/"]
    left: "Expression"
    right: "Expression"
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Compare:
    """``left sign right``; texts know == and != only."""

    sign: Literal["==", "!=", "<", "<=", ">", ">="]
    left: "Expression"
    right: "Expression"
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Within:
    """``item in box``: a list in brackets, or tags."""

    item: "Expression"
    box: "Expression"
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of unknown, unknown."""

    part: "Expression"
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts."""

    parts: tuple["Expression", ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of the parts."""

    parts: tuple["Expression", ...]
    at: int = _at()


Expression: TypeAlias = Number | Text | Literals | Name | Call | Arithmetic | Compare | Within | Not | Both | Either


def children(part: Expression) -> tuple[Expression, ...]:
    """Return the parts that ``part`` is made of."""
    if isinstance(part, Call):
        return part.arguments
    if isinstance(part, Arithmetic | Compare):
        return (part.left, part.right)
    if isinstance(part, Within):
        return (part.item, part.box)
    if isinstance(part, Not):
        return (part.part,)
    if isinstance(part, Both | Either):
        return part.parts
    return ()


def is_static(part: Expression) -> bool:
    """Return whether the catalogue alone decides: no page, request, stock, shopper or clock."""
    if isinstance(part, Name):
        return part.scope == "product"
    if isinstance(part, Call) and part.name in ("stock_in", "bought", "days_since"):
        return False
    return all(is_static(child) for child in children(part))
