"""What the loader of rules must know of the shop; handed in, so that nothing here touches a disk or a clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from models.columns import Kind
from recsvc.rules.expression_tree import Expression
from recsvc.rules.schema import Experiment

FieldKind: TypeAlias = Literal["categorical", "numeric"]

BUILT_IN_FIELDS: tuple[str, ...] = ("store", "device", "referrer", "campaign", "country", "weather")


def no_lists(name: str) -> frozenset[str]:
    """Refuse every list of ids; raises LookupError."""
    raise LookupError(f"no list {name!r}: this shop has no lists of ids")


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """Names that rules may use; None for columns means that they are not known yet and are not checked."""

    carousels: Mapping[str, int] = field(default_factory=dict)
    """Carousel -> its size."""
    columns: Mapping[str, Kind] | None = None
    """Attributes of products."""
    user_columns: Mapping[str, Kind] | None = None
    context_fields: Mapping[str, FieldKind] = field(default_factory=dict)
    """Declared beyond the built-in ones."""
    product_ids: Callable[[str], bool] | None = None
    """Whether a product is in the catalogue; None switches that warning off."""
    matching: Callable[[Expression], int] | None = None
    """How many products an expression that the catalogue alone decides is true for; None switches that warning off."""
    among: Callable[[Expression | None, Sequence[str]], frozenset[str]] | None = None
    """Those of some products that are in the catalogue and that such an expression is true for; with ``matching``."""
    zone: str = "UTC"
    """Of a file that names none."""
    now: datetime | None = None
    """For warnings about windows that ended; with a zone."""
    layers: Mapping[str, float] = field(default_factory=dict)
    """Layer -> share of its shoppers that experiments of ``shop.toml`` take."""
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    """Those of ``shop.toml`` by name: rules may test their arms."""
    lists: Callable[[str], frozenset[str]] = no_lists
    """Name of a list -> ids of users or visitors; raises OSError, LookupError or ValueError."""

    def fields(self) -> dict[str, FieldKind]:
        """Return all fields of the request that rules can test."""
        return {**dict.fromkeys(BUILT_IN_FIELDS, "categorical"), **self.context_fields}
