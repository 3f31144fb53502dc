"""What a format by name is: data that says which columns a file has and what each of our names is made from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TableName = Literal["purchases", "products", "users", "stock"]

WHOLE_ORDER = "#order"
"""The product of a refund that names none: it takes its whole order back."""
CALL = "#message_id"
"""Our name for the id of what told a line (a call, a message), for ``once``; it is NULL where a table has none."""
LINES = 100_000
"""Rows that one line of a file may become."""


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of file of a format, as SQL over its own columns.

    In SQL a column is called by its name in lower case, with ``_`` for whatever is no letter or digit, and is a text;
    nested values are JSON texts. A column that a file lacks is NULL there.
    """

    table: TableName
    needs: tuple[str, ...]
    """Columns without which a file is not of this format, as its makers spell them."""
    fields: Mapping[str, str]
    """Our name -> SQL over the file's columns, and over ``item`` (JSON), where ``items`` is given."""
    reads: tuple[str, ...] = ()
    """Further columns that ``fields`` read, where a file has them."""
    attributes: tuple[str, ...] = ()
    """Names among ``fields`` that mean nothing special to us and are kept as attributes."""
    extras: Mapping[str, str] = field(default_factory=dict)
    """Further names that ``recsvc-train import`` writes and the training does not read."""
    nested: tuple[str, ...] = ()
    """Columns, by their name in SQL, that hold JSON."""
    items: str | None = None
    """SQL of a JSON array with an entry for each row that a line becomes; none or an empty one is a single row."""
    filled: str | None = None
    """SQL of a select list over ``{file}`` that comes before everything else, such as cells that are filled forward."""
    aside: Mapping[str, str] = field(default_factory=dict)
    """Reason -> SQL condition of the rows that are no such thing at all."""
    once: str | None = None
    """SQL over our names: of rows with the same value only those of the last copy count; NULL: never given again."""
    copy: Literal["line", "file"] = "line"
    """What a copy is: one line of a file, or all that one file says."""
    macros: str = ""
    """SQL that makes the functions which ``fields`` use."""
    rest: bool = False
    """Whether all other columns of the file are attributes."""
    salted: bool = False
    """Whether ``fields`` hash with ``{salt}``."""
    tells: tuple[str, ...] = ()
    """Columns of which a file has at least one, so that it is told from a file that merely has ``needs``; () = ``needs`` do."""
    exact: bool = False
    """Whether the columns are told from others by upper and lower case alone."""

    def mentions(self, sql: str) -> set[str]:
        """Return which of the columns that the part reads stand in ``sql``."""
        words = set(re.findall(r"[a-z_][a-z0-9_]*", re.sub(r"'[^']*'", "''", sql.lower())))
        return {one for one in map(plain_name, (*self.needs, *self.reads)) if one in words}


@dataclass(frozen=True, slots=True)
class Format:
    """A shape that shops already have their data in."""

    name: str
    title: str
    parts: tuple[Part, ...]

    def part(self, table: str) -> Part | None:
        """Return the part for ``table``, ``purchases`` or ``data.purchases``."""
        return next((one for one in self.parts if one.table == table.removeprefix("data.")), None)

    def tells_products(self) -> bool:
        """Tell whether the files of purchases tell what their products are, too."""
        purchases, products = self.part("purchases"), self.part("products")
        return purchases is not None and products is not None and purchases.needs == products.needs


def plain_name(column: str) -> str:
    """Return how SQL of a format calls a file's column."""
    return re.sub(r"[^a-z0-9]+", "_", column.strip().lower()).strip("_")
