"""READ FIRST: from raw files to a published version, the steps in order.

read -> hold out (the last days, or without times the last orders) -> learn rankers from label windows before that ->
fit on what is known -> judge through the serving engine -> keep the rankers that win -> fit on everything -> write ->
gate -> publish. A version that fails in any step leaves the live one as it was.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from models.artifact import Manifest, write_artifact
from models.errors import ArtifactError, DataError, GateRefusedError
from models.experiments import versions_tried
from models.moments import timed
from models.ranker import Ranker
from models.registry import Registry
from models.shop import Shop
from training.fit import Trained, artifact_groups, fit_basis, fit_models, manifest_of
from training.gate import check_gate
from training.held_out import Split, held_out, known_until, suited
from training.judge import Judgement, Result, judge
from training.judge_table import metrics_of
from training.prices import with_prices
from training.progress import Progress
from training.ranking import fit_rankers, learn_windows, that_win, window_starts
from training.read.shop_data import ShopData, read_shop_data

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Options:
    """How one run differs from what shop.toml says."""

    artifacts: Path
    now: int
    """Unix seconds of the machine's clock: names the version."""
    clock: int
    """Unix seconds of the shop's clock: what lies later is refused."""
    until: int | None = None
    """Unix seconds: only purchases strictly before."""
    seed: int | None = None
    fast: bool = False
    """Skip the judging, and the gate with it: a version without figures cannot lose."""
    publish: bool = True
    store: str | None = None
    """URL of the service's store: who was erased is left out, and orders are taken from it where shop.toml wants them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did."""

    manifest: Manifest
    folder: Path
    judgement: Judgement
    published: bool
    refused: str | None
    """Why the gate kept it back."""

    @property
    def results(self) -> list[Result]:
        """How each carousel did in each task."""
        return list(self.judgement.results)


def run(shop: Shop, options: Options, progress: Progress) -> Report:
    """Train, judge, write and publish a version of ``shop``.

    Raises:
        DataError: the data cannot be used.
        ArtifactError: the artifacts folder belongs to another shop, or cannot be written.
    """
    registry = Registry(options.artifacts)
    check_owner(registry, shop)
    seed = shop.training.seed if options.seed is None else options.seed
    data = read(shop, options, options.artifacts / "rejects.csv", progress)
    until = end_of(data, options.until)
    shop = suited(shop, data, until)
    unjudged = options.fast or not len(data.purchases)
    rankers, judged = ({}, Judgement()) if unjudged else learn(shop, data, until, seed, options, progress)
    data = with_prices(data, shop.training.heavy_shoppers)
    trained = fit(shop, data, until, rankers, seed, progress)
    version, created = name_version(shop, options, seed, data)
    manifest = replace(manifest_of(shop, data, trained, version, created, until, seed), metrics=metrics_of(judged))
    with progress.step("writing the version"):
        manifest = write_artifact(registry.path(version), manifest, artifact_groups(data, trained))
    gated = shop.publication.gate and not unjudged
    published, refused = publish(registry, manifest, shop, gated) if options.publish else (False, None)
    return Report(manifest, registry.path(version), judged, published, refused)


def evaluate(shop: Shop, options: Options, progress: Progress, *, shuffle: bool = False) -> Judgement:
    """Return how the models of ``shop`` do on the last days of the data; nothing is kept.

    With ``shuffle`` each task is also asked with every request in another one's context.
    """
    seed = shop.training.seed if options.seed is None else options.seed
    data = read(shop, options, None, progress)
    until = end_of(data, options.until)
    shop = suited(shop, data, until)
    rankers, judging = learn_rankers(shop, data, until, seed, progress), partial(judge, shuffle=shuffle)
    return rehearse(shop, data, until, rankers, seed, options, progress, judging, Judgement())


def read(shop: Shop, options: Options, rejects: Path | None, progress: Progress) -> ShopData:
    """Return the data of ``shop``; refused rows go to the file ``rejects``, where one is given.

    Raises:
        DataError: it cannot be used, or nothing is left of it.
    """
    half = None if rejects is None else rejects.with_name(f".{rejects.stem}.{os.getpid()}{rejects.suffix}")
    try:
        data = read_shop_data(
            shop,
            until=options.until,
            now=options.clock,
            rejects=half,
            progress=progress,
            store=options.store,
        )
    finally:
        if rejects is not None and half is not None and half.exists():
            half.replace(rejects)  # whole or not at all, whoever else trains into this folder now
    if not len(data.purchases) and not len(data.signals):
        raise DataError(f"{shop.file}: no purchase is left to learn from; see `recsvc-train check {shop.file.name}`")
    return data


def end_of(data: ShopData, until: int | None) -> int:
    """Return the moment that models are trained for: ``until``, else (and without times) a second after the last purchase.

    Without any purchase it is a second after the last view, cart or click.
    """
    if until is not None and (timed(data.purchases) or not len(data.purchases)):
        return until
    times = data.purchases.time if len(data.purchases) else data.signals.time
    return int(times.max()) + 1


