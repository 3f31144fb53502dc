"""Tables of requests in, tables of answers out: CSV or Parquet by the ending of the name."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb

from models.errors import DataError

COLUMNS = {
    "request_id": "VARCHAR",
    "position": "INTEGER",
    "product_id": "VARCHAR",
    "score": "DOUBLE",
    "source": "VARCHAR",
}
"""Of the answers, with their types in Parquet."""
REASON = {"reason": "VARCHAR"}
"""One more column, where it is wanted."""
PARQUET = ".parquet"
BLOCK = 1 << 20
ROWS = 1_000
"""Rows fetched from a Parquet file at once."""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One row of a table of requests."""

    line: int
    """Its line in a CSV (the last one, where it has several); its row from 1 in a Parquet."""
    values: Mapping[str, str | None]
    surplus: int = 0
    """Cells beyond the columns of the header."""


@dataclass(frozen=True, slots=True)
class Requests:
    """A table of requests, opened."""

    columns: tuple[str, ...]
    count: int
    """Rows; about, where a CSV has line breaks inside of cells."""
    rows: Callable[[], Iterator[RequestRow]]


def open_requests(path: Path) -> Requests:
    """Return the requests in ``path``; every value is text.

    Raises:
        DataError: the file is missing, empty, or cannot be read as what its name says.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file: name a CSV or Parquet table of requests")
    return _open_parquet(path) if path.suffix == PARQUET else _open_csv(path)


def _open_csv(path: Path) -> Requests:
    with path.open("rb") as raw:
        count = sum(block.count(b"\n") for block in iter(lambda: raw.read(BLOCK), b""))

    def read() -> Iterator[list[str]]:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                for cells in reader:
                    if cells:
                        yield [str(reader.line_num), *cells]
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: byte {error.start} is no UTF-8: save the table as UTF-8") from error
        except csv.Error as error:
            raise DataError(f"{path}: no CSV: {error}") from error

    def rows() -> Iterator[RequestRow]:
        lines = read()
        columns = next(lines)[1:]
        for line, *cells in lines:
            given = dict.fromkeys(columns, None) | dict(zip(columns, cells, strict=False))
            yield RequestRow(int(line), given, max(0, len(cells) - len(columns)))

    header = next(read(), None)
    if header is None:
        raise DataError(f"{path}: is empty: its first line names the columns")
    return Requests(tuple(header[1:]), max(0, count - 1), rows)


def _open_parquet(path: Path) -> Requests:
    try:
        with duckdb.connect() as db:
            described = db.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
            counted = db.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()
    except duckdb.Error as error:
        raise DataError(f"{path}: no Parquet: {str(error).splitlines()[0]}") from error
    columns = tuple(str(name) for name, *_ in described)
    cells = ", ".join(_as_text(str(name), str(kind)) for name, kind, *_ in described)

    def rows() -> Iterator[RequestRow]:
        with duckdb.connect() as db:
            result = db.execute(f"SELECT {cells} FROM read_parquet(?)", [str(path)])
            blocks = iter(lambda: result.fetchmany(ROWS), [])
            for line, row in enumerate(chain.from_iterable(blocks), start=1):
                yield RequestRow(line, dict(zip(columns, row, strict=True)))

    return Requests(columns, int(counted[0]) if counted else 0, rows)


def _as_text(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"array_to_string({quoted}, '|')" if kind.endswith("[]") else f"CAST({quoted} AS VARCHAR)"


@contextmanager
def answers_into(path: Path, columns: Mapping[str, str] = COLUMNS) -> Iterator[Callable[[Sequence[object]], object]]:
    """Give a function that writes one row of ``columns``; the file is there at the end, whole, or not at all.

    Raises:
        DataError: nothing can be written there.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    table = half.with_suffix(".parquet.tmp")
    try:
        with half.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            yield writer.writerow
        if path.suffix == PARQUET:
            _to_parquet(half, table, columns)
            table.replace(path)
        else:
            half.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}): name another --out") from error
    finally:
        half.unlink(missing_ok=True)
        table.unlink(missing_ok=True)


def _to_parquet(source: Path, target: Path, columns: Mapping[str, str]) -> None:
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    target_name = str(target).replace("'", "''")
    with duckdb.connect() as db:
        db.execute(
            f"COPY (SELECT * FROM read_csv(?, header = true, delim = ',', quote = '\"', escape = '\"', columns = {{{types}}})) "
            f"TO '{target_name}' (FORMAT parquet)",
            [str(source)],
        )
