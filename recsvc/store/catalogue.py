"""Products and stock in the store: written by the back office, followed by every worker."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from recsvc.overlay.told import News, Pieces, Product
from recsvc.store import changes
from recsvc.store.tables import products, stock

PRODUCTS, STOCK, FORGOTTEN = "products", "stock", "catalogue-forgotten"
"""Kinds of changes: rows of a table have its number as ``seq``; or rows are gone, and the whole is to be read again."""
PAGE = 50_000
"""Rows of one look at most."""
BATCH = 500
"""Ids of one query."""


def put_products(connection: Connection, told: Sequence[Product]) -> int:
    """Keep products as they are told, and return the number of the change.

    The last of those with the same id counts; since when one is told of stays.
    """
    last = {one.product_id: one for one in told}
    seq = changes.append(connection, PRODUCTS, "")
    rows = [_row(one, seq) for one in last.values()]
    _upsert(connection, products, rows, ("attributes", "whole", "seq"))
    return seq


def add_products(connection: Connection, told: Sequence[Product], known: Callable[[str], bool] | None = None) -> int:
    """Add attributes to products, those that the store lacks included, and return the number of the change.

    Args:
        connection: to write with.
        told: what changes, and nothing else; ``whole`` is of no account.
        known: whether the trained version knows a product; one that neither knows is refused. None: none is.

    Raises:
        LookupError: names such a product.
    """
    seq = changes.append(connection, PRODUCTS, "")  # first: from here on no other writer changes a product
    kept = {one.product_id: one for one in products_of(connection, {one.product_id for one in told})}
    for one in told:
        if one.product_id not in kept and known is not None and not known(one.product_id):
            raise LookupError(one.product_id)
        before = kept.get(one.product_id) or replace(one, attributes={}, whole=False)
        kept[one.product_id] = replace(before, attributes={**before.attributes, **one.attributes})
    _upsert(connection, products, [_row(one, seq) for one in kept.values()], ("attributes", "whole", "seq"))
    return seq


def put_stock(connection: Connection, told: Sequence[Pieces]) -> int:
    """Keep pieces in the order in which they are told, and return the number of the change.

    Those of the whole shop end what was told of its stores before.
    """
    seq = changes.append(connection, STOCK, "")
    last: dict[tuple[str, str], Pieces] = {}
    shopwide: set[str] = set()
    for one in told:
        if not one.store_id:
            shopwide.add(one.product_id)
            last = {key: kept for key, kept in last.items() if key[0] != one.product_id}
        last[one.product_id, one.store_id] = one
    for some in _batches(sorted(shopwide)):
        connection.execute(delete(stock).where(stock.c.product_id.in_(some)))
    rows = [
        {"product_id": one.product_id, "store_id": one.store_id, "quantity": one.quantity, "seq": seq}
        for one in last.values()
    ]
    _upsert(connection, stock, rows, ("quantity", "seq"))
    return seq


def forget(connection: Connection, table: str, before: int) -> int:
    """Forget all of ``PRODUCTS`` or ``STOCK`` that was last told before the change ``before``; return how many rows."""
    changes.append(connection, FORGOTTEN, table)
    rows = {PRODUCTS: products, STOCK: stock}[table]
    return connection.execute(delete(rows).where(rows.c.seq < before)).rowcount


def products_of(connection: Connection, ids: Collection[str]) -> list[Product]:
    """Return those of the products that the store has."""
    return [
        _product(row)
        for some in _batches(sorted(ids))
        for row in connection.execute(select(products).where(products.c.product_id.in_(some)))
    ]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the store found."""

    news: Iterator[News]
    """A page at a time."""
    seq: int
    """The change up to which these are the news."""
    anew: bool = False
    """Whether they are all there is, and what was told before no longer counts."""


def look(connection: Connection, seq: int) -> Look:
    """Return what happened after the change ``seq``; 0 = read everything."""
    if not seq:
        return Look(_news(connection, 0), changes.last(connection), anew=True)
    found = changes.since(connection, seq)
    if changes.lost(connection, seq) or (not found and changes.last(connection) < seq):
        return look(connection, 0)  # some of the feed is forgotten, or this is another store than before
    last, kinds = found[-1].seq if found else seq, {one.kind for one in found}
    if FORGOTTEN in kinds:
        return Look(_news(connection, 0), last, anew=True)
    return Look(_news(connection, seq) if kinds & {PRODUCTS, STOCK} else iter(()), last)


def _news(connection: Connection, seq: int) -> Iterator[News]:
    """Yield the products told of after the change ``seq``, then the stock that was, and that of these products."""
    told: list[str] = []
    query = select(products).where(products.c.seq > seq).order_by(products.c.seq, products.c.product_id)
    for rows in _pages(connection, query):
        page = [_product(row) for row in rows]
        told += [one.product_id for one in page] if seq else []
        yield News(products=page)
    of = select(stock.c.product_id).where(stock.c.seq > seq)
    query = select(stock).where(stock.c.product_id.in_(of)) if seq else select(stock)
    held: list[Pieces] = []
    for rows in _pages(connection, query.order_by(stock.c.product_id)):
        held += [_pieces(row) for row in rows]
        last = held[-1].product_id  # whose rows may go on in the next page
        yield News(pieces=[one for one in held if one.product_id != last])
        held = [one for one in held if one.product_id == last]
    yield News(pieces=held)
    for some in _batches(told):  # a product that is new may have had stock before
        rows = connection.execute(select(stock).where(stock.c.product_id.in_(some))).all()
        yield News(pieces=[_pieces(row) for row in rows])


def _pages(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    with connection.execute(query.execution_options(yield_per=PAGE)) as result:
        yield from result.partitions()


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _product(row: Row[Any]) -> Product:
    return Product(row.product_id, orjson.loads(row.attributes), row.whole, row.since)


def _pieces(row: Row[Any]) -> Pieces:
    return Pieces(row.product_id, row.store_id, row.quantity)


def _row(one: Product, seq: int) -> dict[str, Any]:
    attributes = orjson.dumps(dict(one.attributes)).decode()
    return {
        "product_id": one.product_id,
        "attributes": attributes,
        "whole": one.whole,
        "since": one.since,
        "seq": seq,
    }


def _upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], parts: Sequence[str]) -> None:
    """Insert ``rows``; of those whose key is there already, change ``parts``."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    fresh = insert(table)
    changed = {part: fresh.excluded[part] for part in parts}
    statement = fresh.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed)
    connection.execute(statement, list(rows))
