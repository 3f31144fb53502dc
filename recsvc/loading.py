"""From a version's folder to a snapshot that answers: arrays are mapped, models take them over, nothing is copied."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.artifact import Artifact, open_artifact
from models.base import Model
from models.basis import Basis
from models.catalogue import Catalogue
from models.columns import load_columns
from models.context_table import ContextTable
from models.errors import ArtifactError
from models.features import World
from models.histories import Histories
from models.ids import IdIndex
from models.ranker import Ranker
from models.settings_of import with_settings
from models.shop import Shop
from models.sources import MODELS
from models.stock import Stock
from recsvc.carousel import Engine
from recsvc.prepared import prepare
from recsvc.rules.bind import bind
from recsvc.rules.rest import Rest
from recsvc.rules.schema import NO_RULES, RuleSet
from recsvc.snapshot import Snapshot
from recsvc.untrained import untrained


def load_engine(
    shop: Shop, folder: Path | None, rules: RuleSet | None, clock: Callable[[], int], rest: Rest | None = None
) -> Engine:
    """Return the engine of a trained version under the rules.

    Args:
        shop: the settings.
        folder: of the version; None = nothing is trained yet, and there is only what the back office tells.
        rules: what the rules file says, or None.
        clock: the shop's clock, Unix seconds.
        rest: see ``open_artifact``.

    Raises:
        ArtifactError: the version is broken, was changed, or belongs to another shop.
    """
    snapshot = untrained(shop, clock) if folder is None else _mapped(shop, open_artifact(folder, rest=rest), clock)
    return Engine(snapshot.under(bind(rules or NO_RULES, snapshot.catalogue), rules.hash if rules else None))


def _mapped(shop: Shop, artifact: Artifact, clock: Callable[[], int]) -> Snapshot:
    manifest = artifact.manifest
    if manifest.shop != shop.name:
        raise ArtifactError(
            f"{artifact.folder}: was trained for {manifest.shop!r}, not for {shop.name!r}; take another folder"
        )
    shop = shop.with_blends(manifest.config.get("blends", {}))
    catalogue = Catalogue.load(
        IdIndex.load(artifact.group("ids/products")), artifact.group("products"), manifest.version
    )
    tables = manifest.config.get("context", {})
    contexts = {name: ContextTable.load(artifact.group(f"context/{name}"), tables[name]) for name in tables}
    models, trained = _models(artifact, manifest.config.get("models", {})), manifest.config.get("rankers", ())
    world = World(Basis().load(artifact.group("basis")), models, contexts, shop.zone) if trained else None
    rankers = {name: Ranker.load(artifact.group(f"rankers/{name}"), world.names) for name in trained if world}
    return Snapshot(
        shop=shop,
        clock=clock,
        version=manifest.version,
        catalogue=catalogue,
        users=IdIndex.load(artifact.group("ids/users")),
        stores=IdIndex.load(artifact.group("ids/stores")),
        histories=Histories.load(artifact.group("history"), artifact.group("history/fields")),
        user_columns=load_columns(artifact.group("users")),
        models=models,
        rules=bind(NO_RULES, catalogue),
        rules_hash=None,
        stock=Stock.load(artifact.group("stock")),
        contexts=contexts,
        rankers=rankers,
        world=world,
        until=manifest.until,
        prepared=prepare(models, shop.carousels, clock()),
    )


def _models(artifact: Artifact, settings: dict[str, Any]) -> dict[str, Model]:
    kinds = {kind.source: kind for kind in MODELS}
    if strange := [name for name in settings if name not in kinds]:
        raise ArtifactError(f"{artifact.folder}: no model {strange[0]!r} in this recsvc; train again")
    return {
        name: with_settings(kinds[name], values).load(artifact.group(f"models/{name}"))
        for name, values in settings.items()
    }
