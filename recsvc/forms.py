"""The request context as callers write it, checked against the shop: one form for queries, bodies and batch rows.

What is wrong with a form is an error with its path; what is merely unknown (an id, a store, a value) never is.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from models.errors import ConfigError
from models.request_keys import CONTEXT, LONGEST
from models.shop import Shop, suggest
from recsvc.asking import Ask
from recsvc.problems import MOST_FAULTS, Fault

MOST_KEYS = 200
"""Keys of one form; no shop declares so many fields."""
EARLIEST, LATEST = 0, 32_503_680_000
"""Bounds of ``at``: the years 1970 to 2999."""


class FormError(ValueError):
    """A form does not hold; ``faults`` are all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.message}".removeprefix(": ") for fault in faults))
        self.faults = tuple(faults)


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a NUL character: leave it out")
    return text


def _no_blanks(ids: list[str]) -> list[str]:
    return [one for one in ids if one]


Text = Annotated[str, Field(max_length=LONGEST), AfterValidator(_no_nul)]
Ids = Annotated[list[Text], Field(max_length=500), AfterValidator(_no_blanks)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Form(BaseModel):
    """The built-in request context; everything is optional."""

    model_config = ConfigDict(extra="forbid", title="RequestContext")

    user_id: Text | None = Field(None, description="The known shopper.", examples=["1023"])
    visitor_id: Text | None = Field(None, description="The anonymous shopper of this browser.")
    product_id: Text | None = Field(None, description="The product whose page is looked at.")
    cart: Ids = Field([], description="Products in the cart.")
    recent: Ids = Field([], description="Products looked at, oldest first.")
    store_id: Text | None = Field(None, description="The store, where the shop has several.")
    device: Text | None = Field(None, description="The kind of device.", examples=["mobile"])
    referrer: Text | None = Field(None, description="Where the shopper came from.")
    campaign: Text | None = Field(None, description="The coupon or e-mail campaign that led here.")
    country: Text | None = Field(None, description="The shopper's country.")
    weather: Text | None = Field(None, description="The weather at the shopper's place.", examples=["rain"])
    at: str | None = Field(
        None,
        max_length=64,
        description="Answer as of this moment: ISO date and time, the shop's zone where it names none. Needs an admin key where keys are set.",
        examples=["2026-11-27T09:00"],
    )
    size: int | None = Field(None, ge=1, le=100, description="Products wanted; default: the carousel's size.")
    offset: int = Field(0, ge=0, le=1000, description="Products to skip: pages are slices of one ranking.")
    exclude: Ids = Field([], description="Products to leave out.")
    candidates: Ids | None = Field(None, description="Rank only these, such as a category page.")
    filter: Annotated[str, AfterValidator(_no_nul)] | None = Field(
        None,
        max_length=2500,
        description="A condition in the rules' expression language that every product must meet.",
        examples=["price <= 15"],
    )
    consent: bool = Field(True, description="False: no personal model is used.")
    explain: bool = Field(False, description="Tell how every product came here. Needs an admin key where keys are set.")


LISTS = ("cart", "recent", "exclude", "candidates")
ADMIN_ONLY = ("at", "explain")


def form_for(shop: Shop) -> type[Form]:
    """Return the form of ``shop``: the built-in context and the fields that it declares.

    Raises:
        ConfigError: a declared field has the name of a built-in one of another meaning.
    """
    kinds: dict[str, Any] = {"categorical": Text | None, "numeric": Number | None}
    if taken := [name for name in shop.context.fields if name in Form.model_fields and name not in CONTEXT]:
        raise ConfigError(f"context.fields.{taken[0]}: the name is built in: take another")
    declared = {
        name: (kinds[kind], Field(None, description=f"A field of this shop, {kind}."))
        for name, kind in shop.context.fields.items()
    }
    return cast(type[Form], partial(create_model, "RequestContext", __base__=Form)(**declared))


def preview_form(form: type[Form]) -> type[BaseModel]:
    """Return what the body of a preview of rules holds, for a shop's ``form``."""
    fields: dict[str, Any] = {
        "rules": (str, Field(description="The text of a candidate rules file.")),
        "carousel": (Text | None, Field(None, description="The carousel to show; this or page.")),
        "page": (Text | None, Field(None, description="The page to show, all of its carousels.")),
        "request": (form | None, Field(None, description="The request context.")),
    }
    example: Any = {"rules": "version: 1\nrules: []\n", "carousel": "for-you", "request": {"user_id": "1023"}}
    config = ConfigDict(extra="forbid", title="RulesPreview", json_schema_extra={"example": example})
    return partial(create_model, "RulesPreview", __config__=config)(**fields)


def check(form: type[Form], values: Mapping[str, Any], *, typed: bool) -> Form:
    """Return ``values`` as a checked form; a blank or null value is one that was left out.

    Args:
        form: the shop's form.
        values: what was given.
        typed: whether values carry their types (JSON) or are all text (queries, tables).

    Raises:
        FormError: with every fault.
    """
    if len(values) > MOST_KEYS:
        raise FormError([Fault("", f"{len(values)} keys are too many: the context has {len(form.model_fields)}")])
    given = {name: value for name, value in values.items() if value is not None and value != ""}
    try:
        return form.model_validate(given, strict=typed)
    except ValidationError as error:
        raise FormError(_faults(error, form)) from error


def to_ask(form: Form, shop: Shop) -> Ask:
    """Return what a checked ``form`` asks of the engine.

    Raises:
        FormError: ``at`` is no moment.
    """
    names = dict.fromkeys((*CONTEXT, *shop.context.fields))
    fields = {name: value for name in names if (value := getattr(form, name)) is not None}
    return Ask(
        user_id=form.user_id, visitor_id=form.visitor_id, product_id=form.product_id, store_id=form.store_id,
        cart=tuple(form.cart), recent=tuple(form.recent), exclude=tuple(form.exclude),
        candidates=None if form.candidates is None else tuple(form.candidates),
        fields=fields, at=_moment(form.at, shop), size=form.size, offset=form.offset,
        filter=form.filter, consent=form.consent, explain=form.explain,
    )  # fmt: skip


def _moment(text: str | None, shop: Shop) -> int | None:
    if text is None:
        return None
    try:
        moment = shop.moment(text)
    except (ConfigError, OverflowError) as error:
        raise FormError([Fault("at", "no date or time: write 2026-11-27T09:00, with %2B for + in a query")]) from error
    if not EARLIEST <= moment < LATEST:
        raise FormError([Fault("at", "take a moment from 1970 to 2999")])
    return moment


def _faults(error: ValidationError, form: type[Form]) -> list[Fault]:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:MOST_FAULTS]
    return [_fault(str(fault["type"]), fault["loc"], fault["msg"], form) for fault in found]


def _fault(kind: str, place: tuple[int | str, ...], message: str, form: type[Form]) -> Fault:
    path = ".".join(str(part)[:64] for part in place)
    if kind == "extra_forbidden":
        return Fault(path, f"unknown key{suggest(path, form.model_fields)}")
    if kind == "string_type":
        return Fault(path, 'must be text: write ids in quotes, "01" is not 1')
    return Fault(path, message.removeprefix("Value error, ").replace("Input should be", "must be"))
