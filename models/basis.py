"""What training knows of products and moments beside the models: the ground that the ranker's features stand on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from models.base import Fitting
from models.beyond import Live, live_codes
from models.buckets import Buckets, columns_buckets
from models.columns import NumberColumn, TextColumn
from models.distinct import distinct, first_places
from models.kinds import kind_codes
from models.lifts import Lifts
from models.robust import line_weights
from models.schema import DAY, UNKNOWN, Arrays, Context, Doubles, Floats, Ints, Longs, taken
from models.store_sales import StoreSales

SPANS = (7, 30, 90, 365)
"""Days over which a product's share of orders is taken."""
KIND_SPANS = (30, 90)
"""Those of ``SPANS`` over which a product's share of its kind is taken."""
NEW_SPANS = (30, 90)
"""Days over which first purchases by shopper are counted."""
CLOCK = {"weekday": 7, "daypart": 6, "month": 12}
"""Fields that every moment has, and how many values each takes."""


@dataclass
class Basis:
    """Shares of orders, buyers, kinds, prices by product; sales by store; lifts by moment and by kind of shopper."""

    shares_: Floats = field(default_factory=lambda: np.empty((0, len(SPANS)), np.float32))
    """(n_products, n_spans) share of the orders of the last 7, 30, 90, 365 days."""
    of_kind_: Floats = field(default_factory=lambda: np.empty((0, len(KIND_SPANS)), np.float32))
    """(n_products, n_kind_spans) share of the orders of its kind that were of the product; NaN without a kind, or sales of it."""
    newcomers_: Floats = field(default_factory=lambda: np.empty((0, len(NEW_SPANS)), np.float32))
    """(n_products, n_new_spans) share of all first purchases (of a product by a shopper) of the last 30, 90 days."""
    buyers_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) log(1 + shoppers who bought it)."""
    again_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) orders by shopper who bought it."""
    price_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) log of the price; NaN where unknown."""
    price_now_: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """(n_products,) log of the mean price paid in the last 14 days over the price; NaN where unknown."""
    kind_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    category_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    make_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """(n_products,) code of kind and brand together; ``UNKNOWN`` where either is."""
    brand_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """(n_products,) code of the brand, over all kinds."""
    stores: StoreSales = field(default_factory=StoreSales)
    moments: Lifts = field(default_factory=Lifts)
    people: Lifts = field(default_factory=Lifts)
    fields: tuple[Buckets, ...] = ()
    """Fields of requests that purchases tell of, and facts of their moments, in the order of their values behind ``CLOCK``."""
    of_user_: Ints = field(default_factory=lambda: np.empty((0, 0), np.int32))
    """(n_users, n_attributes) value of ``people``, or ``UNKNOWN``."""

    def fit(self, data: Fitting) -> Self:
        """Learn from purchases and the catalogue."""
        lines, n = data.purchases, data.purchases.n_products
        cells = first_places(lines.order.astype(np.int64) * max(n, 1) + lines.product)
        weight = line_weights(data)
        late = (cells[lines.time[cells] >= data.until - days * DAY] for days in SPANS)
        self.shares_ = np.stack([_share(lines.order[c], lines.product[c], weight[c], n) for c in late], 1)
        self._buyers(data, cells, weight)
        self._catalogue(data, weight)
        shares = self.shares_[:, [SPANS.index(days) for days in KIND_SPANS]]
        self.of_kind_ = np.stack([_of_kind(one, self.kind_) for one in shares.T], 1)
        self.stores = StoreSales().fit(data, cells)
        self._moments(data, cells, weight)
        self._people(data, cells, weight)
        return self

    def of_share(self, share: float) -> Self:
        """Return self with counts as the whole shop would have them, where a ``share`` of its purchases was learned from."""
        if share < 1:
            self.buyers_ = np.log1p(np.expm1(self.buyers_) / share).astype(np.float32)
        return self

    def _buyers(self, data: Fitting, cells: Longs, weight: Doubles) -> None:
        lines, n = data.purchases, data.purchases.n_products
        first = first_places((lines.user + np.int64(1)) * max(n, 1) + lines.product)
        first = first[lines.user[first] != UNKNOWN]
        product = lines.product[first]
        buyers = np.bincount(product, minlength=n)
        self.buyers_ = np.log1p(buyers).astype(np.float32)
        self.again_ = (np.bincount(lines.product[cells], weight[cells], n) / np.maximum(buyers, 1)).astype(np.float32)
        age = (data.until - lines.time[first]) / DAY  # lines of a user lie oldest first
        tried = weight[first]
        late = [np.bincount(product[age <= days], tried[age <= days], n) for days in NEW_SPANS]
        self.newcomers_ = np.stack([count / (count.sum() or 1) for count in late], 1).astype(np.float32)

    def _catalogue(self, data: Fitting, weight: Doubles) -> None:
        n, columns, lines = data.purchases.n_products, data.catalogue.columns, data.purchases
        price = columns.get("price")
        values = price.values if isinstance(price, NumberColumn) else np.full(n, np.nan)
        self.price_ = np.log(np.where(values > 0, values, np.nan)).astype(np.float32)
        now = np.flatnonzero((data.until - lines.time <= 14 * DAY) & (lines.price > 0))
        count = np.bincount(lines.product[now], weight[now], n)
        paid = np.bincount(lines.product[now], np.log(lines.price[now]) * weight[now], n) / np.where(
            count > 0, count, 1
        )
        self.price_now_ = np.where(count > 0, paid - self.price_, np.nan).astype(np.float32)
        category, brand = columns.get("category"), columns.get("brand")
        self.category_ = category.codes if isinstance(category, TextColumn) else np.full(n, UNKNOWN, np.int32)
        self.kind_ = kind_codes(data)[0]
        if isinstance(brand, TextColumn):
            both = self.kind_ * len(brand.vocabulary) + brand.codes
            self.make_ = np.where((self.kind_ == UNKNOWN) | (brand.codes == UNKNOWN), UNKNOWN, both).astype(np.int32)
        else:
            self.make_ = np.full(n, UNKNOWN, np.int32)
        self.brand_ = brand.codes if isinstance(brand, TextColumn) else np.full(n, UNKNOWN, np.int32)

    def _moments(self, data: Fitting, cells: Longs, weight: Doubles) -> None:
        lines = data.purchases
        self.fields = columns_buckets(lines.moment)
        sizes = [*CLOCK.values(), *(len(one) for one in self.fields)]
        codes = chain(
            _clock_codes(lines.time[cells], data.zone), (b.codes(lines.moment[b.name])[cells] for b in self.fields)
        )
        values, order, product = _apart(codes, sizes), lines.order[cells], lines.product[cells]
        self.moments = Lifts().fit(values, sum(sizes), order, product, lines.n_products, weight[cells])

    def _people(self, data: Fitting, cells: Longs, weight: Doubles) -> None:
        lines, made = data.purchases, columns_buckets(data.users)
        codes = list(_apart((one.codes(data.users[one.name]) for one in made), [len(one) for one in made]))
        self.of_user_ = np.stack(codes, 1) if codes else np.empty((lines.n_users, 0), np.int32)
        named = cells[lines.user[cells] != UNKNOWN]
        users, order, product = lines.user[named], lines.order[named], lines.product[named]
        values = (column[users] for column in self.of_user_.T)
        n_values = sum(len(one) for one in made)
        self.people = Lifts().fit(values, n_values, order, product, lines.n_products, weight[named])

    def follow(self, live: Live) -> "Basis":
        """Return the ground under the live catalogue: new products by what is said of them, and prices as they are now.

        ``price_`` stays the usual price, the one of the training; a price that moved is what is paid now.
        """
        columns, n_new = live.catalogue.columns, len(live.new_rows)
        kind, category = live_codes(self.kind_, live), live_codes(self.category_, live)
        price = columns.get("price")
        values = price.values if isinstance(price, NumberColumn) else np.full(len(live.catalogue), np.nan)
        fresh = values[len(live.trained) :]
        usual = np.concatenate([self.price_, np.log(np.where(fresh > 0, fresh, np.nan)).astype(np.float32)])
        return replace(
            self,
            price_=usual if n_new else self.price_,
            price_now_=_paid_now(self.price_now_, self.price_, live, values),
            kind_=kind,
            category_=category,
            make_=self.make_ if kind is self.kind_ else _makes(self.make_, kind, live),
            brand_=_brands(self.brand_, live),
        )

    def moment_values(self, context: Context, zone: ZoneInfo) -> Ints:
        """Return the value of ``moments`` for weekday, part of the day, month and each field; ``UNKNOWN`` where none."""
        local = datetime.fromtimestamp(context.at, zone)
        codes = [local.weekday(), local.hour // 4, local.month - 1] if context.at else [UNKNOWN] * len(CLOCK)
        codes += [one.code(context.fields.get(one.name)) for one in self.fields]
        starts = np.cumsum([0, *CLOCK.values(), *(len(one) for one in self.fields)])[:-1]
        return np.array(
            [UNKNOWN if code == UNKNOWN else start + code for code, start in zip(codes, starts, strict=True)]
        )

    def moment_names(self) -> tuple[str, ...]:
        """Return the name of each value that ``moment_values`` gives."""
        return moment_names(one.name for one in self.fields)

    def people_values(self, user: int) -> Ints:
        """Return the values of ``people`` that a user has."""
        values = self.of_user_[user] if 0 <= user < len(self.of_user_) else self.of_user_[:0].ravel()
        known: Ints = values[values != UNKNOWN]
        return known

    def arrays(self) -> Arrays:
        """Return the learned arrays."""
        own: dict[str, npt.NDArray[Any]] = {name: getattr(self, f"{name}_") for name in PARTS}
        own |= {**self.stores.arrays("stores"), **self.moments.arrays("moments"), **self.people.arrays("people")}
        for one in self.fields:
            own |= {f"fields.{one.name}.{part}": array for part, array in one.arrays().items()}
        return own

    def load(self, arrays: Arrays) -> Self:
        """Take the learned arrays over."""
        for name, array in taken(arrays, PARTS).items():
            setattr(self, f"{name}_", array)
        self.stores = StoreSales.load(arrays, "stores")
        self.moments, self.people = Lifts.load(arrays, "moments"), Lifts.load(arrays, "people")
        named = sorted({name.split(".")[1] for name in arrays if name.startswith("fields.")})
        self.fields = tuple(
            Buckets.load(
                one, {k.removeprefix(f"fields.{one}."): v for k, v in arrays.items() if k.startswith(f"fields.{one}.")}
            )
            for one in named
        )
        return self


PARTS: Mapping[str, type[np.generic]] = {
    "shares": np.float32, "of_kind": np.float32, "newcomers": np.float32, "buyers": np.float32, "again": np.float32, "price": np.float32,
    "price_now": np.float32, "kind": np.int32, "category": np.int32, "make": np.int32, "brand": np.int32, "of_user": np.int32,
}  # fmt: skip


def moment_names(fields: Iterable[str]) -> tuple[str, ...]:
    """Return what a moment is told by: the clock, and the fields that purchases tell of."""
    return (*CLOCK, *sorted(fields))


def _paid_now(trained: Floats, usual: Floats, live: Live, values: Doubles) -> Floats:
    """Return (n_live,) log of what is paid now over the usual price; of products whose price did not move, as trained."""
    then, n = live.trained.columns.get("price"), len(live.trained)
    out = np.concatenate([trained, np.full(len(values) - n, np.nan, np.float32)])
    if isinstance(then, NumberColumn):
        moved = np.flatnonzero((values[:n] != then.values) & ~(np.isnan(values[:n]) & np.isnan(then.values)))
        paid = np.where(values[moved] > 0, values[moved], np.nan)
        out[moved] = np.log(paid) - usual[moved]
    return out


def _makes(trained: Ints, kind: Ints, live: Live) -> Ints:
    """Return (n_live,) codes of kind and brand, for new products too; ``UNKNOWN`` where training knew the brand not."""
    now, then = (one.columns.get("brand") for one in (live.catalogue, live.trained))
    if not isinstance(now, TextColumn) or not isinstance(then, TextColumn):
        return np.concatenate([trained, np.full(len(live.new_rows), UNKNOWN, np.int32)])
    known = (kind != UNKNOWN) & (now.codes != UNKNOWN) & (now.codes < len(then.vocabulary))
    return np.where(known, kind * len(then.vocabulary) + now.codes, UNKNOWN).astype(np.int32)


def _brands(trained: Ints, live: Live) -> Ints:
    """Return (n_live,) codes of brands, for new products too; ``UNKNOWN`` where training knew the brand not."""
    now, then = (one.columns.get("brand") for one in (live.catalogue, live.trained))
    if not isinstance(now, TextColumn) or not isinstance(then, TextColumn):
        return np.concatenate([trained, np.full(len(live.new_rows), UNKNOWN, np.int32)])
    return np.where(now.codes < len(then.vocabulary), now.codes, UNKNOWN).astype(np.int32)


def _share(order: Ints, product: Ints, weight: Doubles, n: int) -> Floats:
    orders = weight[first_places(order)].sum() or 1.0
    return (np.bincount(product, weight, n) / orders).astype(np.float32)


def _of_kind(share: Floats, kind: Ints) -> Floats:
    """Return (n_products,) each product's part of the shares of its kind."""
    known = kind != UNKNOWN
    every = np.bincount(kind[known], share[known], int(kind.max(initial=0)) + 1)
    whole = np.where(known, every[kind], 0)
    part: Floats = (share / np.where(whole > 0, whole, np.nan)).astype(np.float32)
    return part


def _clock_codes(time: Longs, zone: ZoneInfo) -> Iterator[Ints]:
    """Yield weekday, part of the day and month of each moment; all ``UNKNOWN`` in a shop without times."""
    hours = distinct(time // 3600)
    if not hours.any():
        yield from (np.full(len(time), UNKNOWN, np.int32) for _ in CLOCK)
        return
    local = [datetime.fromtimestamp(hour * 3600, zone) for hour in hours.tolist()]
    table = np.zeros((len(CLOCK), int(hours[-1] - hours[0]) + 1), np.int32)
    table[:, hours - hours[0]] = np.array([(one.weekday(), one.hour // 4, one.month - 1) for one in local]).T
    places = (time // 3600 - hours[0]).astype(np.int32)
    yield from (codes[places] for codes in table)


def _apart(codes: Iterable[Ints], sizes: Iterable[int]) -> Iterator[Ints]:
    """Yield the codes of each field made distinct over all fields, one field at a time: each is as long as all lines."""
    start = np.int32(0)
    for code, size in zip(codes, sizes, strict=True):
        yield np.where(code == UNKNOWN, np.int32(UNKNOWN), code + start)
        start += np.int32(size)
