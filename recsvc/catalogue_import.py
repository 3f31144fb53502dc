"""Files into the store: rows checked one by one, what does not hold is refused with its line, the rest is stored."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from models.errors import DataError
from models.schema import UNKNOWN
from models.shop import Table
from recsvc.catalogue_files import read_rows
from recsvc.overlay.check import attributes_of, checked, number, product_id_fault
from recsvc.overlay.told import Pieces, Product
from recsvc.snapshot import Snapshot
from recsvc.store import catalogue as kept
from recsvc.store.database import Store

CHUNK = 1_000
"""Rows of one transaction."""
MOST_TOLD = 1_000
"""Refused rows that are kept to be told; all are counted."""
Told: TypeAlias = Product | Pieces


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not stored."""

    path: Path
    line: int
    reason: str


@dataclass(slots=True)
class Count:
    """What became of the rows."""

    rows: int = 0
    stored: int = 0
    refused: list[Refused] = field(default_factory=list)
    n_refused: int = 0
    left_out: set[str] = field(default_factory=set)
    """Columns that mean nothing here."""
    forgotten: int = 0
    """Rows of the store that the files do not tell of."""

    def refuse(self, path: Path, line: int, reason: str) -> None:
        """Count a row that does not hold."""
        self.n_refused += 1
        if len(self.refused) < MOST_TOLD:
            self.refused.append(Refused(path, line, reason))


@dataclass(frozen=True, slots=True)
class Wish:
    """What an import is to do."""

    stock: bool = False
    """The files are of stock, not of products."""
    replace: bool = False
    """What the store was told before and the files do not tell is forgotten."""
    only_known: bool = False
    """Rows of products that nobody told of are refused."""
    dry_run: bool = False


def run_import(
    paths: Sequence[Path], wish: Wish, snapshot: Snapshot, store: Store, step: Callable[[Path, int], None]
) -> Count:
    """Return what became of the rows of ``paths``.

    Args:
        paths: CSV or JSON lines.
        wish: what to do.
        snapshot: the live version, which names the attributes that there are.
        store: takes the rows, a thousand at a time.
        step: called with a file and the bytes of it read so far.

    Raises:
        DataError: a file cannot be read, or names no product.
        StoreError: the store cannot be written.
    """
    count, first = Count(), 0
    for path in paths:
        lines: Iterator[tuple[int, Told]] = (
            _stock_rows(path, snapshot, count, step) if wish.stock else _products(path, snapshot, count, step)
        )
        while chunk := list(islice(lines, CHUNK)):
            told = _known(path, chunk, snapshot, store, count) if wish.only_known else [one for _, one in chunk]
            count.stored += len(told)
            if told and not wish.dry_run:
                seq = _store(told, wish, store)
                first = first or seq
    if wish.replace and first and not count.n_refused:
        with store.write() as connection:
            count.forgotten = kept.forget(connection, kept.STOCK if wish.stock else kept.PRODUCTS, first)
    return count


def _store(told: Sequence[Told], wish: Wish, store: Store) -> int:
    products = [one for one in told if isinstance(one, Product)]
    with store.write() as connection:
        if wish.stock:
            return kept.put_stock(connection, [one for one in told if isinstance(one, Pieces)])
        return kept.put_products(connection, products) if wish.replace else kept.add_products(connection, products)


def _known(path: Path, chunk: Sequence[tuple[int, Told]], snapshot: Snapshot, store: Store, count: Count) -> list[Told]:
    """Return those of products that the trained version or the store knows; the others are refused."""
    trained = (snapshot.trained or snapshot).catalogue.ids
    strange = {one.product_id for _, one in chunk if trained.row(one.product_id) == UNKNOWN}
    if strange and store.there():
        with store.read() as connection:
            strange -= {one.product_id for one in kept.products_of(connection, strange)}
    for line, one in chunk:
        if one.product_id in strange:
            count.refuse(path, line, f"product_id: nobody told of {one.product_id!r} yet")
    return [one for _, one in chunk if one.product_id not in strange]


def _products(
    path: Path, snapshot: Snapshot, count: Count, step: Callable[[Path, int], None]
) -> Iterator[tuple[int, Product]]:
    """Yield the products of a file, each with its line; an attribute without a column stays what it is."""
    known, now = attributes_of(snapshot, snapshot.shop), snapshot.clock()
    wanted = {"product_id", *known.roles} - known.refused.keys()
    for line, values, typed in _rows(path, snapshot.shop.data.products, wanted, count, step):
        name = values.pop("product_id", None)
        fault = product_id_fault(name)
        attributes, faults = checked(values, known, typed=typed)
        told = [*([f"product_id: {fault}"] if fault else []), *(f"{one}: {why}" for one, why in faults.items())]
        if told:
            count.refuse(path, line, "; ".join(told))
        else:
            yield line, Product(str(name), attributes, whole=False, since=now)


def _stock_rows(
    path: Path, snapshot: Snapshot, count: Count, step: Callable[[Path, int], None]
) -> Iterator[tuple[int, Pieces]]:
    """Yield the stock of a file, each with its line."""
    for line, values, typed in _rows(
        path, snapshot.shop.data.stock, {"product_id", "store_id", "quantity"}, count, step
    ):
        name, store = values.get("product_id"), values.get("store_id") or ""
        fault = product_id_fault(name) and "product_id: " + str(product_id_fault(name))
        if not fault and (not isinstance(store, str) or product_id_fault(store or "any")):
            fault = "store_id: must be a text"
        try:
            quantity = number(values.get("quantity"), typed=typed)
        except ValueError as error:
            fault = fault or f"quantity: {error}"
        if fault:
            count.refuse(path, line, fault)
        else:
            yield line, Pieces(str(name), str(store), quantity)


def _rows(
    path: Path, table: Table | None, wanted: set[str], count: Count, step: Callable[[Path, int], None]
) -> Iterator[tuple[int, dict[str, Any], bool]]:
    """Yield line, values under our names, and whether they are typed, of the rows that can be read.

    Raises:
        DataError: the first row names no product.
    """
    ours = {theirs: our for our, theirs in (table.columns if table else {}).items()}
    for place, row in enumerate(read_rows(path, lambda done: step(path, done))):
        count.rows += 1
        if row.fault:
            count.refuse(path, row.line, row.fault)
            continue
        named = {ours.get(name, name): value for name, value in row.values.items()}
        if not place and "product_id" not in named:
            told = ", ".join(map(repr, row.values))
            raise DataError(f"{path}: no column 'product_id' among {told}: name it in shop.toml, or in the file")
        count.left_out |= named.keys() - wanted
        yield row.line, {name: value for name, value in named.items() if name in wanted}, row.typed