def learn_rankers(shop: Shop, data: ShopData, until: int, seed: int, progress: Progress) -> dict[str, Ranker]:
    """Return the rankers that label windows before the held-out part teach; none where shop.toml wants none.

    The version that is judged and the version that is published have the same rankers.
    """
    if not shop.training.ranker or not len(data.purchases):
        return {}
    if timed(data.purchases):
        since = known_until(data.purchases, shop, until)
        starts = window_starts(shop, since, int(data.purchases.time.min()))
    else:
        since, starts = until, list(range(-shop.training.windows, 0))
        data = replace(data, purchases=held_out(data.purchases, shop, until, seed).known)
    return fit_rankers(learn_windows(data, shop, starts, seed, progress), data, shop, since, seed, progress)


def learn(
    shop: Shop, data: ShopData, until: int, seed: int, options: Options, progress: Progress
) -> tuple[dict[str, Ranker], Judgement]:
    """Return the rankers that win against the blends, and how their carousels and the blends of the others do."""
    rankers = learn_rankers(shop, data, until, seed, progress)
    judged = rehearse(shop, data, until, rankers, seed, options, progress, judge, Judgement())
    winners = that_win(rankers, judged)
    if winners.keys() != rankers.keys():
        judged = rehearse(shop, data, until, winners, seed, options, progress, judge, Judgement())
    return winners, judged


def fit(
    shop: Shop, data: ShopData, until: int, rankers: Mapping[str, Ranker], seed: int, progress: Progress
) -> Trained:
    """Return the models fitted on ``data``, beside the rankers."""
    models = fit_models(data, until, shop, seed, progress)
    return Trained(models, rankers, fit_basis(data, until, shop, seed) if rankers else None)


def rehearse(
    shop: Shop, data: ShopData, until: int, rankers: Mapping[str, Ranker], seed: int, options: Options, progress: Progress,
    judging: Callable[[Shop, Path, ShopData, Split, int, Progress], Found], nothing: Found,
) -> Found:  # fmt: skip
    """Fit on what is known when a part is held out, and return what ``judging`` finds on that part.

    Its arguments: the shop, a folder whose live version is the fitted one, the data that it was fitted on, what is held
    out, the seed, the progress. Without anything to ask or to learn from, ``nothing`` comes back.
    """
    if not len(data.purchases):
        return nothing
    split = held_out(data.purchases, shop, until, seed)
    known = with_prices(replace(data, purchases=split.known), shop.training.heavy_shoppers)
    if not split.requests or not len(known.purchases):
        return nothing
    with fitted(shop, known, split.until, rankers, seed, options, progress) as artifacts:
        return judging(shop, artifacts, known, split, seed, progress)


@contextmanager
def fitted(
    shop: Shop, known: ShopData, until: int, rankers: Mapping[str, Ranker], seed: int, options: Options, progress: Progress
) -> Iterator[Path]:  # fmt: skip
    """Give an artifacts folder whose live version is fitted on ``known`` for ``until``, for as long as the block runs."""
    trained = fit(shop, known, until, rankers, seed, progress)
    with tempfile.TemporaryDirectory(prefix="recsvc-rehearsal-") as folder:
        registry = Registry(Path(folder))
        manifest = manifest_of(shop, known, trained, "rehearsal", _iso(options.now), until, seed)
        write_artifact(registry.path("rehearsal"), manifest, artifact_groups(known, trained))
        registry.promote("rehearsal")
        yield registry.folder


def publish(registry: Registry, manifest: Manifest, shop: Shop, gated: bool) -> tuple[bool, str | None]:
    """Promote a written version where the gate lets it, and delete old ones; return whether, and why not."""
    live = live_manifest(registry)
    if gated and live is not None:
        try:
            check_gate(manifest, live, shop.publication.metric)
        except GateRefusedError as error:
            return False, str(error)
    registry.promote(manifest.version)
    registry.clean(shop.publication.keep_versions, versions_tried(shop.experiments))
    return True, None


def live_manifest(registry: Registry) -> Manifest | None:
    """Return what the live version is; None where none is, or a broken one, which a new version is there to replace."""
    live = registry.current()
    return next((found for found in registry.versions() if live is not None and found.version == live.name), None)


def check_owner(registry: Registry, shop: Shop) -> None:
    """Return where the artifacts folder is empty or this shop's.

    Raises:
        ArtifactError: another shop's versions lie there.
    """
    for manifest in registry.versions():
        if manifest.shop != shop.name:
            raise ArtifactError(
                f"{registry.folder}: holds versions of {manifest.shop!r}, not of {shop.name!r}; take another --artifacts"
            )


def name_version(shop: Shop, options: Options, seed: int, data: ShopData) -> tuple[str, str]:
    """Return the name of a new version (moment, and four hex digits of what it is made from) and its ISO moment."""
    made_from = [shop.model_dump(mode="json"), options.until, seed, data.facts.plain()]
    mark = hashlib.sha256(json.dumps(made_from, sort_keys=True, default=str).encode()).hexdigest()[:4]
    moment = datetime.fromtimestamp(options.now, UTC)
    return f"{moment:%Y-%m-%dT%H-%M-%SZ}-{mark}", _iso(options.now)


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
