"""What a daily run takes over from the live version: its rankers while they hold, and its factors as a beginning.

Rankers are taken over where they would be learned from the very same purchases with the same settings, and are not too
old. Whatever else changed, of the settings, of the features, or of a purchase that they were learned from, has them
learned again, and the run says why.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.artifact import Artifact, open_artifact
from models.columns import TextColumn
from models.errors import ArtifactError
from models.ids import IdIndex
from models.moments import timed
from models.ranker import Ranker
from models.registry import Registry
from models.schema import DAY, UNKNOWN, Arrays, take
from models.settings_of import settings_of
from models.shop import Shop
from models.sources import new_models
from training.fingerprint import fingerprint
from training.fit import feature_names
from training.read.facts import AFTER
from training.read.shop_data import ShopData

HARMLESS = {
    "threads",
    "refit_days",
    "read_memory_gb",
    "budget_minutes",
    "refused_share",
    "rejects_rows",
    "expected_files",
}
"""Settings of a training that no ranker depends on."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What rankers were learned from; it stands in the manifest of a version."""

    since: int
    """Unix seconds: only purchases strictly before are in them."""
    settings: str
    """Digest of the settings and the features."""
    purchases: str
    """See ``training.fingerprint``."""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"since": self.since, "settings": self.settings, "purchases": self.purchases}


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a run begins with."""

    rankers: Mapping[str, Ranker] | None = None
    """None: they are learned again."""
    learned: Learned | None = None
    """What these rankers were learned from."""
    start: Mapping[str, Arrays] = field(default_factory=dict)
    """See ``models.base.Fitting``."""
    says: str = ""
    """What is taken over, or why not, for people."""


def earlier(registry: Registry, shop: Shop, data: ShopData, until: int, since: int, seed: int) -> Earlier:
    """Return what a run for ``until`` takes over from the live version.

    Args:
        registry: whose live version.
        shop: the settings.
        data: what is read now.
        until: Unix seconds, the moment that is trained for; a version of a later one is not looked at.
        since: Unix seconds; rankers would be learned from what lies before.
        seed: of the run.
    """
    live = registry.current()
    if live is None:
        return Earlier(says="everything is learned: there is no live version yet")
    try:
        version = open_artifact(live)
    except ArtifactError as error:
        return Earlier(says=f"everything is learned: {error}")
    if version.manifest.until > until:
        return Earlier(says=f"everything is learned: {version.manifest.version} {_later(data)}")
    start = _start(version, data)
    told = version.manifest.config.get("learned")
    learned = Learned(**told) if told else None
    why = _why_not(learned, shop, data, since, seed)
    if learned is None or why:
        return Earlier(start=start, says=f"rankers are learned again: {why}")
    labels = feature_names(data)
    try:
        rankers = {
            name: Ranker.load(version.group(f"rankers/{name}"), labels) for name in version.manifest.config["rankers"]
        }
    except ArtifactError as error:
        return Earlier(start=start, says=f"rankers are learned again: {error}")
    return Earlier(rankers, learned, start, f"rankers are those of {version.manifest.version}")


def _later(data: ShopData) -> str:
    """Return why a version of a later moment is not looked at; where nothing was left out for ``--until``, files tell less now."""
    if any(table.set_aside[AFTER] for table in data.facts.tables.values()):
        return "knows what came after this moment"
    return "knows purchases after the last one of these files: they were taken back since, or the files are older"


def learned_from(shop: Shop, data: ShopData, since: int, seed: int) -> Learned:
    """Return what rankers are learned from that are learned now."""
    return Learned(since, settings_digest(shop, data, seed), fingerprint(data, since))


def settings_digest(shop: Shop, data: ShopData, seed: int) -> str:
    """Return the digest of all that shapes rankers but the purchases: settings, features, and what their codes mean."""
    told = {
        "shop": shop.model_dump(mode="json", include={"data", "context", "timezone", "currency"}),
        "training": shop.training.model_dump(mode="json", exclude=HARMLESS),
        "held out": shop.evaluation.days,
        "models": {name: settings_of(model) for name, model in new_models(shop.models).items()},
        "features": feature_names(data),
        "codes": [
            list(column.vocabulary)
            for _, table in sorted(data.contexts.items())
            for _, column in sorted(table.columns.items())
            if isinstance(column, TextColumn)
        ],
        "seed": seed,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _why_not(learned: Learned | None, shop: Shop, data: ShopData, since: int, seed: int) -> str:
    """Return why rankers of the live version cannot be taken over; empty where they can."""
    if learned is None:
        return "the live version has none that an incremental run may take over"
    if not timed(data.purchases):
        return "without times every purchase may have taught them"
    if not 0 <= since - learned.since < shop.training.refit_days * DAY:
        return f"those of the live version are {(since - learned.since) / DAY:.0f} days old (training.refit_days)"
    if learned.settings != settings_digest(shop, data, seed):
        return "settings, features or values of context tables are others"
    if learned.purchases != fingerprint(data, learned.since):
        return "purchases that taught those of the live version are others now"
    return ""


def _start(version: Artifact, data: ShopData) -> dict[str, Arrays]:
    """Return the factors of the version's products in today's rows; nothing where they do not hold."""
    arrays = version.group("models/als")
    if "item_factors" not in arrays or "kept" not in arrays:
        return {}
    ids = IdIndex.load(version.group("ids/products"))
    rows = data.products.rows([ids.id(int(row)) for row in take(arrays, "kept", np.int32)])
    here = np.flatnonzero(rows != UNKNOWN)
    return {"als": {"kept": rows[here], "item_factors": arrays["item_factors"][here]}}
