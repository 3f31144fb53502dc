"""News to a new snapshot: the catalogue, then the stock, then what stands on them. Read ``tell`` top to bottom."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from models.base import Model
from models.beyond import Follows, Live
from models.catalogue import Catalogue
from models.features import World
from models.schema import NO_ROWS, Longs
from models.shop import Shop
from models.stock import Stock
from recsvc.overlay.catalogue import with_products
from recsvc.overlay.stock import LiveStock, with_pieces
from recsvc.overlay.told import News, Pieces, Product
from recsvc.rules.bind import bind
from recsvc.rules.rebind import rebind
from recsvc.snapshot import Snapshot


def tell(snapshot: Snapshot, news: News, told: int) -> Snapshot:
    """Return ``snapshot`` with ``news`` laid over it; the given one stays as it is, and shares what did not change.

    Args:
        snapshot: the trained version, or what was told over it before.
        news: the last row of each product; of a product whose stock changed, all of its rows.
        told: the change in the store's feed up to which these are the news.
    """
    trained = snapshot.trained or snapshot
    out = replace(snapshot, trained=trained, told=told)
    if news.products:
        out = _with_products(out, trained, {one.product_id: one for one in news.products})
    return _with_pieces(out, trained, news.pieces) if news.pieces else out


def forget(snapshot: Snapshot) -> Snapshot:
    """Return the trained version under the same rules, without anything that was told."""
    if snapshot.trained is None:
        return snapshot
    rules = bind(snapshot.rules.ruleset, snapshot.trained.catalogue, snapshot.trained.rules)
    return snapshot.trained.under(rules, snapshot.rules_hash)


def _with_products(snapshot: Snapshot, trained: Snapshot, products: Mapping[str, Product]) -> Snapshot:
    before, told = snapshot.catalogue, list(products.values())
    catalogue, change = with_products(
        before,
        trained.catalogue,
        told,
        _next_version(before, trained),
        own_margin=gives_margin(snapshot.shop),
        untrained=snapshot.version is None,
    )
    if catalogue is before:
        return snapshot
    since = np.concatenate([snapshot.since, _since(snapshot, catalogue, products)])
    models, world = _following(trained, Live(trained.catalogue, catalogue, since))
    rules = rebind(snapshot.rules, catalogue, change)
    return replace(snapshot, catalogue=catalogue, since=since, models=models, world=world, rules=rules)


def _since(before: Snapshot, catalogue: Catalogue, products: Mapping[str, Product]) -> Longs:
    """Return since when each new product was told of, in the order of their rows; by no clock that is ahead of ours."""
    now, new = before.clock(), range(len(before.catalogue), len(catalogue))
    return np.array([min(products[catalogue.ids.id(row)].since, now) for row in new], np.int64)


def _next_version(before: Catalogue, trained: Snapshot) -> str:
    number = before.version.removeprefix(trained.catalogue.version).lstrip("+") or "0"
    return f"{trained.catalogue.version}+{int(number) + 1}"


def _following(trained: Snapshot, live: Live) -> tuple[Mapping[str, Model], World | None]:
    """Return the trained models and features with the live catalogue; a model under two names follows once."""
    once = {id(one): one.follow(live) if isinstance(one, Follows) else one for one in trained.models.values()}
    models: dict[str, Model] = {name: once[id(one)] for name, one in trained.models.items()}
    if trained.world is None:
        return models, None
    return models, World(trained.world.basis.follow(live), models, trained.contexts, trained.shop.zone)


def _with_pieces(snapshot: Snapshot, trained: Snapshot, pieces: Sequence[Pieces]) -> Snapshot:
    stock = snapshot.stock
    if not isinstance(stock, LiveStock):
        known = stock or Stock.of(NO_ROWS, NO_ROWS, np.empty(0), len(trained.catalogue), len(trained.stores))
        stock = LiveStock(known, snapshot.stores)
    stock = with_pieces(stock, snapshot.catalogue.ids, pieces)
    return replace(snapshot, stock=stock, stores=stock.stores)


def gives_margin(shop: Shop) -> bool:
    """Return whether the shop gives ``margin`` itself; else it follows price and cost."""
    table = shop.data.products
    return table is not None and "margin" in {*table.columns, *table.attributes, *table.derive}
