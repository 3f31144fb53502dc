"""What a report is about: a trained version, and its shop's data as that version saw it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.artifact import Artifact, Manifest, open_artifact
from models.basis import Basis
from models.context_table import ContextTable
from models.errors import ArtifactError, NoArtifactError
from models.features import World
from models.model_settings import checked_settings
from models.ranker import Ranker
from models.registry import Registry
from models.settings_of import with_settings
from models.shop import Evaluation, Shop, Training
from models.sources import MODELS
from training.compare import own_version
from training.fit import feature_names, fit_basis
from training.held_out import suited
from training.pipeline import Options, end_of, read
from training.progress import Progress
from training.read.facts import AFTER
from training.read.shop_data import ShopData

MACHINE = {"threads", "read_memory_gb"}
"""Settings of a training that are the machine's, and change nothing of what is learned."""
CHANGED = (
    "The files do not say any more what they said when this version was trained: figures of its rankers may be off. "
    "Train again for a report of what there is now."
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A version, and everything that is needed to fit it once more without the days that it is judged by."""

    manifest: Manifest
    shop: Shop
    """With the version's own settings of models, blends, training and evaluation."""
    data: ShopData
    until: int
    """Unix seconds: the moment that it was trained for."""
    rankers: dict[str, Ranker]
    """Learned from what lies before the held-out days, so they may be judged by these."""
    notes: tuple[str, ...]


def subject_of(shop: Shop, folder: Path, options: Options, progress: Progress) -> Subject:
    """Return the version in ``folder``.

    Raises:
        ArtifactError: it is another shop's, is broken, or its rankers read other features than this recsvc makes.
        DataError: the data cannot be used.
    """
    artifact = open_artifact(folder)
    manifest = own_version(artifact.manifest, shop)
    shop = as_trained(shop, manifest)
    data = _read_again(shop, manifest, options, progress)
    notes = () if _are_same(data, manifest) else (CHANGED,)
    until = end_of(data, manifest.until)
    rankers = _rankers(artifact, feature_names(data))
    return Subject(manifest, suited(shop, data, until), data, until, rankers, notes)


def as_trained(shop: Shop, manifest: Manifest) -> Shop:
    """Return ``shop`` with the settings that the version was trained with: its models, chosen or not, are fitted alike.

    Its blends stand where shop.toml leaves them open, as in serving. Threads and memory are those of this machine.

    Raises:
        ArtifactError: it has settings that this recsvc does not know.
    """
    config = manifest.config
    try:
        training = Training.model_validate({**config.get("training", {}), **shop.training.model_dump(include=MACHINE)})
        evaluation = Evaluation.model_validate(config["evaluation"]) if "evaluation" in config else shop.evaluation
        models = checked_settings(config["models"])
    except ValueError as error:
        raise ArtifactError(
            f"version {manifest.version}: {error}: train again with this recsvc, and report that version"
        ) from error
    shop = shop.model_copy(update={"training": training, "evaluation": evaluation, "models": models})
    return shop.with_blends(config.get("blends", {}))


def _read_again(shop: Shop, manifest: Manifest, options: Options, progress: Progress) -> ShopData:
    """Return the data before the moment that the version was trained for; all of it where only that is what the version saw.

    A version that was trained to the end of its files knows returns that came after the last purchase, too.
    """
    data = read(shop, replace(options, until=manifest.until), None, progress)
    if not _are_same(data, manifest) and any(table.set_aside[AFTER] for table in data.facts.tables.values()):
        everything = read(shop, replace(options, until=None), None, progress)
        return everything if _are_same(everything, manifest) else data
    return data


def _are_same(data: ShopData, manifest: Manifest) -> bool:
    return _counts(data.facts.plain()) == _counts(manifest.data)


def _counts(facts: Mapping[str, Any]) -> dict[str, float]:
    """Return what was kept of each table, and every figure of the shop."""
    kept = {f"{name} kept": table["kept"] for name, table in facts["tables"].items()}
    return kept | {name: value for name, value in facts.items() if isinstance(value, int | float)}


def _rankers(artifact: Artifact, labels: tuple[str, ...]) -> dict[str, Ranker]:
    trained = artifact.manifest.config.get("rankers", ())
    return {name: Ranker.load(artifact.group(f"rankers/{name}"), labels) for name in trained}


def live_of(artifacts: Path) -> Path:
    """Return the folder of the live version.

    Raises:
        NoArtifactError: there is none.
    """
    live = Registry(artifacts).current()
    if live is None:
        raise NoArtifactError(f"{artifacts}: no version is live there: recsvc-train run makes one, --of names another")
    return live


def world_of(artifacts: Path, shop: Shop, known: ShopData, until: int, seed: int) -> World:
    """Return what features are made of, from the live version of ``artifacts``, which was fitted on ``known``."""
    artifact = open_artifact(live_of(artifacts), verify=False)
    config, kinds = artifact.manifest.config, {kind.source: kind for kind in MODELS}
    models = {
        name: with_settings(kinds[name], settings).load(artifact.group(f"models/{name}"))
        for name, settings in config["models"].items()
    }
    basis = Basis().load(artifact.group("basis")) if config["rankers"] else fit_basis(known, until, shop, seed)
    contexts = {
        name: ContextTable.load(artifact.group(f"context/{name}"), settings)
        for name, settings in config["context"].items()
    }
    return World(basis, models, contexts, shop.zone)
