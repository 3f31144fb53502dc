"""Spreadsheets (.xlsx) as text: the rows of all sheets that have the same columns, one sheet after another."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from models.errors import DataError

EXACT = 2.0**53
"""Whole numbers below are exact in a cell, and are written without a fraction: a cell knows no other number."""


def sheets_as_csv(path: Path, out: Path) -> None:
    """Write the sheets of the workbook at ``path`` as one CSV, its first row the columns; empty sheets and rows are left out.

    One sheet is in memory at a time; a sheet has a million rows at most.

    Raises:
        DataError: it is packed, protected or broken, it is empty, or its sheets have different columns.
    """
    if path.suffix.lower() != ".xlsx":
        raise DataError(f"{path}: a spreadsheet is packed already: unpack the outer one")
    columns: list[str] | None = None
    first = ""
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for name, rows in _sheets(path):
                head = next(rows, None)
                if head is None:
                    continue
                if columns is None:
                    columns, first = head, name
                    writer.writerow(head)
                elif head != columns:
                    raise DataError(
                        f"{path}: sheet {name!r} has other columns than {first!r} ({', '.join(head)} against "
                        f"{', '.join(columns)}): save the sheets that count as files of their own"
                    )
                writer.writerows(rows)
    except (CalamineError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as a workbook: {error}: save it again as .xlsx without a password, or as CSV"
        ) from error
    if columns is None:
        raise DataError(f"{path}: no sheet of it has a row: write it again, or take it out of shop.toml")


def _sheets(path: Path) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Yield each sheet's name and its rows as texts."""
    book = CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        yield name, _rows(book.get_sheet_by_name(name).iter_rows())


def _rows(cells: Iterator[list[Any]]) -> Iterator[list[str]]:
    told = (row for row in ([text_of(one) for one in row] for row in cells) if any(row))
    head = next(told, None)
    if head is not None:
        head = _cut(head, 0)
        yield from chain([head], (_cut(row, len(head)) for row in told))


def _cut(row: list[str], width: int) -> list[str]:
    """Return ``row`` without the empty cells at its end, as far as ``width``: what is not empty there is not lost."""
    while len(row) > width and not row[-1]:
        row.pop()
    return row


def text_of(cell: Any) -> str:
    """Return a cell as CSV would have it: whole numbers without a fraction, moments as ISO, nothing as nothing."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < EXACT else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)
