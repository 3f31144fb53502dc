"""What a reading found, in numbers: what ``check`` prints and an artifact's manifest keeps."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

AFTER = "at or after --until"
"""Why rows are set aside that an honest test must not see."""


@dataclass(frozen=True, slots=True)
class Example:
    """One refused row."""

    reason: str
    file: str
    line: int
    """From 1; in CSV the header is line 1, and a quoted value with line breaks counts as one line."""
    row: str


@dataclass(slots=True)
class TableFacts:
    """One table: every row of it is read, and then kept, refused, or set aside."""

    name: str
    """``data.purchases``"""
    mapping: Mapping[str, str]
    """Our name -> the column or expression that it is made from."""
    files: list[str] = field(default_factory=list)
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Reason -> rows at fault."""
    set_aside: Counter[str] = field(default_factory=Counter)
    """Reason -> rows that are all right but not wanted."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Reason -> rows that are kept without a value that cannot be used."""
    examples: list[Example] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Rows that are neither refused nor set aside."""
        return self.read - self.refused.total() - self.set_aside.total()

    def plain(self) -> dict[str, Any]:
        """Return the table's facts as plain data for JSON."""
        own = {one: getattr(self, one) for one in self.__slots__}
        counters = {one: dict(own[one]) for one in ("refused", "set_aside", "unknown")}
        return {**own, **counters, "examples": [asdict(one) for one in self.examples], "kept": self.kept}


@dataclass(frozen=True, slots=True)
class Facts:
    """The data page of a shop."""

    tables: Mapping[str, TableFacts]
    lines: int
    users: int
    """Users with at least one purchase."""
    products: int
    """Products bought at least once."""
    products_listed: int
    """Products of the catalogue, bought or not."""
    orders: int
    stores: int
    first: int | None
    """Unix seconds of the first purchase; None without times."""
    last: int | None
    gaps: tuple[tuple[str, str], ...]
    """(first day, last day) of the days without a purchase, longest first, in the shop's zone; at most ten."""
    repeat_share: float
    """Share of lines whose user bought the product in an earlier order."""
    top_products_share: float
    """Share of lines that the 1 % most bought products have."""
    rare_products: int
    """Products with fewer than five lines."""
    one_order_users: int
    """Users with a single order."""
    largest_user_share: float
    """Share of lines of the user with the most."""
    without_catalogue_row: int
    """Products that were bought and that the products table does not list."""
    without_price: int
    """Lines without a price."""
    free: int = 0
    """Lines with a price of 0."""
    closed: tuple[str, ...] = ()
    """Days of the week on which next to nothing is sold; they are no gaps."""

    def plain(self) -> dict[str, Any]:
        """Return the facts as plain data for JSON."""
        tables = {called: one.plain() for called, one in self.tables.items()}
        return {one: getattr(self, one) for one in self.__slots__ if one != "tables"} | {"tables": tables}
