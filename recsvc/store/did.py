"""One thing that a shopper did, as a request reads it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Did:
    """A view, cart, remove-from-cart, purchase, refund or coupon; ids are outside ones."""

    kind: str
    time: int
    """Unix seconds on the shop's clock."""
    product_id: str | None = None
    order_id: str | None = None
    event_id: str = ""
    store_id: str | None = None
    quantity: float | None = None
    price: float | None = None
    campaign: str | None = None
