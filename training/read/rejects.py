"""Refused rows: counted by reason, kept with file, line and text as far as there is room, and a stop where they are too many."""

from collections.abc import Iterable
from pathlib import Path

from models.errors import DataError
from models.shop import Shop
from training.read.engine import Session, literal, name
from training.read.facts import Example, TableFacts
from training.read.files import Piece

EXAMPLES = 3
"""Examples of each reason that the facts keep."""
LONGEST_ROW = 2000
"""Characters of a row that are kept."""


def open_rejects(session: Session) -> None:
    """Make the table that refused rows go to."""
    session.con.execute(
        'create temp table rejects("table" varchar, file varchar, line bigint, reason varchar, "row" varchar); '
        'create temp table refused("table" varchar, reason varchar, rows bigint)'
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
        f"insert into rejects select {literal(facts.name)}, {literal(piece.label)}, line, reason, text[:{LONGEST_ROW}] "
        f"from ({_with_room(session, facts, 'select *, line as place from broken')})"
    )
    session.con.execute(
        f"insert into refused select {literal(facts.name)}, reason, count(*) from broken group by reason"
    )
    for reason, count in session.rows("select reason, count(*) from broken group by all order by all"):
        facts.read += count
        facts.refused[reason] += count


def keep_refused(session: Session, facts: TableFacts, piece: Piece, refused: str) -> None:
    """Write the rows of a file that the query ``refused`` (``row``, ``reason``) names, with their own text.

    CSV counts its rows without the broken lines before them; these are added to tell the line.
    """
    columns = ", ".join(f"{literal(one)}: source.{name(one)}" for one in piece.types)
    session.con.execute(
        f"insert into refused select {literal(facts.name)}, reason, count(*) from ({refused}) group by reason"
    )
    bad = _with_room(session, facts, f'select *, "row" as place from ({refused})')
    session.con.execute(f"create or replace temp table bad as {bad}")
    line, shift = piece.line, ""
    if piece.is_text and piece.broken is None:
        line = f"{piece.line} + coalesce(b.nth, 0)"
        shift = 'asof left join broken b on source."#row" - 1 > b.line - 1 - b.nth'
    session.con.execute(
        f"insert into rejects select {literal(facts.name)}, {literal(piece.label)}, {line}, bad.reason, "
        f'(to_json({{{columns}}})::varchar)[:{LONGEST_ROW}] from {piece.sql} as source join bad on bad.row = source."#row" {shift}'
    )


def _with_room(session: Session, facts: TableFacts, rows: str) -> str:
    """Return the query ``rows`` (``reason``, ``place``, …) without those that there is no room for, the first ones staying."""
    kept = f'select reason, count(*) as had from rejects where "table" = {literal(facts.name)} group by reason'
    return (
        f"select found.* from ({rows}) found left join ({kept}) kept using (reason) qualify coalesce(kept.had, 0) + "
        f"row_number() over (partition by reason order by place) <= {session.shop.training.rejects_rows}"
    )


def finish(session: Session, facts: Iterable[TableFacts], path: Path | None) -> None:
    """Give every table its examples, and write the refused rows to ``path`` (.csv or .parquet) where one is given.

    Of each table and reason the first ``training.rejects_rows`` rows are there; a row without a line tells how many more
    there were.
    """
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
        more = (
            "select \"table\", null, null, reason, format('and {:,} more rows, counted and not kept: training.rejects_rows', "
            'n - had) from (select "table", reason, sum(rows)::bigint as n from refused group by all) join '
            '(select "table", reason, count(*) as had from rejects group by all) using ("table", reason) where n > had'
        )
        all_rows = (
            f'select * from (select * from rejects union all {more}) order by "table", file nulls last, line, reason'
        )
        session.con.execute(f"copy ({all_rows}) to {literal(path)} ({shape})")


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


def tolerant(shop: Shop) -> Shop:
    """Return ``shop`` as a check reads it: to the end, however many rows are refused."""
    return shop.model_copy(update={"training": shop.training.model_copy(update={"refused_share": 1.0})})
