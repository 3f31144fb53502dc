"""What the back office sends and gets back: the shapes that the OpenAPI document tells, and their checks."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recsvc.answers import Part
from recsvc.forms import FormError, Number, Text
from recsvc.overlay.check import MOST_MONEY
from recsvc.problems import MOST_FAULTS, Fault

MOST = 1_000
"""Rows of one call."""

Id = Annotated[Text, Field(min_length=1)]
Moment = Annotated[
    str | float | None, Field(description="ISO date or time, the shop's zone where it names none, or Unix seconds.")
]
Shape = TypeVar("Shape", bound=BaseModel)


class ProductAttributes(BaseModel):
    """What can be said of a product: these, and whatever the trained version has beside them; null takes a value away."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": {"price": 9.5, "available": True}})

    name: str | None = None
    category: str | None = None
    brand: str | None = None
    price: float | None = Field(None, ge=0, le=MOST_MONEY)
    cost: float | None = Field(None, ge=0, le=MOST_MONEY)
    tags: list[str] | None = None
    image: str | None = None
    url: str | None = None
    parent_id: str | None = None
    available: bool | None = Field(None, description="False: withdrawn, it never shows.")
    available_from: Moment = None
    available_until: Moment = None


class ProductRow(ProductAttributes):
    """A whole product: an attribute that is left out has no value."""

    product_id: Id


class ProductsBody(Part):
    """Products to be told of."""

    products: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]


class ToldProducts(Part):
    """Products to be told of."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"products": [{"product_id": "SKU-1", "name": "Barolo", "price": 12.5}]}},
    )

    products: Annotated[list[ProductRow], Field(min_length=1, max_length=MOST)]


class StockRow(Part):
    """Pieces on a shelf."""

    product_id: Id
    store_id: Text | None = Field(None, description="None: the shop as a whole; what was told of its stores ends.")
    quantity: Number = Field(description="Pieces; 0 or less is sold out.")


class StockBody(Part):
    """Stock to be told of, in this order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"stock": [{"product_id": "SKU-1", "store_id": "north", "quantity": 4}]}},
    )

    stock: Annotated[list[StockRow], Field(min_length=1, max_length=MOST)]


class Stored(Part):
    """What was told is on the disk."""

    request_id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")
    stored: int = Field(description="Rows.")
    unknown: list[str] = Field([], description="Products that nobody told of yet, the first 20: their stock waits.")


def shaped(shape: type[Shape], values: Mapping[str, Any]) -> Shape:
    """Return ``values`` in a shape.

    Raises:
        FormError: they do not fit, with every fault.
    """
    try:
        return shape.model_validate(values, strict=True)
    except ValidationError as error:
        raise FormError([_fault(one) for one in _errors(error)]) from error


def _errors(error: ValidationError) -> Sequence[Mapping[str, Any]]:
    return error.errors(include_url=False, include_context=False, include_input=False)[:MOST_FAULTS]


def _fault(error: Mapping[str, Any]) -> Fault:
    path = ".".join(str(part)[:64] for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return Fault(path, "unknown key")
    if error["type"] == "string_type":
        return Fault(path, 'must be text: write ids in quotes, "01" is not 1')
    return Fault(path, error["msg"].removeprefix("Value error, ").replace("Input should be", "must be"))
