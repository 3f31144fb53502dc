"""Fit every model, and lay out what an artifact holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import joblib
import numpy as np

from models.artifact import Manifest
from models.base import Fitting, Model
from models.basis import Basis, moment_names
from models.columns import column_arrays
from models.features import names
from models.histories import Histories
from models.ranker import Ranker
from models.schema import Arrays, Ints
from models.settings_of import settings_of
from models.shop import Shop
from models.signals import Signals
from models.sources import new_models
from models.stock import Stock
from training.engines.engine import engine_of
from training.progress import Progress
from training.read.shop_data import ShopData
from training.threads import limited

FEW = 1_000
"""Purchase lines up to which views, carts and clicks are needed to learn at all."""
NO_START: Mapping[str, Arrays] = {}


@dataclass(frozen=True, slots=True)
class Trained:
    """Everything that training learned."""

    models: Mapping[str, Model]
    """By source."""
    rankers: Mapping[str, Ranker] = field(default_factory=dict)
    basis: Basis | None = None
    """What the rankers' features stand on; None without rankers."""


def before(data: ShopData, moment: int) -> ShopData:
    """Return ``data`` with the purchases strictly before ``moment`` only."""
    return replace(data, purchases=data.purchases.where(data.purchases.time < moment))


def fit_models(
    data: ShopData, until: int, shop: Shop, seed: int, progress: Progress, start: Mapping[str, Arrays] = NO_START,
    asked: Ints | None = None,
) -> dict[str, Model]:  # fmt: skip
    """Return every model fitted on ``data``, by source name; ``start`` and ``asked``: see ``models.base.Fitting``.

    The number of threads is set, not found: sums of another number of parts differ in their last bits.
    """
    counting = engine_of(shop).statistics()
    bundle = replace(fitting(data, until, shop, seed), start=start, statistics=counting, asked=asked)
    models = new_models(shop.models)
    threads = shop.training.threads or joblib.cpu_count()
    with limited(threads), progress.step("fitting models", total=len(models)) as bar:
        for model in models.values():
            model.fit(bundle)
            bar.update(1)
    return models


def fit_basis(data: ShopData, until: int, shop: Shop, seed: int) -> Basis:
    """Return what the rankers' features know of products and moments."""
    return Basis().fit(fitting(data, until, shop, seed))


def feature_names(data: ShopData) -> tuple[str, ...]:
    """Return the names of the features that rankers of ``data`` read: those of ``models.features.World``."""
    return names(moment_names(data.purchases.moment), data.contexts)


def fitting(data: ShopData, until: int, shop: Shop, seed: int) -> Fitting:
    """Return what models may learn from, where ``data`` holds no purchase of ``until`` or later; signals are cut here."""
    threads = shop.training.threads
    heavy = shop.training.heavy_shoppers
    signals = trusted(data.signals.before(until), len(data.purchases))
    return Fitting(
        data.purchases, data.catalogue, until, seed, threads, data.user_columns, shop.zone, heavy, signals, data.vectors
    )


def trusted(signals: Signals, n_lines: int) -> Signals:
    """Return ``signals`` with more weight where little was bought yet: nothing else tells what belongs together.

    Without any of ``n_lines`` purchases the strongest kind counts as a purchase does, with ``FEW`` half of that more.
    """
    if not len(signals):
        return signals
    more = (1 / float(signals.weight.max()) - 1) * FEW / (FEW + n_lines)
    return replace(signals, weight=(signals.weight * (1 + more)).astype(np.float32))


def artifact_groups(data: ShopData, trained: Trained) -> dict[str, Arrays]:
    """Return everything that serving maps, by group of arrays."""
    histories = Histories.of(data.purchases)
    groups: dict[str, Arrays] = {
        "products": data.catalogue.arrays(),
        "ids/products": data.products.arrays(),
        "ids/users": data.users.arrays(),
        "ids/stores": data.stores.arrays(),
        "users": column_arrays(dict(data.user_columns)),
        "history": histories.arrays(),
        "history/fields": histories.field_arrays(),
    }
    if len(data.stock.product):
        told = data.stock
        groups["stock"] = Stock.of(
            told.product, told.store, told.quantity, len(data.products), len(data.stores)
        ).arrays()
    groups |= {f"context/{name}": table.arrays() for name, table in data.contexts.items()}
    if trained.basis is not None:
        groups["basis"] = trained.basis.arrays()
    groups |= {f"rankers/{name}": ranker.arrays() for name, ranker in trained.rankers.items()}
    return groups | {f"models/{name}": model.arrays() for name, model in trained.models.items()}


def manifest_of(
    shop: Shop, data: ShopData, trained: Trained, version: str, created: str, until: int, seed: int
) -> Manifest:
    """Return the manifest of a version, without metrics and digests yet."""
    return Manifest(
        version=version,
        shop=shop.name,
        created=created,
        until=until,
        seed=seed,
        data=without_rows(data.facts.plain()),
        config={
            "models": {name: settings_of(model) for name, model in trained.models.items()},
            "rankers": sorted(trained.rankers),
            "training": shop.training.model_dump(mode="json"),
            "evaluation": shop.evaluation.model_dump(mode="json"),
            "context": {name: table.settings() for name, table in data.contexts.items()},
        },
    )


def without_rows(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts without examples of rows: a manifest names no shopper."""
    tables = {name: {k: v for k, v in table.items() if k != "examples"} for name, table in facts["tables"].items()}
    return {**facts, "tables": tables}
