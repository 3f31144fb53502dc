"""Times as SQL: whatever a column holds becomes Unix seconds, or NULL where it is no time."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import DataError
from training.read.engine import Session, literal, name
from training.read.files import Piece

SLASHES = r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})\b"
"""Day and month, or month and day, then the year."""
ZONED = r"^\d{4}-\d\d-\d\d[T ].*(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$"
"""An ISO time that names its offset."""
COMPACT = "['%Y%m%d', '%Y%m%d %H:%M:%S', '%Y%m%dT%H%M%S']"
TAILS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%g", " %I:%M %p", " %I:%M:%S %p")
"""How the time of day may follow a date with slashes."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How the times of one table are to be read."""

    zone: str
    """Of times that name none."""
    pattern: str | None = None
    """``time_format`` of shop.toml."""
    day_first: bool = True
    """01/02 is the first of February."""


def seconds(expression: str, kind: str, clock: Clock) -> str:
    """Return SQL for Unix seconds (BIGINT) of ``expression``, whose DuckDB type is ``kind``."""
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"epoch({expression})::bigint"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return _zoned(f"{expression}::timestamp", clock.zone)
    if kind == "VARCHAR":
        return _text(expression, clock)
    if kind in ("BOOLEAN", "TIME") or ("(" in kind and not kind.startswith("DECIMAL")) or kind.endswith("[]"):
        return "null::bigint"
    return _number(f"{expression}::double")


def _zoned(expression: str, zone: str) -> str:
    if zone == "UTC":
        return f"floor(epoch({expression}))::bigint"
    return f"floor(epoch(timezone({literal(zone)}, {expression})))::bigint"


def _number(expression: str) -> str:
    """Seconds, milliseconds, microseconds, or a day written as 20261122, told apart by size."""
    return (
        f"case when {expression} is null or not isfinite({expression}) or {expression} < 0 then null "
        f"when {expression} < 1e11 then floor({expression})::bigint when {expression} < 1e14 "
        f"then floor({expression} / 1e3)::bigint when {expression} < 1e17 then floor({expression} / 1e6)::bigint end"
    )


def _text(x: str, clock: Clock) -> str:
    if clock.pattern:
        parsed = f"try_strptime(trim({x}), {literal(clock.pattern)})"
        return f"floor(epoch({parsed}))::bigint" if "%z" in clock.pattern else _zoned(parsed, clock.zone)
    x = f"trim({x})"
    return rf"""case when blank({x}) then null
        when regexp_matches({x}, '{ZONED}') then {_with_offset(x)}
        when regexp_matches({x}, '^\d{{4}}[-/]\d{{1,2}}[-/]\d') then {_zoned(f"try_cast({x} as timestamp)", clock.zone)}
        when regexp_matches({x}, '^(19|20)\d{{6}}($|[ T])') then {_zoned(f"try_strptime({x}, {COMPACT})", clock.zone)}
        when regexp_full_match({x}, '\d+(\.\d+)?') then {_number(f"try_cast({x} as double)")}
        when regexp_matches({x}, '{SLASHES}') then {_zoned(_slashed(x, clock.day_first), clock.zone)} end"""


def _with_offset(x: str) -> str:
    utc = rf"regexp_replace({x}, '\s*(UTC|GMT|Z)$', '+00:00')"
    written = rf"regexp_replace({utc}, '\s*([+-]\d\d):?(\d\d)$', '\1:\2')"
    return f"floor(epoch(try_cast({written} as timestamptz)))::bigint"


def _slashed(x: str, day_first: bool) -> str:
    order = "%d/%m" if day_first else "%m/%d"
    forms = ", ".join(literal(f"{order}/{year}{tail}") for tail in TAILS for year in ("%y", "%Y"))
    return rf"try_strptime(regexp_replace({x}, '{SLASHES}', '\1/\2/\3'), [{forms}])"


def day_first(session: Session, pieces: Sequence[Piece], column: str, what: str) -> bool:
    """Tell whether a text column writes the day before the month, from all its files.

    Raises:
        DataError: it writes dates with slashes, and they fit both ways.
    """
    first = second = dated = 0
    for piece in pieces:
        if piece.types.get(column) != "VARCHAR":
            continue
        a, b = (f"try_cast(regexp_extract({name(column)}, {literal(SLASHES)}, {part}) as int)" for part in (1, 2))
        found = session.rows(
            f"select count(*) filter ({a} > 12 and {b} <= 12), count(*) filter ({b} > 12 and {a} <= 12), count({a}) "
            f"from {piece.sql} where regexp_matches({name(column)}, {literal(SLASHES)})"
        )[0]
        first, second, dated = first + found[0], second + found[1], dated + found[2]
    if dated and max(first, second) < 20 * min(first, second) + 1:
        raise DataError(
            f"{what}: dates like 01/02/2026 in column {column!r} could be day/month or month/day: "
            "say which with time_format, such as time_format = '%d/%m/%Y'"
        )
    return first >= second
