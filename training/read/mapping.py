"""Which column or expression of a file each of our names is: checked, with suggestions, before a row is read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

from models.errors import ConfigError, DataError
from models.product_fields import PRODUCT_FIELDS
from models.shop import Table, suggest
from training.read.engine import Session, first_line, name
from training.read.files import Piece
from training.read.formats import FORMATS
from training.read.times import Clock
from training.read.values import Role, expression_columns, typed

PURCHASES: dict[str, Role] = {
    "user_id": "id", "visitor_id": "id", "session_id": "id", "product_id": "id", "order_id": "id", "store_id": "id",
    "line_id": "id", "returns_order_id": "id", "time": "time", "event": "text", "quantity": "number", "price": "number", "currency": "text",
}  # fmt: skip
PRODUCTS: dict[str, Role] = {**PRODUCT_FIELDS, "vector": "vector"}
USERS: dict[str, Role] = {"user_id": "id", "tier": "text", "country": "text", "consent": "text"}
STOCK: dict[str, Role] = {"product_id": "id", "store_id": "id", "quantity": "number"}
STORES: dict[str, Role] = {"store_id": "id"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a table's columns are to us."""

    what: str
    """``data.purchases``: how messages call it."""
    table: Table
    roles: Mapping[str, Role]
    """Our name -> role, of every name that is mapped, derived or kept as an attribute."""

    def source(self, our: str) -> str:
        """Return what ``our`` is made from, for people."""
        theirs = self.table.columns.get(our) or self.table.derive.get(our) or our
        part = FORMATS[self.table.format].part(self.what) if self.table.format in FORMATS and theirs == our else None
        return theirs if part is None else " ".join(part.fields.get(our, our).split())

    def names(self) -> dict[str, str]:
        """Return the whole mapping, for people."""
        return {our.removeprefix("#"): self.source(our) for our in self.roles}


def plan(
    what: str, table: Table, known: Mapping[str, Role], required: Collection[str], closed: bool, otherwise: str = ""
) -> Plan:
    """Return what the columns of ``table`` are.

    Args:
        what: the name of its section in shop.toml.
        table: the section.
        known: roles of the names that mean something to us.
        required: names without which the table is of no use.
        closed: True where other names mean nothing; False keeps them as attributes.
        otherwise: what to do with a name that means nothing.

    Raises:
        ConfigError: an unknown name, a name given twice, or a required one missing.
    """
    given = [*table.columns, *table.derive, *table.attributes]
    alike = [one.lower() for one in given]  # as the engine has it
    for one in given:
        if closed and one not in known:
            raise ConfigError(f"{what}.columns.{one}: means nothing here{suggest(one, known)}{otherwise}")
        if alike.count(one.lower()) > 1:
            raise ConfigError(f"{what}: {one!r} is given twice: keep one of columns, derive and attributes")
    for one in required:
        if one not in given:
            raise ConfigError(f'{what}: no column for {one}: add {one} = "…" to {what}.columns')
    return Plan(what, table, {one: known.get(one, "any") for one in given})


def select(session: Session, planned: Plan, piece: Piece, clock: Clock) -> tuple[str, dict[str, str]]:
    """Return the SQL that reads one file, and the file's own DuckDB types by our name.

    It yields ``#row``, ``#keep`` (a boolean), ``#aside`` (a format's own reason against keeping) and every name of ``planned``, typed.
    Every number and time has a second column, ``!name``: true where something stands there that cannot be read.

    Raises:
        DataError: the file lacks a column, or an expression does not hold for its columns.
    """
    table = planned.table
    inner = [
        f"{name(_find(planned, piece, theirs, our))} as {name('=' + our)}" for our, theirs in _direct(table).items()
    ]
    expressions = [*table.derive.values(), *([table.keep] if table.keep else [])]
    texts = {theirs for our, theirs in table.columns.items() if planned.roles.get(our) in ("id", "text", "time")}
    seen = expression_columns(session, piece, expressions, texts)
    aside = "" if piece.has_aside else "null::varchar as "
    source = f'(select "#row", {aside}"#aside", {", ".join([*inner, *seen])} from {piece.sql})'
    derived = [f"({sql}) as {name('=' + our)}" for our, sql in table.derive.items()]
    wanted = [*([f"({table.keep})"] if table.keep else []), *(['"#aside" is null'] if piece.has_aside else [])]
    keep = f'({" and ".join(wanted) or "true"}) as "#keep", "#aside"'
    raw = ", ".join(['"#row"', keep, *(name("=" + our) for our in _direct(table)), *derived])
    sql = f"(select {raw} from {source})"
    kinds = _describe(session, planned, piece, sql)
    own = {our: kinds["=" + our] for our in planned.roles}
    return f'select "#row", "#keep", "#aside", {_columns(planned, own, clock)} from {sql}', own


def _columns(planned: Plan, kinds: Mapping[str, str], clock: Clock) -> str:
    out = []
    for our, role in planned.roles.items():
        raw = name("=" + our)
        value = typed(role, raw, kinds[our], clock)
        out.append(f"{value} as {name(our)}")
        if role in ("number", "time", "day", "vector"):
            given = f"not blank({raw})" if kinds[our] == "VARCHAR" else f"{raw} is not null"
            out.append(f"({given} and {value} is null) as {name('!' + our)}")
    return ", ".join(out)


def _direct(table: Table) -> dict[str, str]:
    return {**table.columns, **{one: one for one in table.attributes}}


def _find(planned: Plan, piece: Piece, wanted: str, our: str) -> str:
    """Return the file's own spelling of a column (upper and lower case do not matter)."""
    if wanted in piece.types:
        return wanted
    near = [one for one in piece.types if one.lower() == wanted.lower()]
    if len(near) == 1:
        return near[0]
    has = ", ".join(piece.types)
    raise DataError(
        f"{piece.label}: no column {wanted!r} ({planned.what}: {our}){suggest(wanted, piece.types)}; the file has {has}"
    )


def _describe(session: Session, planned: Plan, piece: Piece, sql: str) -> dict[str, str]:
    try:
        return {str(row[0]): str(row[1]) for row in session.rows(f"describe {sql}")}
    except duckdb.Error as error:
        has = ", ".join(piece.types)
        raise DataError(
            f"{piece.label}: an expression of {planned.what} (derive, keep) does not hold: {first_line(error)}; "
            f"the file has {has}"
        ) from error
