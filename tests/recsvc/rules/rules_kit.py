"""A small wine shop, and short ways to ask its rules."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.catalogue import Catalogue
from models.columns import number_column, tags_column, text_column
from models.ids import IdIndex
from models.schema import NO_ROWS, UNKNOWN, History, Ints
from recsvc.rules.arrange import Shelf, finish, settle
from recsvc.rules.bind import BoundRules, bind
from recsvc.rules.match import Active, select
from recsvc.rules.parse import parse, read
from recsvc.rules.pool import Arranged, Pool
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.situation import Shopper, Situation
from recsvc.rules.times import start_of

PRODUCTS: tuple[tuple[str, str | None, str | None, float | None, float | None, tuple[str, ...]], ...] = (
    # id, category, brand, price, cost, tags
    ("00501", "wine", "Antinori", 12.0, 6.0, ("bf-deal",)),
    ("00502", "wine", "Antinori", 20.0, 18.0, ()),
    ("00503", "wine", "Penfolds", 8.0, None, ("clearance",)),
    ("00504", "cheese", "Colston", 5.0, 2.0, ("bf-deal",)),
    ("00505", "cheese", "Colston", 7.0, 6.5, ()),
    ("00506", "bread", "Hovis", 2.0, 1.0, ("early-access",)),
    ("00507", "bread", "hovis", 3.0, 1.0, ()),
    ("00508", None, None, None, None, ()),
)
IDS = tuple(product[0] for product in PRODUCTS)
KINDS: dict[str, Any] = {
    "category": "text", "brand": "text", "price": "number", "cost": "number", "margin": "number", "tags": "tags",
}  # fmt: skip
SHOP = ShopFacts(
    carousels={"for-you": 8, "trending": 4, "similar-items": 6},
    columns=KINDS,
    user_columns={"tier": "text", "age": "number"},
    context_fields={"loyalty_app": "categorical", "temperature": "numeric"},
    product_ids=set(IDS).__contains__,
    zone="Europe/London",
    lists=lambda name: {"vip.csv": frozenset({"u1", "v9"})}[name],
)
NOW = start_of("2026-10-14 12:00", "Europe/London")
"""A Wednesday."""


def catalogue() -> Catalogue:
    columns = {
        "category": text_column([one[1] for one in PRODUCTS]),
        "brand": text_column([one[2] for one in PRODUCTS]),
        "price": number_column([one[3] for one in PRODUCTS]),
        "cost": number_column([one[4] for one in PRODUCTS]),
        "tags": tags_column([one[5] for one in PRODUCTS]),
    }
    return Catalogue.of(IdIndex.of(IDS), columns, "c1")


CATALOGUE = catalogue()


def row(product: str) -> int:
    return IDS.index(product)


def rules(*lines: str, head: str = "") -> str:
    """Return a file; each of ``lines`` is one rule in flow style, its id added where it has none."""
    body = "".join(
        f"  - {{{one if 'id:' in one else f'id: r{number}, {one}'}}}\n" for number, one in enumerate(lines, 1)
    )
    return f"version: 1\n{head}rules:\n{body}"


def bound(*lines: str, head: str = "") -> BoundRules:
    return bind(parse(rules(*lines, head=head), SHOP), CATALOGUE)


def history(*lines: tuple[str, float] | tuple[str, float, int], now: int = NOW) -> History:
    """Return purchases of (product, days ago, order number)."""
    ordered = sorted(lines, key=lambda line: -line[1])
    rows = np.array([row(line[0]) for line in ordered], np.int32)
    times = np.array([now - round(line[1] * 86_400) for line in ordered], np.int64)
    orders = np.array([line[2] if len(line) > 2 else number for number, line in enumerate(ordered)], np.int32)
    prices = np.array([PRODUCTS[one][3] or np.nan for one in rows], np.float32)
    return History(rows, times, orders, np.ones(len(rows), np.float32), prices, np.full(len(rows), -1, np.int32))


def situation(
    carousel: str = "for-you",
    now: int = NOW,
    page: str | None = None,
    cart: Sequence[str] = (),
    fields: Mapping[str, str | float | None] | None = None,
    stock: Any = None,
    **shopper: Any,
) -> Situation:
    return Situation(
        now=now,
        carousel=carousel,
        page=row(page) if page else UNKNOWN,
        cart=np.array([row(one) for one in cart], np.int32),
        fields=fields or {},
        shopper=Shopper(**shopper),
        stock=stock,
    )


def active_ids(some: BoundRules, **asked: Any) -> list[str]:
    """Return the ids of the rules that hold."""
    return select(some, situation(**asked)).ids()


def pool(scores: Mapping[str, float] | None = None, extra: Mapping[str, float] | None = None) -> Pool:
    """Return candidates with scores (default: all products, the first the best), and ``extra`` for pins alone."""
    organic = dict(scores) if scores is not None else {one: 0.9 - 0.1 * place for place, one in enumerate(IDS)}
    every = {**organic, **(extra or {})}
    rows = np.array([row(one) for one in every], np.int32)
    return Pool(rows, np.array(list(every.values())), np.array([one in organic for one in every], np.bool_))


def bars_of(**barred: int) -> Any:
    """Return system exclusions by product, written ``p00501=PURCHASED``."""
    codes = np.zeros(len(IDS), np.uint8)
    for product, bits in barred.items():
        codes[row(product[1:])] = bits
    return lambda rows: codes[rows]


def shown(
    active: Active,
    candidates: Pool | None = None,
    size: int = 8,
    bars: Any = None,
    fallbacks: Sequence[tuple[str, Sequence[str]]] = (),
    *,
    taken: Sequence[int] = (),
    explain: bool = False,
    **more: Any,
) -> Arranged:
    lists = [(name, lambda ids=ids: np.array([row(one) for one in ids], np.int32)) for name, ids in fallbacks]
    shelf = Shelf(active, candidates or pool(), size, more.pop("ends", size), bars or bars_of(), lists, **more)
    return alone(shelf, np.array(list(taken), np.int32), explain=explain)


def alone(shelf: Shelf, taken: Ints = NO_ROWS, *, explain: bool = False) -> Arranged:
    """Return one carousel beside others that have ``taken`` some products."""
    return finish(settle(shelf, taken), taken, explain=explain)


def ids(arranged: Arranged) -> list[str]:
    """Return the products shown, without their leading 0050."""
    return [IDS[one][-1] for one in arranged.rows.tolist()]


def shown_by(*lines: str, head: str = "", asked: Mapping[str, Any] | None = None, **more: Any) -> list[str]:
    """Return the products that a carousel shows under rules."""
    return ids(arranged_by(*lines, head=head, asked=asked, **more))


def arranged_by(*lines: str, head: str = "", asked: Mapping[str, Any] | None = None, **more: Any) -> Arranged:
    return shown(select(bound(*lines, head=head), situation(**(asked or {}))), **more)


def faults(text: bytes | str, shop: ShopFacts = SHOP) -> list[str]:
    """Return the faults of a file as text."""
    return [str(fault) for fault in read(text, shop).faults]
