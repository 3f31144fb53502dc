"""The only feature code: what the ranker reads of a shopper, a product and a moment. Trained and served by this file.

Every feature is a number or NaN (not known); a feature of a shopper without history, of a request without a store, of a
product without a price is NaN, never a guess. Time enters as age before the request's own moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import numpy as np

from models.base import Model
from models.basis import KIND_SPANS, SPANS, Basis
from models.buy_again import BuyAgain
from models.compiled import kernels
from models.context_table import LISTED, ContextTable
from models.moment_facts import moment_facts
from models.schema import UNKNOWN, Context, Floats, Ints, Longs
from models.visits import Visits, visits_of

LEVELS = ("product", "kind", "category", "make", "brand")
"""What a shopper's history is counted by: the product, its finest kind, its category, its kind and brand, its brand."""
SOURCES = ("als", "ease", "user-neighbours", "store-popularity", "bought-together", "similar")
"""Models whose score is a feature."""
PER_LEVEL = ("rate20", "rate80", "rate300", "orders", "since", "cycle", "due")
OWN = (
    "share_since_first", "in_last", "in_last3", "quantity", "here", "of_kind", "price_to_own", "user_orders", "user_since",
    "user_size", "user_gap", "user_here", "log_price", "price_now", "price_to_page", "same_kind", "same_category", "buyers",
    "again", "newcomers30", "newcomers90", "gap", "rise", "store10", "store45", "store_since", "store_lift", "page_lift",
    "people_lift", "kind_part30", "kind_part90", "need", "need_here",
)  # fmt: skip

OF_PRODUCT = (
    *(f"share{days}" for days in SPANS), "rise", "newcomers30", "newcomers90", "buyers", "again", "log_price", "price_now",
    *(f"kind_part{days}" for days in KIND_SPANS),
)  # fmt: skip
"""In the order of ``models.kernels.products``."""
OF_HISTORY = len(LEVELS) * len(PER_LEVEL) + OWN.index("price_to_own") + 1
"""Features that ``models.kernels.history`` writes: the first ones."""


@dataclass(frozen=True, slots=True)
class World:
    """What features are made of, beside the request."""

    basis: Basis
    models: Mapping[str, Model]
    contexts: Mapping[str, ContextTable]
    zone: ZoneInfo
    names: tuple[str, ...] = field(init=False)
    """Of the features, in the order of the columns of ``features``."""
    places: Mapping[str, int] = field(init=False)
    """Name -> column."""
    of_product: Longs = field(init=False)
    """The columns of ``OF_PRODUCT``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", names(self.basis.moment_names(), self.contexts))
        object.__setattr__(self, "places", {name: place for place, name in enumerate(self.names)})
        object.__setattr__(self, "of_product", np.array([self.places[name] for name in OF_PRODUCT]))


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
    column = Columns(out, world.places)
    visits = visits_of(context)
    column["gap"][:] = gaps_of(world.models, rows)
    if visits is not None:
        _of_history(out, column, world.basis, visits, rows)
    _of_product(out, world.of_product, world.basis, rows)
    _of_moment(column, world, context, rows)
    _of_models(out, column, world, context, rows)
    for name, table in world.contexts.items():
        if table.by_product:
            for part, values in table.lookup(context.fields, context.at, rows, user_id).items():
                column[f"{name}.{part}"][:] = values
    return out.T


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one request by name."""

    out: Floats
    """(n_features, n_rows)"""
    places: Mapping[str, int]

    def __getitem__(self, name: str) -> Floats:
        """Return the (n_rows,) values of a feature."""
        column: Floats = self.out[self.places[name]]
        return column


def gaps_of(models: Mapping[str, Model], rows: Ints) -> Floats:
    """Return (n_rows,) the usual days between two purchases by one shopper; NaN without that model."""
    model = models.get("buy-again")
    return model.gaps(rows) if isinstance(model, BuyAgain) else np.full(len(rows), np.nan, np.float32)


def _of_history(out: Floats, column: Columns, basis: Basis, visits: Visits, rows: Ints) -> None:
    n_orders, past = len(visits.order_age), visits.history
    column["user_orders"][:] = np.log1p(n_orders)
    column["user_since"][:] = visits.order_age[-1]
    column["user_size"][:] = len(past) / n_orders
    column["user_gap"][:] = (visits.order_age[0] - visits.order_age[-1]) / max(n_orders - 1, 1)
    column["user_here"][:] = visits.here.mean()
    paid = np.where(np.isfinite(past.price) & (past.price > 0), past.price, np.nan)
    more = np.array([np.log1p(np.minimum(past.quantity, 50)), np.log(paid)], np.float64)
    kernels().history(
        past.product, rows, basis.kind_, basis.category_, basis.make_, basis.brand_, visits.order, visits.age,
        visits.order_age, visits.faded, visits.totals, visits.here, more, column["gap"], basis.price_, out[:OF_HISTORY],
    )  # fmt: skip


def _of_product(out: Floats, columns: Longs, basis: Basis, rows: Ints) -> None:
    kernels().products(
        rows,
        basis.shares_,
        basis.newcomers_,
        basis.buyers_,
        basis.again_,
        basis.price_,
        basis.price_now_,
        basis.of_kind_,
        columns,
        out,
    )


def _of_moment(column: Columns, world: World, context: Context, rows: Ints) -> None:
    basis = world.basis
    facts = moment_facts(world.contexts, context)
    told = replace(context, fields={**context.fields, **facts}) if facts else context
    values = basis.moment_values(told, world.zone)
    known = [name for name, value in zip(basis.moment_names(), values, strict=True) if value != UNKNOWN]
    for name, lifts in zip(known, basis.moments.lifts(values[values != UNKNOWN], rows), strict=True):
        column[f"lift.{name}"][:] = lifts
    people = basis.people_values(context.user)
    if len(people):
        column["people_lift"][:] = basis.people.lifts(people, rows).sum(axis=0)
    if context.page != UNKNOWN:
        column["price_to_page"][:] = basis.price_[rows] - basis.price_[context.page]
        column["same_kind"][:] = basis.kind_[rows] == basis.kind_[context.page]
        column["same_category"][:] = basis.category_[rows] == basis.category_[context.page]


def _of_models(out: Floats, column: Columns, world: World, context: Context, rows: Ints) -> None:
    for name in SOURCES:
        if name in world.models:
            column[name][:] = world.models[name].score(context, rows)
    first = world.places["store10"]
    world.basis.stores.look(context.store, rows, out[first : first + 3])
    column["store_lift"][:] = (column["store45"] + 1e-4) / (column["share30"] + 1e-4)
    column["need"][:] = column["kind.rate80"] * column["kind_part90"]
    column["need_here"][:] = column["need"] * column["store_lift"]
    if context.page != UNKNOWN:
        column["page_lift"][:] = column["bought-together"] / (column["share365"] + 1e-4)
