"""One event on its way into the store."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal[
    "view", "cart", "remove-from-cart", "purchase", "refund", "impression", "viewable-impression", "click", "coupon"
]  # fmt: skip
"""What a shopper may do."""


class Event(NamedTuple):
    """What a shopper did, checked; times are Unix seconds on the shop's clock. A tuple is made in a tenth of the time."""

    event_id: str
    kind: Kind
    time: int
    received: int
    user_id: str | None = None
    visitor_id: str | None = None
    """At least one of the two is given."""
    product_id: str | None = None
    order_id: str | None = None
    store_id: str | None = None
    quantity: float | None = None
    price: float | None = None
    campaign: str | None = None
    carousel: str | None = None
    position: int | None = None
    request_id: str | None = None
    rest: str | None = None
    """Every other field, as JSON."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the events of one call."""

    accepted: int = 0
    duplicates: int = 0
    not_stored: int = 0
    """Their shopper does not allow it, or was erased after they happened."""

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            self.not_stored + other.not_stored,
        )
