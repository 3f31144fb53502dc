"""The tables of ``shop.toml``: where a shop's data lies, what its columns are called, and what of it counts."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models.patterns import Pattern
from models.request_keys import CONTEXT, is_taken
from models.section import Name, Section, zone_name

FieldKind = Literal["categorical", "numeric"]
FormatName = Literal[
    "columns", "ga4", "google-retail", "merchant-feed", "segment", "shopify-orders", "shopify-products",
    "shopify-inventory", "amazon-personalize", "algolia-insights", "recombee",
]  # fmt: skip


class Table(Section):
    """Where a table of the shop's data lies, and what its columns are called there."""

    files: tuple[str, ...] = Field(
        (), description="Files and globs, relative to shop.toml; package://NAME/PATH reads inside an installed package."
    )
    tables: dict[Name, str] = Field({}, description="Files under names, for a query that joins them.")
    url: str | None = Field(
        None, description="A database to read from instead of files: sqlite:/// or postgresql://, or env:NAME."
    )
    query: str | None = Field(None, description="SQL over the database of url, or over the names in tables.")
    format: FormatName = Field(
        "columns", description="The shape of the files: plain columns, or one that shops already have."
    )
    header: bool = Field(
        True, description="Whether the first line of CSV and TSV names the columns; else they are column0, column1, …"
    )
    salt: str | None = Field(
        None,
        description="Text that e-mail addresses are hashed with (shopify-orders), or env:NAME; keep it, and keep it secret.",
    )
    time_zone: str | None = Field(None, description="Zone of times that name none; default: the shop's.")
    time_format: str | None = Field(
        None, description="How the times are written, as strptime has it, where day/month and month/day both fit."
    )
    columns: dict[Name, str] = Field({}, description="Our name = the name in the files.")
    aliases: dict[str, str] = Field(
        {},
        description="What some of the files call a column = what the others call it; both exports are read as one table.",
    )
    attributes: tuple[Name, ...] = Field((), description="Further columns to keep under their own names.")
    derive: dict[Name, str] = Field(
        {}, description="Our name = an SQL expression over the files' own columns; title_case(text) is at hand."
    )
    keep: str | None = Field(
        None, description="SQL condition over the files' own columns; other rows are set aside, not refused."
    )

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        return value if value is None else zone_name(value)

    @model_validator(mode="after")
    def _one_source(self) -> "Table":
        given = [name for name in ("files", "tables", "url") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of files, tables or url (given: {', '.join(given) or 'none'})")
        if (self.query is None) != (not self.tables and self.url is None):
            raise ValueError("query goes with tables or url, and these need a query")
        if self.aliases and (not self.files or self.format != "columns"):
            raise ValueError("aliases go with files of plain columns: rename the columns in the query")
        if self.format != "columns" and not self.files:
            raise ValueError(f"format = {self.format!r} goes with files")
        return self


class PurchaseTable(Table):
    """Purchases: user_id, product_id and time at least, for what serves best."""

    unlisted: Literal["keep", "set-aside"] = Field(
        "keep", description="Purchases of products that the products table does not list."
    )
    no_products: tuple[Pattern, ...] = Field(
        (), description='What is sold and is no product: postage, fees, vouchers, samples. "POST", "DOT*", "re:^gift_".'
    )
    test_orders: tuple[Pattern, ...] = Field(
        (), description='Orders that are tests: "TEST*" over order_id, { user_id = "qa-*" } over another column.'
    )


class Period(Section):
    """A key that counts periods of the shop's calendar, such as a week number."""

    starts: str = Field(
        description="Local date on which the period numbered `first` starts.", pattern=r"^\d{4}-\d\d-\d\d$"
    )
    days: int = Field(7, ge=1, description="Days in a period.")
    first: int = Field(1, description="The number of the period that begins at `starts`.")


class ContextTable(Table):
    """Facts that hold for a moment: promotions by product, store and week, weather by region and day."""

    keys: dict[Name, str] = Field(
        description="Key = column. product_id, store_id, user_id, any context field, or a period."
    )
    periods: dict[Name, Period] = Field({}, description="What the keys that count periods mean.")
    starts: str | None = Field(None, description="Column with the local date or time from which a row holds.")
    ends: str | None = Field(
        None, description="Column with the local date (that whole day) or time until which a row holds."
    )
    fields: tuple[Name, ...] = Field((), description="Columns with the facts; none: being listed is the fact.")


class Data(Section):
    """The shop's tables."""

    purchases: PurchaseTable | None = None
    events: Literal["none", "store"] = Field("none", description="store: learn from the service's own orders too.")
    products: Table | None = None
    users: Table | None = None
    stock: Table | None = None
    stores: Table | None = None

    @model_validator(mode="after")
    def _any_purchases(self) -> "Data":
        if self.purchases is None and self.events == "none":
            raise ValueError('nothing to learn from: give data.purchases, events = "store", or both')
        return self


class Context(BaseModel):
    """Request context beyond the built-in: declared fields, and tables looked up at each row's moment."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, ContextTable]  # read with the checks of its type
    fields: dict[Name, FieldKind] = Field({}, description="Declared request fields and their kind.")

    @field_validator("fields")
    @classmethod
    def _free_names(cls, value: dict[str, FieldKind]) -> dict[str, FieldKind]:
        if taken := [name for name in value if is_taken(name)]:
            raise ValueError("; ".join(f"{name!r} is built in: take another name" for name in taken))
        return value

    @property
    def kinds(self) -> dict[str, FieldKind]:
        """All fields that describe the situation of a request, the built-in ones and the declared ones."""
        return {**dict.fromkeys(CONTEXT, "categorical"), **self.fields}

    @property
    def tables(self) -> dict[str, ContextTable]:
        """The context tables by name."""
        return dict(self.__pydantic_extra__ or {})
