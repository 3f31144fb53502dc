"""Files as tables: one small reader a suffix. A new format is one more entry in ``READERS``."""

import codecs
import gzip
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, cast

import duckdb

from models.errors import DataError
from training.read.batches import BATCH, calls, documents
from training.read.engine import Session, first_line, literal, name
from training.read.feed import LINE, feed_as_lines
from training.read.item_lists import LINE as LINE_OF_ITEM
from training.read.item_lists import LOOKED, are_item_lists, item_lists
from training.read.sheets import sheets_as_csv

_BLOCK = 1 << 20
NOTHING = "select 0, null, null where false"
"""SQL of no broken lines."""
_LATIN = "recsvc-latin"
_COLONS, _LINES = "::", 20
"""A separator that ratings are published with; it is one where the first lines have as many of them each, 2 at least."""
_IS_OBJECT = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"
_DIALECT = """delim = ',', quote = '"', escape = '"'"""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file as an SQL table, and what its columns are."""

    label: str
    """How messages and rejects call the file."""
    sql: str
    """What stands after FROM; it has the column ``#row``, counted from ``first_row``."""
    types: dict[str, str]
    """Column -> DuckDB type, in the order of the file."""
    is_text: bool
    """True: everything arrived as text, and typing it is ours."""
    size: int
    """Bytes, for the progress bar."""
    broken: str | None = None
    """SQL of the lines that are no rows: line, reason, text; CSV tells them by itself."""
    line: str = '"#row"'
    """SQL of the line of a row."""
    has_aside: bool = False
    """True: the column ``#aside`` is the reason for which a row is no such thing at all, or NULL."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a reader makes of a file; see ``Piece``."""

    sql: str
    is_text: bool
    broken: str | None = None
    line: str = '"#row"'


Reader = Callable[[Session, Path, bool], Opened]
"""The last says whether the first row names the columns, where a file may have one that does not."""


