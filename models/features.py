"""The only feature code: what the ranker reads of a shopper, a product and a moment. Trained and served by this file.

Every feature is a number or NaN (not known); a feature of a shopper without history, of a request without a store, of a
product without a price is NaN, never a guess. Time enters as age before the request's own moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import numpy as np

from models.base import Model
from models.basis import SPANS, Basis
from models.beyond import values_at
from models.buy_again import BuyAgain
from models.context_table import LISTED, ContextTable
from models.moment_facts import moment_facts
from models.schema import UNKNOWN, Context, Floats, Ints, Longs
from models.visits import Tally, Visits, tally, visits_of

LEVELS = ("product", "kind", "category", "make")
"""What a shopper's history is counted by: the product, its finest kind, its category, its kind and brand."""
SOURCES = ("als", "ease", "user-neighbours", "store-popularity", "bought-together", "similar")
"""Models whose score is a feature."""
PER_LEVEL = ("rate20", "rate80", "rate300", "orders", "since", "cycle", "due")
OWN = (
    "share_since_first", "in_last", "in_last3", "quantity", "here", "of_kind", "price_to_own", "user_orders", "user_since",
    "user_size", "user_gap", "user_here", "log_price", "price_now", "price_to_page", "same_kind", "same_category", "buyers",
    "again", "newcomers30", "newcomers90", "gap", "rise", "store10", "store45", "store_since", "store_lift", "page_lift",
    "people_lift",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """What features are made of, beside the request."""

    basis: Basis
    models: Mapping[str, Model]
    contexts: Mapping[str, ContextTable]
    zone: ZoneInfo
    names: tuple[str, ...] = field(init=False)
    """Of the features, in the order of the columns of ``features``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", names(self.basis.moment_names(), self.contexts))


def names(moments: Sequence[str], contexts: Mapping[str, ContextTable]) -> tuple[str, ...]:
    """Return the name of each feature, in the order of the columns of ``features``.

    Args:
        moments: what a moment is told by, see ``models.basis.moment_names``.
        contexts: tables that are looked up.
    """
    levels = [f"{level}.{part}" for level in LEVELS for part in PER_LEVEL]
    shares = [f"share{days}" for days in SPANS]
    lifts = [f"lift.{name}" for name in moments]
    return (*levels, *OWN, *shares, *lifts, *SOURCES, *(f"{t}.{f}" for t, f in context_fields(contexts)))


def context_fields(contexts: Mapping[str, ContextTable]) -> list[tuple[str, str]]:
    """Return the (table, field) pairs that are features: fields of tables by product."""
    return [
        (name, f)
        for name, table in sorted(contexts.items())
        if table.by_product
        for f in (*table.columns,) or (LISTED,)
    ]


def features(world: World, context: Context, rows: Ints, user_id: str | None = None) -> Floats:
    """Return (n_rows, n_features) for products ``rows``, columns as ``world.names`` says; text fields of tables as codes."""
    out = np.full((len(world.names), len(rows)), np.nan, np.float32)
    column = {name: out[place] for place, name in enumerate(world.names)}
    visits = visits_of(context)
    column["gap"][:] = gaps_of(world.models, rows)
    if visits is not None:
        _of_history(column, world.basis, visits, rows)
    _of_product(column, world.basis, rows)
    _of_moment(column, world, context, rows, user_id)
    _of_models(column, world, context, rows)
    for name, table in world.contexts.items():
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
    column["user_gap"][:] = (visits.order_age[0] - visits.order_age[-1]) / max(n_orders - 1, 1)
    column["user_here"][:] = visits.here.mean()
    by_level = {"product": None, "kind": basis.kind_, "category": basis.category_, "make": basis.make_}
    for level, codes in by_level.items():
        bought = visits.history.product if codes is None else codes[visits.history.product]
        counted = tally(visits, bought)
        for part in PER_LEVEL[:4]:
            column[f"{level}.{part}"][:] = 0
        if counted is None:
            continue
        hit, at = counted.find(rows if codes is None else codes[rows])
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
    of, order = np.divmod(counted.cells, n_orders)
    column["in_last3"][hit] = np.bincount(of[order >= n_orders - 3], minlength=n)[at]
    column["here"][hit] = (np.bincount(of, visits.here[order], n) / counted.orders)[at]
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
    shares = values_at(basis.shares_, rows, 0)
    for number, days in enumerate(SPANS):
        column[f"share{days}"][:] = shares[:, number]
    column["rise"][:] = (shares[:, 0] + 1e-5) / (shares[:, 2] + 1e-5)
    column["log_price"][:] = basis.price_[rows]
    column["price_now"][:] = basis.price_now_[rows]
    column["buyers"][:] = values_at(basis.buyers_, rows, 0)
    column["again"][:] = values_at(basis.again_, rows, 0)
    column["newcomers30"][:], column["newcomers90"][:] = values_at(basis.newcomers_, rows, 0).T


def _of_moment(
    column: dict[str, Floats], world: World, context: Context, rows: Ints, user_id: str | None
) -> None:
    basis = world.basis
    facts = moment_facts(world.contexts, context, user_id)
    told = replace(context, fields={**context.fields, **facts}) if facts else context
    for name, value in zip(basis.moment_names(), basis.moment_values(told, world.zone).tolist(), strict=True):
        if value != UNKNOWN:
            column[f"lift.{name}"][:] = basis.moments.lift(value, rows)
    people = basis.people_values(context.user)
    if len(people):
        column["people_lift"][:] = sum(basis.people.lift(value, rows) for value in people.tolist())
    if context.page != UNKNOWN:
        column["price_to_page"][:] = basis.price_[rows] - basis.price_[context.page]
        column["same_kind"][:] = basis.kind_[rows] == basis.kind_[context.page]
        column["same_category"][:] = basis.category_[rows] == basis.category_[context.page]


def _of_models(column: dict[str, Floats], world: World, context: Context, rows: Ints) -> None:
    for name in SOURCES:
        if name in world.models:
            column[name][:] = world.models[name].score(context, rows)
    usual, year = values_at(world.basis.shares_, rows, 0)[:, [1, 3]].T
    shares, column["store_since"][:] = world.basis.stores.look(context.store, rows)
    column["store10"][:], column["store45"][:] = shares.T
    column["store_lift"][:] = (shares[:, 1] + 1e-4) / (usual + 1e-4)
    if context.page != UNKNOWN:
        column["page_lift"][:] = column["bought-together"] / (year + 1e-4)
