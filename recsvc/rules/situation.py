"""What one request is about, as the rules see it: plain data, inside rows and Unix seconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.schema import NO_HISTORY, NO_ROWS, UNKNOWN, Doubles, History, Ints

NOT_SELLABLE = 1
PAGE = 2
SEED = 4
IN_CART = 8
PURCHASED = 16
OUT_OF_STOCK = 32
EXCLUDED = 64
BARS = {
    NOT_SELLABLE: "not_sellable",
    PAGE: "page",
    SEED: "seed",
    IN_CART: "in_cart",
    PURCHASED: "purchased",
    OUT_OF_STOCK: "out_of_stock",
    EXCLUDED: "excluded",
}
"""System exclusions (``excluded``: by the request itself, or by a carousel for what was bought).

A product that several hold for carries their sum, 0 is none.
"""
LIFTABLE = {"in_cart": IN_CART, "purchased": PURCHASED, "out_of_stock": OUT_OF_STOCK}
"""What ``even_if`` of a pin may override."""

SESSION_FIELDS = ("campaign",)
"""Context fields that the shopper's session fills in where the request does not name them."""

StockOf = Callable[[Ints, str], Doubles]
"""Product rows and a store's outside id -> pieces on the shelf; NaN where nobody told."""


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who asks; made once a request and shared by its carousels, so that each segment is worked out once."""

    user_id: str | None = None
    visitor_id: str | None = None
    unit: str | None = None
    """By whose id the user is drawn for experiments, where that is not the user's own."""
    history: History = NO_HISTORY
    """Purchases, oldest first."""
    attributes: Mapping[str, str | float | None] = field(default_factory=dict)
    viewed: Ints = field(default_factory=lambda: NO_ROWS)
    """Products looked at, live."""
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out about the shopper already, by ruleset, catalogue and moment."""

    @property
    def drawn_by(self) -> str | None:
        """The id by which experiments draw the shopper; None: nobody."""
        return self.unit or self.user_id or self.visitor_id


@dataclass(frozen=True, slots=True)
class Situation:
    """One carousel at one moment."""

    now: int
    """Unix seconds, UTC: the one clock reading of the request."""
    carousel: str
    page: int = UNKNOWN
    """The product whose page is looked at."""
    cart: Ints = field(default_factory=lambda: NO_ROWS)
    fields: Mapping[str, str | float | None] = field(default_factory=dict)
    """store (outside id), device, referrer, campaign, country, weather and the declared context fields."""
    shopper: Shopper = field(default_factory=Shopper)
    stock: StockOf | None = None
