"""Tables in a format by name: each file as rows under our own names, and shop.toml's section filled in."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from models.errors import ConfigError, DataError
from models.shop import Table
from training.read.engine import Session, literal, name
from training.read.files import Piece, open_piece, types_of
from training.read.formats import FORMATS
from training.read.formats.macros import MACROS
from training.read.formats.part import LINES, Part, plain_name
from training.read.secret import secret
from training.read.sources import resolve_all

T = TypeVar("T", bound=Table)


def part_of(what: str, table: Table) -> Part | None:
    """Return the part of a table's format that reads it; None for plain columns.

    Raises:
        ConfigError: the format has no such table.
    """
    if table.format == "columns":
        return None
    shape = FORMATS[table.format]
    part = shape.part(what)
    if part is None:
        has = ", ".join(f"data.{one.table}" for one in shape.parts)
        raise ConfigError(f"{what}.format: {table.format!r} tells nothing of that table: it is a format of {has}")
    return part


def expand(session: Session, what: str, table: T) -> T:
    """Return the section with the columns that its format has in these files; what shop.toml says itself stays.

    Raises:
        ConfigError: the format has no such table.
        DataError: a file is not of the format.
    """
    part = part_of(what, table)
    if part is None:
        return table
    files = [_look(session, path, table.format, part) for path in resolve_all(table.files, session.shop.folder)]
    own = {*table.columns, *table.derive, *table.attributes}
    fields = [one for one in fields_of(part, files) if one not in own]
    columns = {one: one for one in fields if one not in part.attributes}
    kept = [one for one in fields if one in part.attributes] + [one for one in rest_of(part, files) if one not in own]
    return table.model_copy(update={"columns": {**columns, **table.columns}, "attributes": (*kept, *table.attributes)})


def fields_of(part: Part, files: Iterable[Piece]) -> list[str]:
    """Return those of the part's names that at least one of the files can tell something of."""
    there = {plain_name(column) for one in files for column in one.types}
    return [our for our, sql in part.fields.items() if not (read := part.mentions(sql)) or read & there]


def rest_of(part: Part, files: Iterable[Piece]) -> list[str]:
    """Return the columns that are attributes under their own names: those of all files that no field reads."""
    if not part.rest:
        return []
    there = [[plain_name(column) for column in one.types] for one in files]
    read = {plain_name(one) for one in (*part.needs, *part.reads)}
    return [one for one in there[0] if one not in read and all(one in other for other in there)]


def open_part(session: Session, path: Path, called: str, part: Part, salt: str | None) -> Piece:
    """Return a file of a format as a table of our names, its further names, and its own columns.

    Raises:
        DataError: the file is not of the format, or cannot be read.
        ConfigError: the format hashes and there is no salt.
    """
    raw = _look(session, path, called, part)
    own = {plain_name(column): column for column in raw.types}
    session.con.execute(MACROS + part.macros)
    rows = _rows(part, raw, own)
    words = {"{now}": str(session.now), "{salt}": literal(_salt(part, salt))}
    made = {**part.fields, **part.extras}
    columns = [f"({_filled(sql, words)}) as {name(our)}" for our, sql in made.items()]
    columns += [name(one) for one in own if one not in made]
    whens = " ".join(f"when {condition} then {literal(reason)}" for reason, condition in part.aside.items())
    columns.append(f'{f"case {whens} end" if whens else "null::varchar"} as "#aside"')
    sql = f'(select {", ".join(columns)}, "#row" from {rows})'
    line = f'"#row" // {LINES}' if part.items else '"#row"'
    return Piece(raw.label, sql, types_of(session, sql), True, raw.size, raw.broken, line, True)


def _look(session: Session, path: Path, called: str, part: Part) -> Piece:
    """Return a file as it is, where it has what the part needs."""
    raw = open_piece(session, path)
    own = set(map(plain_name, raw.types))
    if lost := [one for one in part.needs if plain_name(one) not in own]:
        raise DataError(
            f"{path}: no {called} file of {part.table}: it lacks {', '.join(lost)}; it has {', '.join(raw.types)}"
        )
    return raw


def _rows(part: Part, raw: Piece, own: Mapping[str, str]) -> str:
    """Return SQL of the file's columns as texts under their plain names, a row for each entry of its items."""
    columns = [
        f"{_text(name(theirs), raw.types[theirs], one in part.nested)} as {name(one)}" for one, theirs in own.items()
    ]
    absent = [one for one in dict.fromkeys(map(plain_name, (*part.needs, *part.reads))) if one not in own]
    columns += [f"null::{'json' if one in part.nested else 'varchar'} as {name(one)}" for one in absent]
    file = f'(select {", ".join(columns)}, "#row" from {raw.sql})'
    if part.filled:
        file = f"(select {part.filled.format(file=file)})"
    if part.items is None:
        return file
    one = f"case when json_array_length({part.items}) > 0 then from_json({part.items}, '[\"JSON\"]') else [null::json] end"
    return (
        '(select * exclude ("#row", "#items"), unnest("#items") as item, '
        f'"#row" * {LINES} + unnest(range(1, len("#items") + 1)) as "#row" from (select *, {one} as "#items" from {file}))'
    )


def _text(column: str, kind: str, nested: bool) -> str:
    """Return SQL of a column as a text, or as JSON where it is ``nested``; what is no JSON there is NULL."""
    if ("(" in kind and not kind.startswith("DECIMAL")) or kind.endswith("[]"):
        return f"to_json({column})" if nested else f"to_json({column})::varchar"
    if nested:
        return f"case when json_valid({column}::varchar) then ({column}::varchar)::json end"
    return f"id_of_float({column}::double)" if kind in ("DOUBLE", "FLOAT") else f"{column}::varchar"


def _filled(sql: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        sql = sql.replace(word, value)
    return sql


def _salt(part: Part, salt: str | None) -> str:
    if part.salted and not salt:
        raise ConfigError(
            "salt: there is no id of a customer but the e-mail address, which is hashed: give a long random text, and keep it"
        )
    return secret("salt", salt) if salt else ""
