"""What is asked of the engine and what it answers: plain data, no Flask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from recsvc.lately import Lately


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for carousels, in outside ids; everything but nothing is optional."""

    user_id: str | None = None
    visitor_id: str | None = None
    unit: str | None = None
    """By whose id the user is drawn for experiments, where that is not the user's own."""
    product_id: str | None = None
    """The product whose page is looked at."""
    cart: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    """Products looked at, oldest first."""
    store_id: str | None = None
    fields: Mapping[str, str | float] = field(default_factory=dict)
    """device, referrer, campaign, country, weather and declared context fields, where given."""
    at: int | None = None
    """Unix seconds, UTC; None = the shop's clock."""
    size: int | None = None
    """Products wanted, 1 to 100; None = the carousel's own size."""
    offset: int = 0
    """Products to skip, 0 to 1,000: pages are slices of one ranking."""
    exclude: tuple[str, ...] = ()
    candidates: tuple[str, ...] | None = None
    """Rank only these."""
    filter: str | None = None
    """A condition in the rules' expression language that every product must meet."""
    consent: bool = True
    """False: no personal model is used."""
    lately: Lately | None = None
    """What the shopper's events say; None: not asked for, as for previews."""
    explain: bool = False
    why: tuple[str, ...] = ()
    """With ``explain``: products to tell of, whether they are candidates or not."""

    @property
    def drawn_by(self) -> str | None:
        """The id by which experiments draw whoever asks; None: nobody."""
        return self.unit or self.user_id or self.visitor_id


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a product is there: facts only."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One product of an answer."""

    product_id: str
    position: int
    """From 1, absolute over the carousel's depth."""
    source: str
    """"model", "pin" or the fallback's name."""
    score: float
    """In (0, 1] before boosts."""
    reason: Reason
    product: Mapping[str, Any]
    """name, price, currency, image, url, … as far as the catalogue knows them."""
    explain: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One ranked carousel, and which versions made it."""

    carousel: str
    title: str
    items: tuple[Item, ...]
    personalised: bool
    fallback: str | None
    """The last fallback that had to help, or None."""
    model: str | None
    """Version of the artifact; None while there is none."""
    rules: str | None
    """"sha256:…" of the rules file; None without rules."""
    experiments: tuple[Mapping[str, str], ...] = ()
    degraded: tuple[str, ...] = ()
    """Parts that were left out."""
    unknown: tuple[str, ...] = ()
    """Names of the request's fields whose ids nobody knows: user_id, product_id, store_id, cart, …"""
    notes: Mapping[str, Any] | None = None
    """With ``explain``: dropped pins and products that are not there, with reasons."""
    depends_on_shopper: bool = True
    """False: the same for everybody, so it may be cached."""


class UnknownCarouselError(KeyError):
    """No carousel of that name; the argument is a message with a suggestion."""


class BadFilterError(ValueError):
    """The request's ``filter`` does not parse; the argument says where and why."""
