"""The live catalogue: what was told laid over the trained one, new products in rows behind it."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.catalogue import Catalogue, margins
from models.columns import Column, Kind, NumberColumn
from models.distinct import distinct
from models.product_fields import PRODUCT_FIELDS, FieldRole
from models.schema import NO_ROWS, UNKNOWN, Ints
from recsvc.overlay.columns import cells_of, empty_column, longer, told
from recsvc.overlay.told import Product, Value
from recsvc.rules.rebind import Change

KINDS: Mapping[FieldRole, Kind] = {"id": "text", "text": "text", "number": "number", "time": "number", "tags": "tags"}
AVAILABLE = "available"


def with_products(
    live: Catalogue,
    trained: Catalogue,
    products: Sequence[Product],
    version: str,
    *,
    own_margin: bool,
    untrained: bool = False,
) -> tuple[Catalogue, Change]:
    """Return the catalogue with what was told of ``products``, and where it differs from ``live``.

    Args:
        live: the catalogue so far.
        trained: the one of the trained version.
        products: distinct by id.
        version: names the outcome.
        own_margin: the shop gives ``margin`` itself; else it follows price and cost.
        untrained: no version says yet what the shop's own attributes hold; the first value of each does.
    """
    rows = live.ids.rows([one.product_id for one in products])
    fresh = np.flatnonzero(rows == UNKNOWN)
    ids = live.ids.plus([products[place].product_id for place in fresh.tolist()])
    rows[fresh] = np.arange(len(live), len(ids), dtype=np.int32)
    columns = {name: longer(column, len(ids)) for name, column in live.columns.items()}
    touched: dict[str, Ints] = {}
    kinds = _new_columns(columns, products, untrained=untrained)
    for name in (*columns, *kinds):
        if name == "margin" and not own_margin:
            continue
        column = columns.get(name) or empty_column(kinds[name], len(ids))
        columns[name], moved = told(column, trained.columns.get(name), cells_of(products, rows, name))
        if len(moved):
            touched[name] = moved
    if not own_margin:
        _follow_margin(columns, touched, len(ids))
    changed = distinct(np.concatenate([rows[:0], *touched.values()]))
    names = frozenset(touched) | (frozenset({*columns, "product_id"}) if len(fresh) else frozenset())
    out = Catalogue(ids, columns, version) if names else live
    return out, Change(changed[changed < len(live)], names, len(live))


def kind_of(name: str) -> Kind:
    """Return the kind of the column of an attribute that means something to us."""
    return "number" if name == AVAILABLE else KINDS[PRODUCT_FIELDS[name]]


def _new_columns(columns: Mapping[str, Column], products: Sequence[Product], *, untrained: bool) -> dict[str, Kind]:
    """Return the kinds of attributes that are told of and have no column yet: those that mean something to us.

    ``untrained``: the others too.
    """
    first: dict[str, Value] = {}
    for one in products:
        first |= {name: value for name, value in one.attributes.items() if value is not None and name not in first}
    ours = {name for name in first if name == AVAILABLE or name in PRODUCT_FIELDS}
    named = first if untrained else ours
    return {
        name: kind_of(name) if name in ours else _kind_of_value(first[name])
        for name in sorted(named)
        if name not in columns
    }


def _kind_of_value(value: Value) -> Kind:
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, int | float) else "tags"


def _follow_margin(columns: dict[str, Column], touched: dict[str, Ints], n_rows: int) -> None:
    """Let ``margin`` follow a changed price or cost."""
    price, cost = columns.get("price"), columns.get("cost")
    rows = distinct(np.concatenate([NO_ROWS, *(touched[name] for name in ("price", "cost") if name in touched)]))
    if not len(rows) or not isinstance(price, NumberColumn) or not isinstance(cost, NumberColumn):
        return
    before = columns.get("margin", empty_column("number", n_rows))
    if isinstance(before, NumberColumn):
        values = np.array(before.values)
        values[rows] = margins(price.values[rows], cost.values[rows])
        columns["margin"], touched["margin"] = NumberColumn(values), rows
