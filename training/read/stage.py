"""From the files of one table to one typed table in the engine, with every row counted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from models.errors import ConfigError, DataError
from models.shop import Table
from training.read.database import fetch
from training.read.engine import Session, first_line, literal, name
from training.read.facts import TableFacts
from training.read.files import Piece, open_piece, renamed
from training.read.formatted import open_part, part_of
from training.read.kept import is_kept, keep, place_of
from training.read.mapping import Plan, select
from training.read.rejects import clear_broken_lines, keep_broken_lines, keep_refused, stop_where_too_many
from training.read.sources import resolve, resolve_all
from training.read.times import Clock, day_first
from training.read.values import is_number


@dataclass(slots=True)
class Staged:
    """A table that lies in the engine, row by row as it came, without what was refused or set aside."""

    table: str
    planned: Plan
    facts: TableFacts
    numbers: dict[str, bool | None] = field(default_factory=dict)
    """Name -> True: a number by the files' own types, False: a text by them, None: came as text, its values decide."""

    def learn(self, kinds: Mapping[str, str], is_text: bool) -> None:
        """Take over what one file says its columns are; files that differ make a text."""
        for our, kind in kinds.items():
            own = True if is_number(kind) else None if is_text else False
            self.numbers[our] = own if our not in self.numbers or self.numbers[our] == own else False


NOT_KEPT = "not kept by `keep`"


def pieces_of(session: Session, what: str, table: Table) -> list[Piece]:
    """Return the files of a table, or its query over named files or a database, as SQL tables.

    Raises:
        DataError: a file is missing, empty or broken, or the query does not hold.
        ConfigError: its database or its format is none for this table.
    """
    if table.url is not None:
        piece = open_piece(session, fetch(session, what, table))
        return [replace(piece, label=f"{what}.query")]
    if not table.tables:
        part, files = part_of(what, table), resolve_all(table.files, session.shop.folder)
        if part is None:
            return [renamed(open_piece(session, path, table.header), table.aliases) for path in files]
        return [open_part(session, path, table.format, part, table.salt) for path in files]
    opened = {alias: open_piece(session, path) for alias, path in _named_files(session, table)}
    views = ", ".join(
        f'{name(alias)} as (select * exclude ("#row") from {piece.sql})' for alias, piece in opened.items()
    )
    sql = f'(with {views} select *, row_number() over () as "#row" from ({_ordered(table.query)}))'
    try:
        types = {str(row[0]): str(row[1]) for row in session.rows(f"describe select * from {sql}") if row[0] != "#row"}
    except duckdb.Error as error:
        raise DataError(f"{what}.query does not hold: {first_line(error)}") from error
    is_text = all(piece.is_text for piece in opened.values())
    return [Piece(f"{what}.query", sql, types, is_text, sum(piece.size for piece in opened.values()))]


def _ordered(query: str | None) -> str:
    """Return the query with an order of rows: its own, or that of all its columns, so that every run is the same."""
    if query and re.search(r"\border\s+by\b", query, re.IGNORECASE):
        return query
    return f"select * from ({query}) order by all"


def _named_files(session: Session, table: Table) -> list[tuple[str, Path]]:
    named = []
    for alias, pattern in table.tables.items():
        files = resolve(pattern, session.shop.folder)
        if len(files) > 1:
            raise ConfigError(f"tables.{alias}: {pattern!r} matches {len(files)} files: name one")
        named.append((alias, files[0]))
    return named


def clock_of(session: Session, planned: Plan, pieces: Sequence[Piece]) -> Clock:
    """Return how the times of a table are to be read."""
    zone = planned.table.time_zone or session.shop.timezone
    first = True
    for our, role in planned.roles.items():
        if role == "time" and planned.table.time_format is None and our in planned.table.columns:
            first = day_first(session, pieces, planned.table.columns[our], planned.what)
    return Clock(zone, planned.table.time_format, first)


