"""The only feature code: what the ranker reads of a shopper, a product and a moment. Trained and served by this file.

Every feature is a number or NaN (not known); a feature of a shopper without history, of a request without a store, of a
product without a price is NaN, never a guess. Time enters as age before the request's own moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np

from models.base import Fitting, Model
from models.buy_again import BuyAgain
from models.columns import NumberColumn, TextColumn
from models.context_table import LISTED, ContextTable
from models.kinds import kind_codes
from models.lists import decay
from models.schema import DAY, UNKNOWN, Arrays, Bools, Context, Doubles, Floats, History, Ints, Longs, take

HALF_LIVES = (20.0, 80.0, 300.0)
"""Days: what was bought this month, this season, ever."""
SPANS = (7, 30, 90, 365)
"""Days over which a product's share of orders is taken."""
LEVELS = ("product", "kind", "category")
"""What a shopper's history is counted by: the product, its finest kind, its category."""
SOURCES = ("als", "ease", "store-popularity", "bought-together", "similar")
"""Models whose score is a feature."""
PER_LEVEL = ("rate20", "rate80", "rate300", "orders", "since", "cycle", "due")
OWN = (
    "share_since_first", "in_last", "in_last3", "quantity", "of_kind", "price_to_own", "user_orders", "user_since",
    "user_size", "log_price", "price_to_page", "same_kind", "same_category", "buyers", "again", "gap", "rise",
    "store_lift", "page_lift", "hour", "weekday", "month",
)  # fmt: skip


@dataclass
class Basis:
    """What training knows of products beside the models: shares of orders, buyers, kinds, prices."""

    shares_: Floats = field(default_factory=lambda: np.empty((0, len(SPANS)), np.float32))
    """(n_products, n_spans) share of the orders of the last 7, 30, 90, 365 days."""
    buyers_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) log(1 + shoppers who bought it)."""
    again_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) orders by shopper who bought it."""
    price_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) log of the price; NaN where unknown."""
    kind_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    category_: Ints = field(default_factory=lambda: np.empty(0, np.int32))

    def fit(self, data: Fitting) -> Self:
        """Learn from purchases and the catalogue."""
        lines, n = data.purchases, data.purchases.n_products
        age = (data.until - lines.time) / DAY
        cells = np.unique(lines.order.astype(np.int64) * max(n, 1) + lines.product, return_index=True)[1]
        self.shares_ = np.stack(
            [_share(lines.order[c], lines.product[c], n) for c in (cells[age[cells] <= d] for d in SPANS)], 1
        )
        known = lines.user != UNKNOWN
        pairs = np.unique(lines.user[known].astype(np.int64) * max(n, 1) + lines.product[known]) % max(n, 1)
        buyers = np.bincount(pairs, minlength=n)
        self.buyers_ = np.log1p(buyers).astype(np.float32)
        self.again_ = (np.bincount(lines.product[cells], minlength=n) / np.maximum(buyers, 1)).astype(np.float32)
        price = data.catalogue.columns.get("price")
        values = price.values if isinstance(price, NumberColumn) else np.full(n, np.nan)
        self.price_ = np.log(np.where(values > 0, values, np.nan)).astype(np.float32)
        category = data.catalogue.columns.get("category")
        self.category_ = category.codes if isinstance(category, TextColumn) else np.full(n, UNKNOWN, np.int32)
        self.kind_ = kind_codes(data)[0]
        return self

    def arrays(self) -> Arrays:
        """Return the learned arrays."""
        return {name: getattr(self, f"{name}_") for name in PARTS}

    def load(self, arrays: Arrays) -> Self:
        """Take the learned arrays over."""
        for name, kind in PARTS.items():
            setattr(self, f"{name}_", take(arrays, name, kind))
        return self


PARTS: dict[str, type[np.float32] | type[np.int32]] = {
    "shares": np.float32, "buyers": np.float32, "again": np.float32, "price": np.float32,
    "kind": np.int32, "category": np.int32,
}  # fmt: skip


def _share(order: Ints, product: Ints, n: int) -> Floats:
    return (np.bincount(product, minlength=n) / max(len(np.unique(order)), 1)).astype(np.float32)


def names(contexts: Mapping[str, ContextTable]) -> tuple[str, ...]:
    """Return the name of each feature, in the order of the columns of ``features``."""
    levels = [f"{level}.{part}" for level in LEVELS for part in PER_LEVEL]
    shares = [f"share{days}" for days in SPANS]
    return (*levels, *OWN, *shares, *SOURCES, *(f"{t}.{f}" for t, f in context_fields(contexts)))


def context_fields(contexts: Mapping[str, ContextTable]) -> list[tuple[str, str]]:
    """Return the (table, field) pairs that are features: fields of tables by product."""
    return [
        (name, f)
        for name, table in sorted(contexts.items())
        if table.by_product
        for f in (*table.columns,) or (LISTED,)
    ]


@dataclass(frozen=True, slots=True)
class Visits:
    """A history made ready: order number and age of each line, and the same by order."""

    history: History
    age: Doubles
    """(n_lines,) days."""
    order: Longs
    """(n_lines,) 0 for the oldest order."""
    order_age: Doubles
    """(n_orders,)"""
    faded: Doubles
    """(n_half_lives, n_lines)"""
    totals: Doubles
    """(n_half_lives,) faded orders."""


def visits_of(context: Context) -> Visits | None:
    """Return the shopper's visits, or None without purchases."""
    history = context.history
    if not len(history):
        return None
    age = np.maximum((context.at - history.time) / DAY, 0)
    starts = np.ones(len(history), np.bool_)
    starts[1:] = history.order[1:] != history.order[:-1]
    faded = np.stack([decay(age, half_life) for half_life in HALF_LIVES])
    totals = np.maximum(faded[:, starts].sum(axis=1), 1e-9)
    return Visits(history, age, np.cumsum(starts) - 1, age[starts], faded, totals)


