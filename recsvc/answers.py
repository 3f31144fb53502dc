"""What the service answers: the JSON that goes out, and the models that describe it in the OpenAPI document."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recsvc.asking import Answer, Item


class Part(BaseModel):
    """A part of an answer, described."""

    model_config = ConfigDict(extra="forbid")


class ReasonPart(Part):
    """Why a product is there: facts only."""

    code: str
    text: str


class ItemPart(Part):
    """One product of a carousel."""

    product_id: str
    position: int = Field(ge=1, description="From 1, absolute over the carousel's depth.")
    source: str = Field(description='"model", "pin" or the name of the fallback.')
    score: float = Field(description="Comparable inside one answer only.")
    reason: ReasonPart
    product: dict[str, Any] = Field(description="Name, price, image, url and the like, as far as they are known.")
    explain: dict[str, Any] | None = Field(None, description="With explain=true: how the product came here.")


class CarouselPart(Part):
    """One ranked carousel."""

    carousel: str
    title: str
    items: list[ItemPart]
    personalised: bool
    fallback: str | None = Field(description="The last fallback that had to help.")
    model: str | None = Field(description="Version of the trained models; null while there is none.")
    rules: str | None = Field(description='"sha256:…" of the rules file; null without rules.')
    experiments: list[dict[str, str]]
    degraded: list[str] = Field([], description="Parts that were left out of this answer.")
    unknown: list[str] = Field([], description="Fields of the request whose ids nobody knows.")
    notes: dict[str, Any] | None = Field(
        None, description="With explain=true: what it was made from, what is not there, and why."
    )


class CarouselAnswer(CarouselPart):
    """The answer to a request for one carousel."""

    request_id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")


class PageAnswer(Part):
    """The answer to a request for a page: no product is shown twice."""

    request_id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")
    page: str
    carousels: list[CarouselPart]


class CarouselPolicy(Part):
    """What a carousel is called and what it leaves out."""

    carousel: str
    title: str
    size: int
    bought: Literal["include", "exclude", "only"]
    in_cart: Literal["include", "exclude"]
    in_stock: bool
    fallback: list[str]


class CarouselList(Part):
    """The carousels and pages of the shop."""

    request_id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")
    carousels: list[CarouselPolicy]
    pages: dict[str, list[str]] = Field(description="The carousels of each page, first to last.")


class RulePart(Part):
    """One live rule."""

    id: str
    do: str = Field(description="Its verb.")
    why: str
    line: int = Field(description="Of the file, from 1.")
    carousels: list[str] | None = Field(description="Null: all of them.")
    when: list[str] = Field(description="The keys of its conditions.")
    unless: list[str]
    everywhere: bool
    priority: float
    state: Literal["off", "now", "later", "ended"] = Field(description="By its dates and hours alone.")
    starts: str | None = Field(description="When it holds next, on the shop's clock; null where it does already.")
    ends: str | None = Field(description="Until when it holds then; null: no end.")


class RuleList(Part):
    """The rules that are live."""

    request_id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")
    hash: str | None = Field(description="Of the file; null without rules.")
    timezone: str
    rules: list[RulePart]
    warnings: list[str]


class MovePart(Part):
    """A product that stands elsewhere."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    product_id: str
    from_: int = Field(alias="from")
    to: int


class PreviewPart(Part):
    """One carousel under the live rules and under the candidate."""

    before: CarouselPart
    after: CarouselPart
    gained: list[str]
    lost: list[str]
    moved: list[MovePart]


class PreviewAnswer(Part):
    """What a candidate rules file would change."""

    request_id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")
    hash: str = Field(description="Of the candidate.")
    warnings: list[str]
    carousels: list[PreviewPart]


class TroublePart(Part):
    """Something that did not load; the last good one serves on."""

    part: str = Field(description='"model" or "rules".')
    file: str
    line: int | None
    cause: str
    since: str


class Alive(Part):
    """The process answers."""

    status: Literal["alive"]
    request_id: str


class Ready(Part):
    """What is live, and what did not load."""

    status: Literal["ready", "degraded"]
    request_id: str
    shop: str
    model: str | None
    models: list[str] = Field(description="Every version that serves: the live one, and those of arms of experiments.")
    rules: str | None
    clock: str = Field(description="The shop's time.")
    troubles: list[TroublePart]
    warnings: list[str] = Field(description="What the rules file would be better without.")


class FaultPart(Part):
    """One thing wrong with a request."""

    path: str
    message: str


class ProblemPart(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FaultPart]
    request_id: str


def carousel_json(answer: Answer) -> dict[str, Any]:
    """Return ``answer`` as it goes out; what is empty and optional is left out."""
    out: dict[str, Any] = {
        "carousel": answer.carousel,
        "title": answer.title,
        "items": [_item_json(item) for item in answer.items],
        "personalised": answer.personalised,
        "fallback": answer.fallback,
        "model": answer.model,
        "rules": answer.rules,
        "experiments": [dict(one) for one in answer.experiments],
    }
    extras: Mapping[str, Any] = {
        "degraded": answer.degraded,
        "unknown": answer.unknown,
        "notes": answer.notes,
    }
    return out | {name: value for name, value in extras.items() if value}


def page_json(page: str, answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the answers of ``page`` as they go out."""
    return {"page": page, "carousels": [carousel_json(answer) for answer in answers]}


def _item_json(item: Item) -> dict[str, Any]:
    out: dict[str, Any] = {
        "product_id": item.product_id,
        "position": item.position,
        "source": item.source,
        "score": item.score,
        "reason": {"code": item.reason.code, "text": item.reason.text},
        "product": item.product,
    }
    return out if item.explain is None else {**out, "explain": item.explain}
