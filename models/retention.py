"""``[retention]`` of ``shop.toml``: how long the store keeps what it was told."""

from pydantic import Field

from models.section import Section


class Retention(Section):
    """Days are counted from when the service got an event; 0 = for ever."""

    purchase_days: int = Field(0, ge=0, description="Days for which purchases and refunds are kept; 0 = for ever.")
    event_days: int = Field(
        400, ge=0, description="Days for which views, carts, clicks and coupons are kept; 0 = for ever."
    )
    impression_days: int = Field(
        90, ge=0, description="Days for which impressions, viewable or not, are kept; 0 = for ever."
    )
    changes: int = Field(
        100_000, ge=1_000, description="Entries of the feed of changes that are kept; who missed more reads all anew."
    )