@dataclass(frozen=True, slots=True)
class Tally:
    """A history counted by code; arrays are (n_codes,) over the distinct codes, ascending."""

    codes: Ints
    rates: Doubles
    """(n_half_lives, n_codes) share of faded orders."""
    orders: Longs
    last: Doubles
    first: Doubles
    last_order: Longs
    places: Longs
    """(n_used,) place in ``codes`` of each line with a code."""
    used: Bools
    cells: Longs
    """Distinct place * n_orders + order."""


def tally(visits: Visits, codes: Ints) -> Tally | None:
    """Count the (n_lines,) ``codes`` of a history's lines; None where no line has a code."""
    used = codes != UNKNOWN
    if not used.any():
        return None
    distinct, places = np.unique(codes[used], return_inverse=True)
    n, n_orders = len(distinct), len(visits.order_age)
    cells, first_line = np.unique(places.astype(np.int64) * n_orders + visits.order[used], return_index=True)
    of = cells // n_orders
    faded = visits.faded[:, used][:, first_line]
    rates = np.stack([np.bincount(of, one, n) for one in faded]) / visits.totals[:, None]
    age = visits.age[used]
    last, first = np.full(n, np.inf), np.zeros(n)
    np.minimum.at(last, places, age)
    np.maximum.at(first, places, age)
    last_order = np.full(n, -1, np.int64)
    np.maximum.at(last_order, of, cells % n_orders)
    return Tally(distinct, rates, np.bincount(of, minlength=n), last, first, last_order, places, used, cells)


def features(
    basis: Basis, models: Mapping[str, Model], contexts: Mapping[str, ContextTable], context: Context, rows: Ints,
    zone: ZoneInfo, user_id: str | None = None,
) -> Floats:  # fmt: skip
    """Return (n_rows, n_features) for products ``rows``, columns as ``names`` says; text fields of tables as codes."""
    labels = names(contexts)
    out = np.full((len(labels), len(rows)), np.nan, np.float32)
    column = {name: out[place] for place, name in enumerate(labels)}
    visits = visits_of(context)
    column["gap"][:] = gaps_of(models, rows)
    if visits is not None:
        _of_history(column, basis, visits, rows)
    _of_product(column, basis, rows)
    _of_moment(column, basis, context, rows, zone)
    _of_models(column, basis, models, context, rows)
    for name, table in contexts.items():
        if table.by_product:
            for part, values in table.lookup(context.fields, context.at, rows, user_id).items():
                column[f"{name}.{part}"][:] = values
    return out.T


def gaps_of(models: Mapping[str, Model], rows: Ints) -> Floats:
    """Return (n_rows,) the usual days between two purchases by one shopper; NaN without that model."""
    model = models.get("buy-again")
    return model.gaps(rows) if isinstance(model, BuyAgain) else np.full(len(rows), np.nan, np.float32)


