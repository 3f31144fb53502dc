"""What the back office told, as plain data: the whole truth about a product or a stock is its last row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | float | Sequence[str] | None
"""Of an attribute: a text, a number (moments are Unix seconds), tags, or none."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the store has it."""

    product_id: str
    attributes: Mapping[str, Value]
    whole: bool
    """True: what is not among ``attributes`` has no value. False: it has that of the trained version."""
    since: int
    """Unix seconds on the shop's clock at which it was first told of."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of a product on the shelf of a store."""

    product_id: str
    store_id: str
    """Empty: the shop as a whole; then what the trained version says of single stores no longer counts."""
    quantity: float


@dataclass(frozen=True, slots=True)
class News:
    """What was told since the last look."""

    products: Sequence[Product] = ()
    pieces: Sequence[Pieces] = ()

    def __bool__(self) -> bool:
        return bool(self.products or self.pieces)
