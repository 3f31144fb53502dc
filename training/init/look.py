"""What a file looks like: its columns with what their values say, before anybody has told what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training.init.words import plain
from training.read.engine import Session, literal, name
from training.read.files import Piece, open_piece
from training.read.times import Clock, seconds
from training.read.values import is_number

ROWS = 50_000
"""Rows that are looked at; a larger file is judged by its first ones."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One column."""

    name: str
    plain: str
    filled: int
    """Rows with a value."""
    distinct: int
    numbers: float
    """Share of the values that are numbers."""
    moneys: float
    """Share that are numbers once currency signs and letters are taken off."""
    whole: float
    """Share that are whole numbers."""
    times: float
    """Share that are dates or times, a plain number not being one but in the range of seconds since 1985."""
    zoned: float
    """Share that name their moment without a zone of ours: an offset, or seconds since 1970."""
    negative: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """One file."""

    path: Path
    piece: Piece
    header: bool
    rows: int
    columns: Mapping[str, Seen]
    tables: Mapping[str, Path] = field(default_factory=dict)
    """Where several files are one: each under the name that ``query`` has for it."""
    query: str | None = None
    """SQL that joins them."""


def look(session: Session, path: Path, before: Sequence[Looked] = ()) -> Looked:
    """Return what a file looks like; one with the columns of a file among ``before`` is taken to have the same in them.

    Raises:
        DataError: it cannot be read.
    """
    piece = open_piece(session, path)
    header = not _is_data(session, piece)
    if not header:
        piece = open_piece(session, path, header=False)
    sample = f"(select * from {piece.sql} limit {ROWS})"
    rows = session.rows(f"select count(*) from {sample}")[0][0]
    alike = next((one for one in before if header and one.header and one.piece.types == piece.types), None)
    columns = (
        {one: _column(session, sample, one, kind) for one, kind in piece.types.items()}
        if alike is None
        else alike.columns
    )
    return Looked(path, piece, header, rows, columns)


def look_all(session: Session, paths: Sequence[Path]) -> list[Looked]:
    """Return what each file looks like; exports of many months are looked at once.

    Raises:
        DataError: one cannot be read.
    """
    out: list[Looked] = []
    for path in paths:
        out.append(look(session, path, out))
    return out


def _is_data(session: Session, piece: Piece) -> bool:
    """Tell whether the names of a text file's columns are values: half of the first line are numbers, or it begins with one."""
    if not piece.is_text or piece.broken is not None:
        return False
    marks = [f"number_of_text({literal(one)}) is not null" for one in piece.types]
    found = session.rows(f"select {', '.join(marks)}")[0]
    return 2 * sum(found) >= len(found) or next(iter(piece.types)).isdecimal()


def _column(session: Session, sample: str, column: str, kind: str) -> Seen:
    """Return one column; each value is parsed once in each way, and the shares are counted over that."""
    number = is_number(kind)
    time, other = (seconds("raw", kind, Clock("UTC", day_first=first)) for first in (True, False))
    values = f"select {name(column)} as raw, nullif(trim({name(column)}::varchar), '') as v from {sample}"
    parsed = (
        f"select v, raw, number_of_text(v) as n, number_of_text(regexp_replace(v, '[^0-9.,+-]', '', 'g')) as m, "
        f"{time} as t, {'null' if number else other} as o from ({values})"
    )
    between = "t between 473385600 and 4102444800"
    since = (
        f"({between} and raw > 100000000)"
        if number
        else f"(regexp_full_match(v, '\\d{{9,16}}(\\.\\d+)?') and {between})"
    )
    dated = (
        since
        if number
        else f"((t is not null or o is not null) and (not regexp_full_match(v, '\\d+(\\.\\d+)?') or {since}))"
    )
    zoned = (
        since if number else f"(regexp_matches(v, '([T ]\\d\\d:\\d\\d.*)(Z|UTC|GMT|[+-]\\d\\d:?\\d\\d)$') or {since})"
    )
    if kind.startswith("TIMESTAMP WITH"):
        zoned = "true"
    found = session.rows(
        f"select count(v), count(distinct v), count(n), count(m), count(*) filter (n = trunc(n)), "
        f"count(*) filter ({dated}), count(*) filter ({zoned}), count(*) filter (n < 0), "
        f"(list(distinct v) filter (v is not null))[:3] from ({parsed})"
    )[0]
    filled = found[0]
    shares = [one / filled if filled else 0.0 for one in found[2:7]]
    return Seen(
        column, plain(column), filled, found[1], shares[0], shares[1], shares[2], shares[3], shares[4], found[7],
        tuple(sorted(found[8] or [])),
    )  # fmt: skip
