"""A section of ``shop.toml`` in the making, with what was found on the way."""

from dataclasses import dataclass, field

from training.init.look import Looked, Seen


@dataclass(slots=True)
class Draft:
    """One table."""

    table: str
    files: list[Looked]
    format: str = "columns"
    salt: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    derive: dict[str, str] = field(default_factory=dict)
    attributes: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    """What some of the files call a column, and what the first calls it."""
    fields: dict[str, str] = field(default_factory=dict)
    """Context fields that the columns are, and their kind."""
    keep: str | None = None
    time_format: str | None = None
    no_products: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was found, and what was left out."""

    @property
    def first(self) -> Looked:
        """The first of the files; the others have the same columns."""
        return self.files[0]

    @property
    def sql(self) -> str:
        """What stands after FROM for all the files together."""
        return (
            "("
            + " union all by name ".join(f'select * exclude ("#row") from {one.piece.sql}' for one in self.files)
            + ")"
        )

    def used(self) -> set[str]:
        """Return the columns of the files that are mapped."""
        told = " ".join([*self.derive.values(), self.keep or ""])
        return {*self.columns.values(), *self.attributes, *(one for one in self.first.columns if f'"{one}"' in told)}

    def seen(self, our: str) -> Seen | None:
        """Return the column that ``our`` name is mapped to, as it was seen."""
        column = self.columns.get(our)
        return None if column is None else self.first.columns.get(column)
