"""What a file looks like: its columns with what their values say, before anybody has told what they are."""

from collections.abc import Mapping
from dataclasses import dataclass
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


def look(session: Session, path: Path) -> Looked:
    """Return what a file looks like.

    Raises:
        DataError: it cannot be read.
    """
    piece = open_piece(session, path)
    header = not _is_data(session, piece)
    if not header:
        piece = open_piece(session, path, header=False)
    sample = f"(select * from {piece.sql} limit {ROWS})"
    rows = session.rows(f"select count(*) from {sample}")[0][0]
    columns = {one: _column(session, sample, one, kind) for one, kind in piece.types.items()}
    return Looked(path, piece, header, rows, columns)


def _is_data(session: Session, piece: Piece) -> bool:
    """Tell whether the names of a text file's columns are values: most of the first line are numbers, as those below."""
    if not piece.is_text or piece.broken is not None:
        return False
    marks = [one for one in piece.types if session.rows(f"select number_of_text({literal(one)}) is not null")[0][0]]
    return 2 * len(marks) >= len(piece.types)


def _column(session: Session, sample: str, column: str, kind: str) -> Seen:
    text = f"nullif(trim({name(column)}::varchar), '')"
    number = f"number_of_text({text})"
    money = f"number_of_text(regexp_replace({text}, '[^0-9.,+-]', '', 'g'))"
    time = seconds(name(column), kind, Clock("UTC"))
    other = seconds(name(column), kind, Clock("UTC", day_first=False))
    since = f"(regexp_full_match({text}, '\\d{{9,16}}(\\.\\d+)?') and {time} between 473385600 and 4102444800)"
    dated = f"(({time} is not null or {other} is not null) and (not regexp_full_match({text}, '\\d+(\\.\\d+)?') or {since}))"
    zoned = f"(regexp_matches({text}, '([T ]\\d\\d:\\d\\d.*)(Z|UTC|GMT|[+-]\\d\\d:?\\d\\d)$') or {since})"
    if is_number(kind):
        dated = zoned = f"({time} between 473385600 and 4102444800 and {name(column)} > 100000000)"
    if kind.startswith("TIMESTAMP WITH"):
        zoned = "true"
    found = session.rows(
        f"select count({text}), count(distinct {text}), count({number}), "
        f"count({money}), count(*) filter ({number} = trunc({number})), "
        f"count(*) filter ({dated}), count(*) filter ({zoned}), count(*) filter ({number} < 0), "
        f"(list(distinct {text}) filter ({text} is not null))[:3] from {sample}"
    )[0]
    filled = found[0]
    shares = [one / filled if filled else 0.0 for one in found[2:7]]
    return Seen(
        column, plain(column), filled, found[1], shares[0], shares[1], shares[2], shares[3], shares[4], found[7],
        tuple(sorted(found[8] or [])),
    )  # fmt: skip
