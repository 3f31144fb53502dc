"""Carousels and pages out of the box. A carousel is configuration: a shop changes them, or adds its own, in shop.toml."""

from math import inf
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

SOURCES = (
    "buy-again", "kinds", "als", "ease", "user-neighbours", "item-neighbours", "bought-together", "next-in-session", "similar",
    "words", "vectors", "popularity", "store-popularity", "category-popularity", "trending", "new-arrivals", "newcomers",
    "recently-viewed",
)  # fmt: skip
"""Where candidates come from; each is one model's answer to the context."""

FALLBACKS = ("category-bestsellers", "store-bestsellers", "bestsellers")


class Carousel(BaseModel):
    """One carousel: what it shows, how much, and what it leaves out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, description="Heading for the shopper.")
    size: int = Field(12, ge=1, le=100, description="Products shown where the request names no size.")
    sources: dict[str, float] = Field(min_length=1, description="Candidate sources and their weights in the blend.")
    ranker: Literal["next-order", "discovery", "complements"] | None = Field(
        None, description='The contextual ranker that orders it, where the version has one; "none": the blend does.'
    )
    bought: Literal["include", "exclude", "only"] = Field(
        "include", description="Products that this shopper bought before."
    )
    in_cart: Literal["include", "exclude"] = Field("exclude", description="Products in the cart.")
    in_stock: bool = Field(True, description="Leave out what the request's store (or every store) is out of.")
    fallback: tuple[str, ...] = Field(FALLBACKS, description="Where further products come from when too few are left.")
    diversity: float = Field(
        0, ge=0, le=1, description="Each product of the same kind that stands before it: score x (1 - diversity)."
    )
    novelty: float = Field(
        0,
        ge=0,
        le=1,
        description="What sells little rises: score x (share of orders / typical share) ^ (-novelty / 2).",
    )
    margin_weight: float = Field(
        0, ge=0, le=1, description="Towards expected profit: score x (1 - weight + weight x profit / mean profit)."
    )
    price_tilt: float = Field(
        0, ge=0, le=1, description="Towards expected revenue: score x (1 - tilt + tilt x price / mean price)."
    )

    @field_validator("ranker", mode="before")
    @classmethod
    def _no_ranker(cls, value: Any) -> Any:
        return None if value == "none" else value

    @field_validator("sources")
    @classmethod
    def _known_sources(cls, value: dict[str, float]) -> dict[str, float]:
        if unknown := [name for name in value if name not in SOURCES]:
            raise ValueError(f"no source {unknown[0]!r}: take from {', '.join(SOURCES)}")
        if not all(0 < weight < inf for weight in value.values()):
            raise ValueError("a source's weight is above 0 and finite; leave the source out instead")
        return value

    @field_validator("fallback")
    @classmethod
    def _known_fallbacks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in value if name not in FALLBACKS]:
            raise ValueError(f"no fallback {unknown[0]!r}: take from {', '.join(FALLBACKS)}")
        return value


CAROUSELS: dict[str, dict[str, Any]] = {
    "for-you": {
        "title": "For you",
        "ranker": "next-order",
        "sources": {"buy-again": 1.0, "store-popularity": 0.2, "popularity": 0.1, "als": 0.02},
    },
    "you-may-also-like": {
        "title": "You may also like",
        "ranker": "discovery",
        "bought": "exclude",
        "sources": {
            "ease": 1.0,
            "als": 0.3,
            "similar": 0.7,
            "words": 0.4,
            "vectors": 0.4,
            "bought-together": 0.5,
            "next-in-session": 1.0,
            "store-popularity": 0.2,
            "popularity": 0.2,
        },
    },
    "similar-items": {"title": "Similar products", "sources": {"similar": 1.0, "words": 0.5, "vectors": 1.0}},
    "bought-together": {
        "title": "Bought together",
        "ranker": "complements",
        "sources": {"bought-together": 1.0, "buy-again": 2.0, "store-popularity": 0.1},
    },
    "buy-again": {
        "title": "Buy again",
        "ranker": "next-order",
        "bought": "only",
        "sources": {"buy-again": 1.0},
        "fallback": (),
    },
    "trending": {"title": "Trending", "sources": {"trending": 1.0}},
    "new-arrivals": {"title": "New arrivals", "sources": {"new-arrivals": 1.0}},
    "recently-viewed": {"title": "Recently viewed", "sources": {"recently-viewed": 1.0}, "fallback": ()},
    "bestsellers": {"title": "Bestsellers", "sources": {"popularity": 1.0}},
}

PAGES: dict[str, tuple[str, ...]] = {
    "home": ("for-you", "buy-again", "recently-viewed", "trending", "new-arrivals", "bestsellers"),
    "product": ("you-may-also-like", "bought-together", "similar-items", "recently-viewed"),
    "cart": ("bought-together", "buy-again", "you-may-also-like"),
    "email": ("for-you", "new-arrivals"),
}
