"""The one DuckDB connection of a reading, and the small SQL helpers that the other files share."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import numpy.typing as npt

from models.shop import Shop
from training.progress import Progress

if TYPE_CHECKING:
    from training.read.files import Piece
    from training.read.kept import Kept

MACROS = r"""
create macro trimmed(x) as
    case when ascii(x) between 33 and 126 and ascii(right(x, 1)) between 33 and 126 then x
    else trim(x, chr(32) || chr(9) || chr(10) || chr(13) || chr(160)) end;
create macro id_of_text(x) as
    case when lower(trimmed(x)) in ('', 'nan', 'null', 'none', 'undefined', '(not set)') then null else trimmed(x) end;
create macro id_of_float(x) as
    case when isnan(x) then null when isinf(x) then x::varchar
    when x = trunc(x) and abs(x) < 1e18 then x::bigint::varchar else x::varchar end;
create macro blank(x) as x is null or trimmed(x) = '';
create macro number_of_text(x) as case
    when blank(x) then null
    when regexp_full_match(trim(x), '[+-]?\d{1,3}(,\d{3})+(\.\d+)?') then try_cast(replace(x, ',', '') as double)
    when regexp_full_match(trim(x), '[+-]?(\d{1,3}(\.\d{3})+|\d+),\d{1,4}')
        then try_cast(replace(replace(x, '.', ''), ',', '.') as double)
    else try_cast(trim(x) as double) end;
create macro title_case(x) as array_to_string(list_transform(
    regexp_extract_all(regexp_replace(trim(lower(x)), '\s+', ' ', 'g'), '[\pL\pN'']+|[^\pL\pN'']+'),
    lambda word: upper(word[1]) || word[2:]), '');
"""


@dataclass(frozen=True, slots=True)
class Session:
    """What every step of one reading needs; the temporary folder goes when the reading ends."""

    shop: Shop
    con: duckdb.DuckDBPyConnection
    scratch: Path
    now: int
    """Unix seconds: what lies later is refused as future."""
    progress: Progress
    opened: dict[tuple[Path, bool], "Piece"] = field(default_factory=dict)
    """Files that were looked at, with and without a header, so that none is opened twice."""
    kept: "Kept | None" = None
    """Where rows of files are kept for the next reading."""

    def rows(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.con.execute(sql, values or []).fetchall()

    def arrays(self, sql: str) -> dict[str, npt.NDArray[Any]]:
        """Return the columns of a query; missing numbers are NaN, other missing values stay masked."""
        out = dict(self.con.execute(sql).fetchnumpy())
        for name, column in out.items():
            if isinstance(column, np.ma.MaskedArray) and column.dtype.kind == "f":
                out[name] = column.filled(np.nan)
        return out


@contextmanager
def open_session(shop: Shop, now: int, progress: Progress, kept: "Kept | None" = None) -> Iterator[Session]:
    """Open an engine that spills to a temporary folder rather than run out of memory."""
    shared = shop.training.spark.folder if shop.training.engine == "spark" else None
    with tempfile.TemporaryDirectory(prefix="recsvc-read-", dir=shared) as folder:
        threads = shop.training.threads or os.cpu_count() or 1
        memory = f"{round(shop.training.read_memory_gb * 1000)}MB"
        spill = {"temp_directory": f"{folder}/spill", "memory_limit": memory}
        with duckdb.connect(config={"threads": threads, **spill}) as con:
            con.execute("set timezone = 'UTC'")
            con.execute("set enable_progress_bar = false")
            con.execute(MACROS)
            yield Session(shop, con, Path(folder), now, progress, kept=kept)


def name(text: str) -> str:
    """Return ``text`` as a quoted SQL name."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: object) -> str:
    """Return ``text`` as a quoted SQL text."""
    return "'" + str(text).replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    """Return what DuckDB says is wrong, without its hints and pointers."""
    return str(error).strip().splitlines()[0].removeprefix("Binder Error: ").removeprefix("Conversion Error: ")
