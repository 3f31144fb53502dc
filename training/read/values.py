"""From a raw column to ours, as SQL: ids are text, numbers are doubles, times are Unix seconds."""

from typing import Literal, TypeAlias

from training.read.engine import Session, literal, name
from training.read.files import Piece
from training.read.times import Clock, seconds

Role: TypeAlias = Literal["id", "text", "number", "time", "tags", "day", "vector", "any"]
"""What a column is to us; ``any`` = a text whose kind (text or number) its values decide."""

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FLOATS = ("DOUBLE", "FLOAT", "DECIMAL")
NUMBER_TEXT = r"[+-]?(0|[1-9]\d*|\d*\.\d+|[1-9]\d*\.\d*|0\.\d*)([eE][+-]?\d+)?"
"""A text that is a number and no code with leading zeros."""


def is_number(kind: str) -> bool:
    """Tell whether the DuckDB type ``kind`` is a number."""
    return kind.startswith((*_INTEGERS, *_FLOATS))


def typed(role: Role, expression: str, kind: str, clock: Clock) -> str:
    """Return SQL for our value of ``expression``, whose DuckDB type is ``kind``; NULL where it has none."""
    if role == "time":
        return seconds(expression, kind, clock)
    if role == "number":
        return _number(expression, kind)
    if role == "day":
        return f"(try_cast(({expression}::varchar)[:10] as date) - date '1970-01-01')::bigint"
    if role == "vector":
        return _vector(expression, kind)
    if role == "tags":
        return f"array_to_string({expression}, '|')" if kind == "VARCHAR[]" else f"{expression}::varchar"
    if kind == "VARCHAR":
        return f"id_of_text({expression})" if role == "id" else f"nullif(trim({expression}), '')"
    if kind.startswith(_FLOATS):
        return f"id_of_float({expression}::double)"
    if kind == "VARCHAR[]":
        return f"array_to_string({expression}, '|')"
    return f"{expression}::varchar"


def _vector(expression: str, kind: str) -> str:
    """Return SQL for a list of floats: a list of numbers, or ``[0.1, 0.2]``, ``0.1|0.2`` as text."""
    if kind == "VARCHAR":
        text = f"trim({expression})"
        listed = f"'[' || regexp_replace({text}, '[|; ]+', ',', 'g') || ']'"
        return f"try_cast(case when starts_with({text}, '[') then {text} else {listed} end as float[])"
    return f"try_cast({expression} as float[])" if "[" in kind else "null::float[]"


def _number(expression: str, kind: str) -> str:
    if is_number(kind):
        return f"{expression}::double"
    return f"number_of_text({expression})" if kind == "VARCHAR" else "null::double"


def expression_columns(session: Session, piece: Piece, expressions: list[str], texts: set[str]) -> list[str]:
    """Return the select list that expressions of shop.toml see: every column under its own name.

    In text files a column is a number to an expression where at least nine in ten of its values are, unless it is one of
    ``texts`` (ids and the like).
    """
    wanted = [
        column
        for column, kind in piece.types.items()
        if piece.is_text and kind == "VARCHAR" and column not in texts
        and any(column.lower() in one.lower() for one in expressions)
    ]  # fmt: skip
    numbers = _mostly_numbers(session, piece, wanted)
    return [f"number_of_text({name(one)}) as {name(one)}" if one in numbers else name(one) for one in piece.types]


def _mostly_numbers(session: Session, piece: Piece, columns: list[str]) -> set[str]:
    if not columns:
        return set()
    counts = ", ".join(
        f"count(*) filter (not blank({name(one)})), count(number_of_text({name(one)})), "
        f"count(*) filter (regexp_full_match({name(one)}, {literal('0[0-9]+')}))"
        for one in columns
    )
    found = session.rows(f"select {counts} from {piece.sql}")[0]
    return {
        column
        for place, column in enumerate(columns)
        if found[3 * place] and found[3 * place + 1] >= 0.9 * found[3 * place] and not found[3 * place + 2]
    }


def are_numbers(session: Session, own: bool | None, our: str, table: str) -> bool:
    """Tell whether a column of the engine's ``table`` is a number; where its files do not say so, by its values."""
    if own is not None:
        return own
    rule = f"bool_and(regexp_full_match({name(our)}, {literal(NUMBER_TEXT)}))"
    return bool(session.rows(f"select coalesce({rule}, false) from {table}")[0][0])
