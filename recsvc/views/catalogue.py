"""The back office: products, prices and stock. A call is stored as a whole, or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Response, g

from models.schema import UNKNOWN
from recsvc.catalogue_forms import ProductsBody, StockBody, shaped
from recsvc.forms import FormError
from recsvc.overlay.check import Attributes, attributes_of, checked, product_id_fault
from recsvc.overlay.told import Pieces, Product, Value
from recsvc.problems import Fault, ProblemError
from recsvc.service import Service, service
from recsvc.store import catalogue as kept
from recsvc.views.reading import read_body
from recsvc.views.replies import reply
from recsvc.views.writing import writing

MOST_NAMED = 20


def put_products() -> Response:
    """Answer once whole products are stored."""
    here = service()
    with _told():
        rows = shaped(ProductsBody, read_body()).products
        products = _products(rows, _attributes(here), here.clock())
    with writing() as connection:
        kept.put_products(connection, products)
    return _stored(len(products))


def patch_product(product_id: str) -> Response:
    """Answer once some attributes of a product are stored."""
    here = service()
    if product_id_fault(product_id):
        raise _nobody_knows(product_id)
    with _told():
        told = read_body()
        if not told:
            raise FormError([Fault("", "name at least one attribute")])
        values, faults = checked(told, _attributes(here), typed=True)
        if faults:
            raise FormError([Fault(name, message) for name, message in faults.items()])
    one = Product(product_id, values, whole=False, since=here.clock())
    with writing() as connection:
        try:
            kept.add_products(connection, [one], lambda name: _trained(here, name))
        except LookupError as error:
            raise _nobody_knows(product_id) from error
    return _stored(1)


def put_stock() -> Response:
    """Answer once stock is stored; that of products that nobody told of yet waits for them."""
    here = service()
    with _told():
        rows = shaped(StockBody, read_body()).stock
    pieces = [Pieces(row.product_id, row.store_id or "", row.quantity) for row in rows]
    strange = dict.fromkeys(one.product_id for one in pieces if not _live(here, one.product_id))
    with writing() as connection:
        kept.put_stock(connection, pieces)
        told = {one.product_id for one in kept.products_of(connection, strange)}
    unknown = [name for name in strange if name not in told]
    return _stored(len(pieces), unknown)


def _nobody_knows(product_id: str) -> ProblemError:
    return ProblemError(404, f"No product {product_id!r}: tell all of it with PUT /v1/products.")


def _stored(count: int, unknown: Sequence[str] = ()) -> Response:
    g.seen = {"stored": count}
    return reply({"stored": count, "unknown": list(unknown)[:MOST_NAMED]}, shared=False)


def _attributes(here: Service) -> Attributes:
    return attributes_of(here.live.state.engine.snapshot, here.shop)


def _live(here: Service, product_id: str) -> bool:
    return here.live.state.engine.snapshot.catalogue.ids.row(product_id) != UNKNOWN


def _trained(here: Service, product_id: str) -> bool:
    """Return whether the trained version knows a product; what was told of since, the store knows."""
    snapshot = here.live.state.engine.snapshot
    return (snapshot.trained or snapshot).catalogue.ids.row(product_id) != UNKNOWN


def _products(rows: Sequence[dict[str, Any]], known: Attributes, now: int) -> list[Product]:
    """Return the products that ``rows`` tell of.

    Raises:
        FormError: some do not hold, with every fault.
    """
    out, faults = [], []
    for place, row in enumerate(rows):
        name = row.pop("product_id", None)
        if fault := product_id_fault(name):
            faults.append(Fault(f"products.{place}.product_id", fault))
        values, wrong = checked(row, known, typed=True)
        faults += [Fault(f"products.{place}.{attribute}", message) for attribute, message in wrong.items()]
        given: dict[str, Value] = {attribute: value for attribute, value in values.items() if value is not None}
        out.append(Product(str(name), given, whole=True, since=now))
    if faults:
        raise FormError(faults)
    return out


@contextmanager
def _told() -> Iterator[None]:
    """Answer what does not hold with its faults."""
    try:
        yield
    except FormError as error:
        raise ProblemError(422, "Nothing was stored: see errors.", error.faults) from error