def open_piece(session: Session, path: Path, header: bool = True) -> Piece:
    """Return ``path`` as a table; without a ``header`` CSV, TSV and sheets have the columns ``column0``, ``column1``, ….

    Raises:
        DataError: no reader for its suffix, an empty file, a truncated or broken one.
    """
    if (path, header) in session.opened:
        return session.opened[path, header]
    suffix = next((one for one in reversed(path.suffixes) if one.lower() not in (".gz", ".zst")), "").lower()
    if suffix not in READERS:
        known = ", ".join(READERS)
        raise DataError(f"{path}: no reader for {suffix or 'a file without a suffix'}: use one of {known} (.gz, .zst)")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty: write it again, or take it out of shop.toml")
    try:
        opened = READERS[suffix](session, path, header)
        types = types_of(session, opened.sql)
        piece = Piece(path.name, opened.sql, types, opened.is_text, path.stat().st_size, opened.broken, opened.line)
    except (duckdb.Error, OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read: {first_line(error)}: is it whole?") from error
    session.opened[path, header] = piece
    return piece


def renamed(piece: Piece, aliases: Mapping[str, str]) -> Piece:
    """Return ``piece`` with each column of ``aliases`` (other name -> name) under its name, where it has it under none."""
    own = {other: one for other, one in aliases.items() if other in piece.types and one not in piece.types}
    if not own:
        return piece
    names = ", ".join(f"{name(other)} as {name(one)}" for other, one in own.items())
    types = {own.get(column, column): kind for column, kind in piece.types.items()}
    return replace(piece, sql=f"(select * rename ({names}) from {piece.sql})", types=types)


def types_of(session: Session, sql: str) -> dict[str, str]:
    """Return the columns of what stands after FROM, and their DuckDB types."""
    described = session.rows(f"describe select * from {sql}")
    return {str(row[0]): str(row[1]) for row in described if row[0] not in ("#row", "#aside")}


def _parquet(_session: Session, path: Path, _: bool) -> Opened:
    relation = f"read_parquet({literal(path)}, file_row_number = true)"
    return Opened(f'(select * exclude (file_row_number), file_row_number + 1 as "#row" from {relation})', False)


def _separated(session: Session, path: Path, header: bool) -> Opened:
    """CSV and TSV: all columns as text, so that leading zeros stay; lines that do not fit are kept for the rejects."""
    told = as_utf8(path, session.scratch)
    if path.suffix.lower() == ".tsv":
        return _csv(told, header, r"delim = '\t'")
    if path.suffix.lower() != ".zst" and are_item_lists(_first_lines(told, LOOKED)):
        return Opened(item_lists(told), True, NOTHING, LINE_OF_ITEM)
    return _csv(told, header, f"delim = '{_COLONS}', quote = '', escape = ''" if _has_colons(told) else "")


def _csv(path: Path, header: bool, dialect: str) -> Opened:
    options = f"all_varchar = true, header = {header}, store_rejects = true, rejects_limit = 0"
    relation = f"read_csv({literal(path)}, {options}{', ' if dialect else ''}{dialect})"
    return Opened(f'(select *, row_number() over () + {int(header)} as "#row" from {relation})', True)


def _has_colons(path: Path) -> bool:
    if path.suffix.lower() == ".zst":
        return False
    counts = {line.count(_COLONS.encode()) for line in _first_lines(path, _LINES) if line.strip()}
    return len(counts) == 1 and min(counts) >= 2


def _first_lines(path: Path, most: int) -> list[bytes]:
    with _open(path) as file:
        return list(islice(file, most))


def _workbook(session: Session, path: Path, header: bool) -> Opened:
    """A spreadsheet: a row's number is its place among the rows of all its sheets."""
    copy = session.scratch / f"sheets-{len(list(session.scratch.iterdir()))}.csv"
    sheets_as_csv(path, copy)
    return _csv(copy, header, _DIALECT)


def _json(session: Session, path: Path, header: bool) -> Opened:
    """JSON: an object a line, one array of objects, or bodies of calls; a row of an array is called by its place in it."""
    told = as_utf8(path, session.scratch)
    if path.suffix.lower() == ".zst":
        return _json_lines(session, path, header)
    if not _is_array(told):
        bodies = None if _begins_with_a_line(told) else documents(session, told)
        return _json_lines(session, path, header) if bodies is None else _objects(session, path, bodies)
    objects = f"read_json_objects({literal(told)}, format = 'array')"
    return _objects(session, path, f'(select json::varchar as line, row_number() over () as "#row" from {objects})')


def _is_array(path: Path) -> bool:
    with _open(path) as file:
        return file.read(_BLOCK).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["


def _begins_with_a_line(path: Path) -> bool:
    """Tell whether the first line that is not blank is JSON by itself."""
    with _open(path) as file:
        first = next((line for line in file if line.strip(b"\xef\xbb\xbf \t\r\n")), b"")
    try:
        json.loads(first.decode("utf-8-sig"))
    except ValueError:
        return False
    return True


def _json_lines(session: Session, path: Path, _: bool) -> Opened:
    """JSON lines: one object each."""
    told = literal(as_utf8(path, session.scratch))
    options = (
        "columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = '\x01', quote = '', escape = ''"
    )
    return _objects(session, path, f'(select line, row_number() over () as "#row" from read_csv({told}, {options}))')


def _objects(session: Session, path: Path, lines: str) -> Opened:
    """The columns are all the keys of all objects, the texts ``line`` of ``lines``; nested values stay JSON text.

    Of objects that hold a batch of calls, each call is one.
    """
    if BATCH in _keys(session, lines):
        lines = calls(session, lines)
    keys = _keys(session, lines)
    if not keys:
        raise DataError(
            f"{path}: no line of it is a JSON object, and it is no array of objects: write one object a line (jq -c '.[]')"
        )
    columns = ", ".join(f"json_extract_string(line, {literal(_json_path(key))}) as {name(key)}" for key in keys)
    broken = f"select \"#row\", 'no JSON object', line from {lines} where not {_IS_OBJECT} and not blank(line)"
    return Opened(f'(select {columns}, "#row" from {lines} where {_IS_OBJECT})', True, broken)


def _keys(session: Session, lines: str) -> list[str]:
    return [
        row[0]
        for row in session.rows(f"select distinct unnest(json_keys(line)) from {lines} where {_IS_OBJECT} order by 1")
    ]


def _feed(session: Session, path: Path, header: bool) -> Opened:
    """A feed in XML: its items as JSON lines, each with the line on which it starts."""
    lines = session.scratch / f"feed-{len(list(session.scratch.iterdir()))}.jsonl"
    feed_as_lines(path, lines)
    opened = _json_lines(session, lines, header)
    return Opened(f'(select * exclude ("#row", "{LINE}"), "{LINE}"::bigint as "#row" from {opened.sql})', True, NOTHING)


def _json_path(key: str) -> str:
    return '$."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


READERS: dict[str, Reader] = {
    ".csv": _separated,
    ".txt": _separated,
    ".data": _separated,
    ".dat": _separated,
    ".inter": _separated,
    ".tsv": _separated,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".xml": _feed,
    ".xlsx": _workbook,
}


def as_utf8(path: Path, scratch: Path) -> Path:
    """Return ``path``, or a UTF-8 copy of it in ``scratch`` where it is UTF-16, or no valid UTF-8 (Latin-1, Windows-1252)."""
    if path.suffix.lower() == ".zst":
        return path
    with _open(path) as file:
        start = file.read(4)
    encoding = "utf-16" if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "cp1252"
    if encoding != "utf-16" and _is_utf8(path):
        return path
    copy = scratch / f"utf8-{len(list(scratch.iterdir()))}-{path.name.removesuffix('.gz')}"
    with (
        _open(path) as file,
        io.TextIOWrapper(file, encoding, _LATIN, newline="") as text,
        copy.open("w", encoding="utf-8", newline="") as out,
    ):
        while block := text.read(_BLOCK):
            out.write(block)
    return copy


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _open(path) as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _latin(error: UnicodeError) -> tuple[str, int]:
    """Read the five bytes that Windows-1252 leaves open as Latin-1 does; anything else becomes U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    one = error.object[error.start : error.start + 1]
    return (one.decode("latin-1") if error.encoding == "charmap" else "\ufffd"), error.start + 1


codecs.register_error(_LATIN, _latin)