def stage(
    session: Session,
    planned: Plan,
    checks: Mapping[str, str],
    into: str,
    *,
    key: str | None = None,
    as_view: bool = False,
) -> Staged:
    """Read all files of a table into the engine's table ``into``: ``#file``, ``#row`` and the planned names.

    Args:
        session: the reading.
        planned: what the columns are.
        checks: reason -> SQL condition over the planned names, under which a row is refused; the first one counts.
        into: the table to make; it holds the kept rows only.
        key: a name whose values of rows that ``keep`` sets aside are wanted too, in the table ``{into}_aside``.
        as_view: read the files again whenever ``into`` is asked, instead of holding the rows.

    Raises:
        DataError: see ``pieces_of``; a value breaks an expression; too many rows are refused.
    """
    pieces = pieces_of(session, planned.what, planned.table)
    clock = clock_of(session, planned, pieces)
    facts = TableFacts(planned.what, planned.names(), [piece.label for piece in pieces])
    staged = Staged(into, planned, facts)
    size = sum(piece.size for piece in pieces)
    with session.progress.step(f"reading {planned.what.removeprefix('data.')}", size) as bar:
        for place, piece in enumerate(pieces):
            stage_piece(session, staged, piece, clock, checks, place, place == 0, key=key, as_view=as_view)
            bar.update(piece.size)
    stop_where_too_many(facts, session.shop.training.refused_share)
    return staged


def stage_piece(
    session: Session,
    staged: Staged,
    piece: Piece,
    clock: Clock,
    checks: Mapping[str, str],
    place: int,
    first: bool,
    *,
    key: str | None = None,
    as_view: bool = False,
) -> None:
    """Read one file, number ``place`` of its table, to where all come together; ``first`` makes that place.

    Raises:
        DataError: a value breaks an expression.
    """
    try:
        fresh = _load(session, staged, piece, clock, checks, place, as_view)
        _count(session, staged.facts, piece, place)
        if fresh is not None:
            keep(session, f"one_file{place}", fresh)
        _keep(session, staged, key, place, first, as_view)
    except duckdb.Error as error:
        raise DataError(
            f"{piece.label}: {staged.planned.what}: {first_line(error)}: is the file whole, and do its columns fit?"
        ) from error


def _load(
    session: Session, staged: Staged, piece: Piece, clock: Clock, checks: Mapping[str, str], place: int, as_view: bool
) -> Path | None:
    """Bring one file into the engine as ``one_file{place}``, with ``#keep`` and ``#refused``; return where to keep it."""
    sql, kinds = select(session, staged.planned, piece, clock)
    staged.learn(kinds, piece.is_text)
    whens = " ".join(f"when {condition} then {literal(reason)}" for reason, condition in checks.items())
    reason = f'case when "#keep" is false then null {whens} end' if whens else "null::varchar"
    clear_broken_lines(session)
    made = f'select "#row", "#keep", "#aside", {_names(staged.planned)}, {reason} as "#refused" from ({sql})'
    kept = None if as_view else place_of(session, piece, made)
    known = kept is not None and is_kept(session, kept)
    session.con.execute(
        f'create or replace temp {"view" if as_view else "table"} one_file{place} as select {place} as "#file", * from '
        f"{f'read_parquet({literal(kept)})' if known else f'({made})'}"
    )
    return None if known else kept


def _count(session: Session, facts: TableFacts, piece: Piece, place: int) -> None:
    """Count a file's rows by what becomes of them, and keep the text of the refused ones."""
    counts = session.rows(
        f'select "#refused", "#keep" is true, "#aside", count(*) from one_file{place} group by all order by all'
    )
    for refused, kept, aside, count in counts:
        facts.read += count
        if refused is not None:
            facts.refused[refused] += count
        elif not kept:
            facts.set_aside[aside or NOT_KEPT] += count
    keep_broken_lines(session, facts, piece)
    if facts.refused:
        bad = f'select "#row" as row, "#refused" as reason from one_file{place} where "#refused" is not null'
        keep_refused(session, facts, piece, bad)


def _keep(session: Session, staged: Staged, key: str | None, place: int, first: bool, as_view: bool) -> None:
    """Move the good rows of a file to where all files come together."""
    file = f"one_file{place}"
    good = f'select "#file", "#row", {_names(staged.planned)} from {file} where "#refused" is null and "#keep"'
    if as_view:
        before = "" if first else f"select * from {staged.table}{place - 1} union all "
        session.con.execute(f"create or replace temp view {staged.table}{place} as {before}{good}")
        session.con.execute(f"create or replace temp view {staged.table} as select * from {staged.table}{place}")
        return
    wanted = {staged.table: good}
    if key is not None:
        wanted[f"{staged.table}_aside"] = f'select {key} from {file} where "#refused" is null and "#keep" is not true'
    for table, rows in wanted.items():
        session.con.execute(f"create temp table {table} as {rows}" if first else f"insert into {table} {rows}")
    session.con.execute(f"drop table {file}")


def _names(planned: Plan) -> str:
    return ", ".join(name(our) for our in planned.roles)
