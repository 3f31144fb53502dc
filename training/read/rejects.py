"""Refused rows: counted by reason, kept with file, line and text, and a stop where they are too many."""

from collections.abc import Iterable
from pathlib import Path

from models.errors import DataError
from training.read.engine import Session, literal, name
from training.read.facts import Example, TableFacts
from training.read.files import Piece

EXAMPLES = 3
"""Examples of each reason that the facts keep."""


def open_rejects(session: Session) -> None:
    """Make the table that refused rows go to."""
    session.con.execute(
        'create temp table rejects("table" varchar, file varchar, line bigint, reason varchar, "row" varchar)'
    )


def clear_broken_lines(session: Session) -> None:
    """Forget the broken lines of earlier scans of CSV files."""
    if session.rows("select 1 from duckdb_tables() where table_name = 'reject_errors'"):
        session.con.execute("delete from reject_errors")
        session.con.execute("delete from reject_scans")


def keep_broken_lines(session: Session, facts: TableFacts, piece: Piece) -> None:
    """Refuse what is no row: lines of the last CSV scan with too many or too few values, lines that are no JSON."""
    broken = piece.broken
    if broken is None and session.rows("select 1 from duckdb_tables() where table_name = 'reject_errors'"):
        broken = (
            "select line, any_value(lower(replace(error_type::varchar, '_', ' '))), any_value(csv_line) "
            "from reject_errors group by line"
        )
    found = f"({broken or 'select 0, null, null where false'}) as found(line, reason, text)"
    session.con.execute(
        "create or replace temp table broken as select line, reason, text, row_number() over (order by line) as nth "
        f"from {found}"
    )
    session.con.execute(
        f"insert into rejects select {literal(facts.name)}, {literal(piece.label)}, line, reason, text from broken"
    )
    for reason, count in session.rows("select reason, count(*) from broken group by all order by all"):
        facts.read += count
        facts.refused[reason] += count


def keep_refused(session: Session, facts: TableFacts, piece: Piece, refused: str) -> None:
    """Write the rows of a file that the query ``refused`` (``row``, ``reason``) names, with their own text.

    CSV counts its rows without the broken lines before them; these are added to tell the line.
    """
    columns = ", ".join(f"{literal(one)}: {name(one)}" for one in piece.types)
    session.con.execute(f"create or replace temp table bad as {refused}")
    line, shift = piece.line, ""
    if piece.is_text and piece.broken is None:
        line = f"{piece.line} + coalesce(b.nth, 0)"
        shift = 'asof left join broken b on source."#row" - 1 > b.line - 1 - b.nth'
    session.con.execute(
        f"insert into rejects select {literal(facts.name)}, {literal(piece.label)}, {line}, bad.reason, "
        f'to_json({{{columns}}})::varchar from {piece.sql} as source join bad on bad.row = source."#row" {shift}'
    )


def finish(session: Session, facts: Iterable[TableFacts], path: Path | None) -> None:
    """Give every table its examples, and write all refused rows to ``path`` (.csv or .parquet) where one is given."""
    for one in facts:
        rows = session.rows(
            'select reason, file, line, "row" from rejects where "table" = ? '
            f"qualify row_number() over (partition by reason order by file, line) <= {EXAMPLES} order by reason, file, line",
            [one.name],
        )
        one.examples.extend(Example(*row) for row in rows)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = "format csv, header" if path.suffix == ".csv" else "format parquet"
        session.con.execute(f'copy (select * from rejects order by "table", file, line) to {literal(path)} ({shape})')


def stop_where_too_many(facts: TableFacts, share: float) -> None:
    """Raise DataError where more than ``share`` of a table's rows are refused; it names the top reasons."""
    refused = facts.refused.total()
    if refused <= share * facts.read:
        return
    top = ", ".join(f"{reason} ({count:,})" for reason, count in facts.refused.most_common(3))
    raise DataError(
        f"{facts.name}: {refused:,} of {facts.read:,} rows are refused ({refused / facts.read:.1%}, allowed "
        f"{share:.1%}): {top}; run recsvc-train check with --rejects DIR to see them, or raise training.refused_share"
    )