def _of_history(column: dict[str, Floats], basis: Basis, visits: Visits, rows: Ints) -> None:
    n_orders = len(visits.order_age)
    column["user_orders"][:] = np.log1p(n_orders)
    column["user_since"][:] = visits.order_age[-1]
    column["user_size"][:] = len(visits.history) / n_orders
    for level, codes in (("product", None), ("kind", basis.kind_), ("category", basis.category_)):
        bought = visits.history.product if codes is None else codes[visits.history.product]
        wanted = rows if codes is None else codes[rows]
        counted = tally(visits, bought)
        for part in PER_LEVEL[:4]:
            column[f"{level}.{part}"][:] = 0
        if counted is None:
            continue
        at = np.minimum(np.searchsorted(counted.codes, wanted), len(counted.codes) - 1)
        hit = np.flatnonzero(counted.codes[at] == wanted)
        at = at[hit]
        for number, name in enumerate(("rate20", "rate80", "rate300")):
            column[f"{level}.{name}"][hit] = counted.rates[number, at]
        column[f"{level}.orders"][hit] = counted.orders[at]
        column[f"{level}.since"][hit] = counted.last[at]
        gaps = (counted.first - counted.last) / np.maximum(counted.orders - 1, 1)
        own = np.where(counted.orders > 1, counted.last / np.maximum(gaps, 0.5), np.nan)
        column[f"{level}.cycle"][hit] = own[at]
        if codes is None:
            column["product.due"][hit] = counted.last[at] / column["gap"][hit]
            _of_own_product(column, counted, visits, at, hit)
        else:
            column[f"{level}.due"][hit] = counted.orders[at] / n_orders
        if level == "kind":
            _of_own_kind(column, basis, counted, visits, rows, at, hit)


def _of_own_product(column: dict[str, Floats], counted: Tally, visits: Visits, at: Longs, hit: Longs) -> None:
    n, n_orders = len(counted.codes), len(visits.order_age)
    since_first = n_orders - np.searchsorted(-visits.order_age, -counted.first - 1e-9)
    column["share_since_first"][hit] = (counted.orders / np.maximum(since_first, 1))[at]
    column["in_last"][hit] = (counted.last_order == n_orders - 1)[at]
    late = counted.cells[counted.cells % n_orders >= n_orders - 3] // n_orders
    column["in_last3"][hit] = np.bincount(late, minlength=n)[at]
    pieces = np.log1p(np.minimum(visits.history.quantity[counted.used], 50))
    lines = np.bincount(counted.places, minlength=n)
    column["quantity"][hit] = (np.bincount(counted.places, pieces, n) / lines)[at]


def _of_own_kind(
    column: dict[str, Floats], basis: Basis, counted: Tally, visits: Visits, rows: Ints, at: Longs, hit: Longs
) -> None:
    column["of_kind"][hit] = column["product.rate80"][hit] / np.maximum(column["kind.rate80"][hit], 1e-9)
    paid = visits.history.price[counted.used]
    known = np.isfinite(paid) & (paid > 0)
    count = np.bincount(counted.places[known], minlength=len(counted.codes))
    total = np.bincount(counted.places[known], np.log(paid[known]), len(counted.codes))
    usual = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    column["price_to_own"][hit] = basis.price_[rows[hit]] - usual[at]


def _of_product(column: dict[str, Floats], basis: Basis, rows: Ints) -> None:
    for number, days in enumerate(SPANS):
        column[f"share{days}"][:] = basis.shares_[rows, number]
    column["rise"][:] = (basis.shares_[rows, 0] + 1e-5) / (basis.shares_[rows, 2] + 1e-5)
    column["log_price"][:] = basis.price_[rows]
    column["buyers"][:] = basis.buyers_[rows]
    column["again"][:] = basis.again_[rows]


def _of_moment(column: dict[str, Floats], basis: Basis, context: Context, rows: Ints, zone: ZoneInfo) -> None:
    local = datetime.fromtimestamp(context.at, zone)
    column["hour"][:], column["weekday"][:], column["month"][:] = local.hour, local.weekday(), local.month
    if context.page != UNKNOWN:
        column["price_to_page"][:] = basis.price_[rows] - basis.price_[context.page]
        column["same_kind"][:] = basis.kind_[rows] == basis.kind_[context.page]
        column["same_category"][:] = basis.category_[rows] == basis.category_[context.page]


def _of_models(
    column: dict[str, Floats], basis: Basis, models: Mapping[str, Model], context: Context, rows: Ints
) -> None:
    for name in SOURCES:
        if name in models:
            column[name][:] = models[name].score(context, rows)
    usual = basis.shares_[rows, 1]
    if context.store != UNKNOWN:
        column["store_lift"][:] = (column["store-popularity"] + 1e-4) / (usual + 1e-4)
    if context.page != UNKNOWN:
        column["page_lift"][:] = column["bought-together"] / (basis.shares_[rows, 3] + 1e-4)
