"""The attributes of products that mean something to us, in files and over HTTP alike."""

from typing import Literal, TypeAlias

FieldRole: TypeAlias = Literal["id", "text", "number", "time", "tags"]

PRODUCT_FIELDS: dict[str, FieldRole] = {
    "product_id": "id", "name": "text", "category": "text", "brand": "text", "price": "number", "cost": "number",
    "tags": "tags", "image": "text", "url": "text", "available_from": "time", "available_until": "time",
    "parent_id": "id",
}  # fmt: skip
OWN_TEXTS = ("name", "image", "url")
"""Text columns that name one product: nearly every product has its own, so they tell neither its kind nor what it is like."""
