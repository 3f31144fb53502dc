"""A version fitted on what is known when a part is held out, and asked about that part as the service would be."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from models.artifact import write_artifact
from models.ranker import Ranker
from models.registry import Registry
from models.schema import Arrays, Ints
from models.shop import Shop
from training.fit import NO_START, Trained, artifact_groups, fit_basis, fit_models, manifest_of
from training.held_out import Split, held_out
from training.prices import with_prices
from training.progress import Progress
from training.read.shop_data import ShopData
from training.split import askers

Found = TypeVar("Found")
Judging = Callable[[Shop, Path, ShopData, Split, int, Progress], Found]
"""The shop, a folder whose live version is the fitted one, the data that it was fitted on, what is held out, the seed,
the progress -> what was found."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A version fitted on a part of the data."""

    known: ShopData
    split: Split
    trained: Trained

    def start(self) -> dict[str, Arrays]:
        """Return what its models learned, for a fit on all of the data to begin with."""
        return {"als": self.trained.models["als"].arrays()}


def fit(
    shop: Shop, data: ShopData, until: int, rankers: Mapping[str, Ranker], seed: int, progress: Progress,
    start: Mapping[str, Arrays] = NO_START, asked: Ints | None = None,
) -> Trained:  # fmt: skip
    """Return the models fitted on ``data``, beside the rankers; ``start`` and ``asked``: see ``models.base.Fitting``."""
    models = fit_models(data, until, shop, seed, progress, start, asked)
    return Trained(models, rankers, fit_basis(data, until, shop, seed) if rankers else None)


def prepare(
    shop: Shop, data: ShopData, until: int, rankers: Mapping[str, Ranker], seed: int, progress: Progress
) -> Rehearsal | None:
    """Return a version fitted on what is known when a part is held out; None without anything to ask or to learn from.

    It has lists for those who are asked: for anybody else it is no version to serve.
    """
    if not len(data.purchases):
        return None
    split = held_out(data.purchases, shop, until, seed)
    known = with_prices(replace(data, purchases=split.known), shop.training.heavy_shoppers)
    if not split.requests or not len(known.purchases):
        return None
    trained = fit(shop, known, split.until, rankers, seed, progress, asked=askers(split.requests))
    return Rehearsal(known, split, trained)


def perform(
    shop: Shop, rehearsal: Rehearsal, rankers: Mapping[str, Ranker], seed: int, now: int, progress: Progress,
    judging: Judging[Found],
) -> Found:  # fmt: skip
    """Return what ``judging`` finds when the version serves with ``rankers``, some or all of those that it has."""
    trained = replace(rehearsal.trained, rankers=rankers, basis=rehearsal.trained.basis if rankers else None)
    with served(shop, rehearsal.known, trained, rehearsal.split.until, seed, now) as artifacts:
        return judging(shop, artifacts, rehearsal.known, rehearsal.split, seed, progress)


def rehearse(
    shop: Shop, data: ShopData, until: int, rankers: Mapping[str, Ranker], seed: int, now: int, progress: Progress,
    judging: Judging[Found], nothing: Found,
) -> Found:  # fmt: skip
    """Return what ``judging`` finds on what is held out; ``nothing`` without anything to ask or to learn from."""
    ready = prepare(shop, data, until, rankers, seed, progress)
    return nothing if ready is None else perform(shop, ready, rankers, seed, now, progress, judging)


@contextmanager
def fitted(
    shop: Shop, known: ShopData, until: int, rankers: Mapping[str, Ranker], seed: int, now: int, progress: Progress
) -> Iterator[Path]:  # fmt: skip
    """Give an artifacts folder whose live version is fitted on ``known`` for ``until``, for as long as the block runs."""
    with served(shop, known, fit(shop, known, until, rankers, seed, progress), until, seed, now) as artifacts:
        yield artifacts


@contextmanager
def served(shop: Shop, known: ShopData, trained: Trained, until: int, seed: int, now: int) -> Iterator[Path]:
    """Give an artifacts folder whose live version is ``trained``, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="recsvc-rehearsal-") as folder:
        registry = Registry(Path(folder))
        manifest = manifest_of(shop, known, trained, "rehearsal", iso(now), until, seed)
        write_artifact(registry.path("rehearsal"), manifest, artifact_groups(known, trained))
        registry.promote("rehearsal")
        yield registry.folder


def iso(moment: int) -> str:
    """Return Unix seconds as ISO time, UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
