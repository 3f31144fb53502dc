"""How much of what was bought is among the candidates at all: the ceiling of every order that comes after."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.artifact import open_artifact, read_manifest
from models.base import Model
from models.candidates import DEPTH, gather
from models.carousels import Carousel
from models.histories import Histories
from models.ids import IdIndex
from models.ranker import DEPTHS
from models.schema import NO_ROWS, UNKNOWN
from models.shop import Shop
from models.sources import new_models
from training.read.shop_data import ShopData
from training.split import TASKS, Requests
from training.windows import context_of


@dataclass(frozen=True, slots=True)
class OfSource:
    """What one source brings, as shares of all that was bought."""

    recall: float
    """What is among its candidates."""
    alone: float
    """What is among the candidates of no other source: what the joint recall would lose without it."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What competes for the places of one task's carousel."""

    task: str
    mean: float
    """Candidates of a request."""
    recall: float
    """Share of all that was bought, over all requests, that is among the candidates of any source."""
    sources: Mapping[str, OfSource]

    def plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        sources = {
            name: {"recall": round(one.recall, 5), "alone": round(one.alone, 5)} for name, one in self.sources.items()
        }
        return {"candidates": round(self.mean, 1), "recall": round(self.recall, 5), "sources": sources}


def candidates_of(shop: Shop, version: Path, known: ShopData, asked: list[Requests]) -> tuple[Candidates, ...]:
    """Return what the candidates of the ``version`` hold of what was bought, by task.

    Args:
        shop: the settings.
        version: the folder of the artifact that is judged.
        known: what it was fitted on.
        asked: the requests of each task, with the truth.
    """
    artifact, rankers = open_artifact(version), read_manifest(version).config.get("rankers", ())
    carousels = [shop.carousels[TASKS[task.task]] for task in asked]
    depths = [depths_of(carousel, rankers) for carousel in carousels]
    names = {name for one in depths for name in one}
    models = {
        name: model.load(artifact.group(f"models/{name}"))
        for name, model in new_models(artifact.manifest.config.get("models")).items()
        if name in names
    }
    histories = Histories.of(known.purchases)
    return tuple(
        of_task(task, models, depth, carousel.bought == "exclude", histories, known.stores)
        for task, carousel, depth in zip(asked, carousels, depths, strict=True)
    )


def depths_of(carousel: Carousel, rankers: Container[str]) -> Mapping[str, int]:
    """Return how many candidates the carousel takes of each source, in a version with these ``rankers``."""
    if carousel.ranker is not None and carousel.ranker in rankers:
        return DEPTHS[carousel.ranker]
    return dict.fromkeys(carousel.sources, DEPTH)


def of_task(
    task: Requests, models: Mapping[str, Model], depths: Mapping[str, int], new: bool, histories: Histories,
    stores: IdIndex,
) -> Candidates:  # fmt: skip
    """Return what the first ``depths`` of ``models`` hold of what was bought; ``new``: nothing that the shopper had."""
    there = [name for name in depths if name in models]
    total, joint, mean = 0, 0, 0
    found, alone = np.zeros(len(there), np.int64), np.zeros(len(there), np.int64)
    for number, truth in enumerate(task.truth):
        context = context_of(task, number, histories, stores)
        bought = context.history.products() if new else NO_ROWS
        gathered = gather(models, {}, depths, context, bought)
        mean += int((gathered.rows != context.page).sum()) if context.page != UNKNOWN else len(gathered.rows)
        hits = np.stack([np.isin(truth, gathered.by_source[name].rows) for name in there])
        by = hits.sum(axis=0)
        total, joint = total + len(truth), joint + int((by > 0).sum())
        found += hits.sum(axis=1)
        alone += (hits & (by == 1)).sum(axis=1)
    sources = {
        name: OfSource(float(found[place] / total), float(alone[place] / total)) for place, name in enumerate(there)
    }
    return Candidates(task.task, mean / len(task), joint / total, sources)
