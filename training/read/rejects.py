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


def keep_broken_lines(session: Session, facts: TableFacts, piece: Piece) -> int:
    """Refuse the CSV lines of the last scan that have too many or too few values; return how many they are."""
    session.con.execute("create or replace temp table broken(line bigint, before bigint)")
    if not session.rows("select 1 from duckdb_tables() where table_name = 'reject_errors'"):
        return 0
    found = session.rows(
        "select line, any_value(lower(replace(error_type::varchar, '_', ' '))), any_value(csv_line) from reject_errors "
        "group by line order by line"
    )
    for place, (line, reason, text) in enumerate(found):
        session.con.execute("insert into broken values (?, ?)", [line, line - 2 - place])
        session.con.execute("insert into rejects values (?, ?, ?, ?, ?)", [facts.name, piece.label, line, reason, text])
    facts.read += len(found)
    facts.refused.update(row[1] for row in found)
    return len(found)


def keep_refused(session: Session, facts: TableFacts, piece: Piece, refused: str) -> None:
    """Write the rows of a file that the query ``refused`` (``row``, ``reason``) names, with their own text."""
    columns = ", ".join(f"{literal(one)}: {name(one)}" for one in piece.types)
    session.con.execute(f"create or replace temp table bad as {refused}")
    if not session.rows("select 1 from bad limit 1"):
        return
    line = '"#row"'
    if piece.is_text:
        line = '"#row" + (select count(*) from broken where before < "#row" - 1)'
    session.con.execute(
        f"insert into rejects select {literal(facts.name)}, {literal(piece.label)}, {line}, bad.reason, "
        f'to_json({{{columns}}})::varchar from {piece.sql} as source join bad on bad.row = source."#row"'
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
