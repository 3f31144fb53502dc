"""What a rules file says, as plain data; nothing here knows a catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from recsvc.rules.expectation import Expectation
from recsvc.rules.expression_tree import Expression
from recsvc.rules.faults import Fault
from recsvc.rules.times import Weekly, Window

Verb: TypeAlias = Literal["hide", "keep", "boost", "bury", "limit", "pin"]
VERBS: tuple[Verb, ...] = ("hide", "keep", "boost", "bury", "limit", "pin")


# --- conditions of `when` and `unless`: keys are AND-ed, the values inside one are OR-ed ---


@dataclass(frozen=True, slots=True)
class SegmentIs:
    """The shopper belongs to one of these segments."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActiveIn:
    """The moment lies in one of these windows."""

    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class WeeklyIn:
    """The moment lies in the hours of one of these."""

    weeks: tuple[Weekly, ...]


@dataclass(frozen=True, slots=True)
class FieldIs:
    """A field of the request has one of these values; ``known`` asks only that it has any."""

    name: str
    values: tuple[str | float, ...] = ()
    known: bool = False


NO_END = 1e15
"""Of a range of numbers: as far as it goes where it names no end."""


@dataclass(frozen=True, slots=True)
class FieldBetween:
    """A numeric field of the request lies in [at_least, at_most]; an end that is not named is ``NO_END`` away."""

    name: str
    at_least: float
    at_most: float


@dataclass(frozen=True, slots=True)
class ItemIs:
    """The page's product, or one in the cart, is one of ``products`` or matches ``where``."""

    place: Literal["page", "cart"]
    products: tuple[str, ...] = ()
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class InArm:
    """The shopper was drawn into one of ``arms`` of an experiment on rules."""

    experiment: str
    arms: tuple[str, ...]


Condition: TypeAlias = SegmentIs | ActiveIn | WeeklyIn | FieldIs | FieldBetween | ItemIs | InArm


# --- what segments are made of ---


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the past: the last ``days``, or a calendar window, or all of it."""

    days: float | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Bought:
    """At least ``at_least`` distinct orders that hold a product of ``products`` or ``where`` (neither: any)."""

    products: tuple[str, ...]
    where: Expression | None
    at_least: int
    span: Span


@dataclass(frozen=True, slots=True)
class Measured:
    """Number of orders, money spent, or money spent an order, within [at_least, at_most]."""

    what: Literal["orders", "spend", "average_order"]
    at_least: float
    at_most: float
    span: Span


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """The first order that is known lies in ``span``."""

    span: Span


@dataclass(frozen=True, slots=True)
class Inactive:
    """Has bought, and not in the last ``days``."""

    days: float


@dataclass(frozen=True, slots=True)
class Viewed:
    """Looked at ``at_least`` distinct products of ``products`` or ``where`` (neither: any)."""

    products: tuple[str, ...]
    where: Expression | None
    at_least: int


@dataclass(frozen=True, slots=True)
class HasAttribute:
    """An expression over the user's attributes is true."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Listed:
    """The user's or visitor's id is in a list."""

    name: str
    ids: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SegmentNamed:
    """Belongs to another segment."""

    name: str


@dataclass(frozen=True, slots=True)
class Combined:
    """All, any or none of the tests."""

    how: Literal["all", "any", "none"]
    tests: tuple["Test", ...]


Test: TypeAlias = Bought | Measured | FirstOrder | Inactive | Viewed | HasAttribute | Listed | SegmentNamed | Combined


# --- rules ---


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment on rules: shoppers are drawn into its arms by a salted hash."""

    name: str
    arms: tuple[str, ...] = ("a", "b")
    salt: str = ""
    weights: tuple[float, ...] = ()
    """Of the arms, above 0; none: equal ones."""
    layer: str | None = None
    """Experiments of one layer, those of ``shop.toml`` too, have no shopper in common; None: a layer of its own."""
    share: float = 1.0
    """Of the layer's shoppers."""
    top: float = 1.0
    """Where its share of the layer's line ends; it begins ``share`` below."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; what its verb does not use keeps its default."""

    id: str
    verb: Verb
    order: int = 0
    """Place in the file, from 0."""
    line: int = 1
    why: str = ""
    enabled: bool = True
    priority: float = 100.0
    carousels: tuple[str, ...] | None = None
    """None means all."""
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] | None = None
    products: tuple[str, ...] = ()
    where: Expression | None = None
    everywhere: bool = False
    factor: float = 1.0
    positions: tuple[int, ...] = ()
    instead: tuple[str, ...] = ()
    even_if: frozenset[str] = frozenset()
    min_results: int = 0
    per: str = ""
    max: int = 0
    strict: bool = False


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A rules file that loads."""

    hash: str
    """``sha256:`` and the digest of the file as it was read."""
    rules: tuple[Rule, ...] = ()
    """In file order, switched-off ones too."""
    segments: Mapping[str, Test] = field(default_factory=dict)
    calendar: Mapping[str, Window] = field(default_factory=dict)
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    zone: str = "UTC"
    warnings: tuple[Fault, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    """What `recsvc rules test` holds the file to."""


NO_RULES = RuleSet("none")
