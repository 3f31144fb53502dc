"""Files of products and stock, row by row: CSV (commas, semicolons, tabs) or JSON lines, packed with gzip or not."""

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from models.errors import DataError

JSON_LINES = (".jsonl", ".ndjson")
DELIMITERS = ",;\t"
PACKED = b"\x1f\x8b"
"""The first bytes of a file that gzip made."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file."""

    line: int
    """Its line; the last one, where a CSV has several."""
    values: Mapping[str, Any]
    typed: bool
    """Whether values carry their types (JSON), or are all text (CSV)."""
    fault: str = ""
    """Why it cannot be read."""


def read_rows(path: Path, step: Callable[[int], None]) -> Iterator[FileRow]:
    """Yield the rows of a file.

    Args:
        path: named ``.jsonl`` or ``.ndjson`` (``.gz`` behind it or not) for JSON lines; CSV else.
        step: called with the bytes of the file read so far.

    Raises:
        DataError: the file is missing, empty, broken, or no UTF-8.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == PACKED
            raw.seek(0)
            lines: Any = gzip.GzipFile(fileobj=raw) if packed else raw
            named = Path(path.stem) if path.suffix == ".gz" else path
            rows = _json_rows(lines) if named.suffix in JSON_LINES else _csv_rows(path, lines)
            for row in rows:
                step(raw.tell())
                yield row
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({error}): name a CSV or JSON lines file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is no UTF-8: save the file as UTF-8") from error


def _json_rows(lines: BinaryIO) -> Iterator[FileRow]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield FileRow(number, {}, True, f"no JSON: {error.msg}")
            continue
        if isinstance(values, dict):
            yield FileRow(number, values, True)
        else:
            yield FileRow(number, {}, True, "no JSON object")


def _csv_rows(path: Path, lines: BinaryIO) -> Iterator[FileRow]:
    with io.TextIOWrapper(lines, encoding="utf-8-sig", newline="") as text:
        first = text.readline()
        if not first.strip():
            raise DataError(f"{path}: is empty: its first line names the columns")
        delimiter = max(DELIMITERS, key=first.count)
        columns = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
        if twice := sorted({name for name in columns if columns.count(name) > 1}):
            raise DataError(f"{path}: column {twice[0]!r} is given twice: keep one of them")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                line = reader.line_num + 1
                if len(cells) != len(columns) and cells:
                    yield FileRow(line, {}, False, f"has {len(cells)} cells, the header {len(columns)}")
                elif cells:
                    yield FileRow(line, dict(zip(columns, cells, strict=True)), False)
        except csv.Error as error:
            raise DataError(f"{path}, line {reader.line_num + 1}: no CSV: {error}") from error
