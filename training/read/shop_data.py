"""Read a shop: from the files that shop.toml names to arrays that models learn from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from models.catalogue import Catalogue
from models.columns import Column, column_arrays
from models.context_table import ContextTable
from models.ids import IdIndex
from models.moment_facts import line_facts
from models.schema import Arrays, Floats, Purchases
from models.shop import Shop
from models.signals import Signals
from training.engines.engine import Engine, engine_of
from training.progress import Progress
from training.read.attributes import columns_of, make_ids, stage_ids
from training.read.context import read_contexts
from training.read.engine import Session, open_session
from training.read.erased import forget_what_stays
from training.read.event_store import EventStore, open_store
from training.read.facts import Facts, TableFacts
from training.read.figures import figures
from training.read.formatted import expand
from training.read.kept import Kept
from training.read.live_orders import add_orders, no_lines
from training.read.mapping import PRODUCTS, STORES, USERS, plan
from training.read.purchases import purchases_of
from training.read.rejects import finish, open_rejects
from training.read.signals import add_signals, no_signals, settle_signals, signals_of
from training.read.stage import Staged
from training.read.stock import Stock, read_stock, stage_stock
from training.read.vectors import vectors_of


@dataclass(frozen=True, slots=True)
class ShopData:
    """Everything that a shop's files say, validated, in inside rows."""

    purchases: Purchases
    users: IdIndex
    """Those who bought and those whom the users table lists; sorted by id."""
    products: IdIndex
    """Those that are listed and kept, and those that were bought; sorted by id."""
    stores: IdIndex
    catalogue: Catalogue
    user_columns: Mapping[str, Column]
    """Attributes of users, (n_users,) rows each."""
    contexts: Mapping[str, ContextTable]
    stock: Stock
    facts: Facts
    signals: Signals = field(default_factory=Signals)
    """Views, carts and clicks; none where purchases have no times."""
    vectors: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """(n_products, n_dimensions), zeros for a product without one; no dimension where the shop gives none."""


def read_shop_data(
    shop: Shop,
    *,
    until: int | None,
    now: int,
    rejects: Path | None,
    progress: Progress,
    store: str | None = None,
    kept: Path | None = None,
) -> ShopData:
    """Return the data of ``shop``.

    Args:
        shop: the settings.
        until: Unix seconds; purchases at or after it are left out (context tables are not cut).
        now: Unix seconds on the shop's clock; what lies later is refused.
        rejects: where refused rows are written (.parquet or .csv), or None.
        progress: tells how far it is.
        store: URL of the service's store: who was erased or refused is not learned from, and its orders are, where
            shop.toml wants it. None: without.
        kept: folder of rows that were read and checked before; files that are new or changed are added, what is of no
            use any more is deleted. None: every file is read.

    Raises:
        DataError: a file cannot be read, a column is missing, or too many rows are refused.
        ConfigError: shop.toml asks for what does not exist.
    """
    with open_session(shop, now, progress, None if kept is None else Kept(kept)) as session:
        open_rejects(session)
        tables: dict[str, TableFacts] = {}
        opened = open_store(store)
        try:
            data = _read(session, until, tables, opened)
            if session.kept is not None:
                session.kept.clean()
            return data
        finally:
            if opened is not None:
                forget_what_stays(session, opened.shoppers())
            finish(session, tables.values(), rejects)


def _read(session: Session, until: int | None, tables: dict[str, TableFacts], store: EventStore | None) -> ShopData:
    no_signals(session)
    engine = engine_of(session.shop)
    staged = _stage_all(session, engine, until, tables, store)
    shoppers = None if store is None else store.shoppers()  # read last: who is erased meanwhile is left out too
    names = staged["products"].planned.roles if "products" in staged else ()
    engine.settle_lines(session, tables, names, shoppers)
    settle_signals(session, shoppers, until, tables["purchases"])
    users = make_ids(
        session, "user_ids", ["select user from lines", "select user_id from users", "select user from signals"]
    )
    products = make_ids(
        session,
        "product_ids",
        ["select product from lines", "select product_id from products", "select product from signals"],
    )
    stores = make_ids(session, "store_ids", ["select store from lines", "select store_id from stores"])
    counts = (len(users), len(products), len(stores))
    purchases = purchases_of(session, tables["purchases"], counts, engine.sorted_lines)
    ids, user_ids, store_ids = IdIndex.of(products), IdIndex.of(users), IdIndex.of(stores)
    contexts = read_contexts(session, tables)
    purchases = replace(purchases, facts=line_facts(contexts, purchases, store_ids))
    columns = _columns(session, staged, "products", "product_id")
    listed = session.arrays("select i.row as row from product_ids i join products p on p.product_id = i.id")["row"]
    return ShopData(
        purchases,
        user_ids,
        ids,
        store_ids,
        Catalogue.of(ids, columns, _version([ids.arrays(), column_arrays(columns)])),
        _columns(session, staged, "users", "user_id"),
        contexts,
        read_stock(session, tables.get("stock")),
        figures(session.shop, purchases, tables, listed),
        signals_of(session),
        vectors_of(session, staged.get("products"), len(products)),
    )


def _stage_all(
    session: Session, engine: Engine, until: int | None, tables: dict[str, TableFacts], store: EventStore | None
) -> dict[str, Staged]:
    """Bring every table but the context tables into the engine; a table that the shop lacks is an empty one there."""
    data = session.shop.data
    if data.purchases is not None:
        tables["purchases"] = engine.stage_lines(session, data.purchases, until)
    else:
        tables["purchases"] = no_lines(session.shop.context.kinds)
    if data.events == "store":
        tables["events"] = add_orders(session, store, tables["purchases"], until)
        if "time" in tables["purchases"].mapping:
            add_signals(session, store)
    staged: dict[str, Staged] = {}
    for table, key, given, known in (
        ("products", "product_id", data.products, PRODUCTS),
        ("users", "user_id", data.users, USERS),
        ("stores", "store_id", data.stores, STORES),
    ):
        if given is None:
            session.con.execute(f"create temp table {table}({key} varchar)")
            session.con.execute(f"create temp table {table}_aside({key} varchar)")
            continue
        staged[table] = stage_ids(
            session,
            plan(f"data.{table}", expand(session, f"data.{table}", given), known, [key], closed=False),
            key,
            table,
        )
        tables[table] = staged[table].facts
    stocked = stage_stock(session)
    if stocked is not None:
        tables["stock"] = stocked
        if "store_id" in stocked.mapping:
            session.con.execute("insert into stores (store_id) select distinct store_id from stock")
    return staged


def _columns(session: Session, staged: dict[str, Staged], table: str, key: str) -> dict[str, Column]:
    return columns_of(session, staged[table], table, key, f"{table[:-1]}_ids") if table in staged else {}


def _version(parts: list[Arrays]) -> str:
    digest = hashlib.sha256()
    for arrays in parts:
        for name, values in sorted(arrays.items()):
            digest.update(name.encode() + values.tobytes())
    return digest.hexdigest()[:16]
