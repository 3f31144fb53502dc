"""READ FIRST: from raw files to a published version, the steps in order.

read -> hold out (the last days, or without times the last orders) -> learn rankers from label windows before that ->
fit on what is known -> judge through the serving engine -> keep the rankers that win -> fit on everything -> write ->
gate -> publish. A version that fails in any step leaves the live one as it was.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from models.artifact import Manifest, write_artifact
from models.errors import ArtifactError, DataError, GateRefusedError
from models.experiments import versions_tried
from models.moments import timed
from models.ranker import Ranker
from models.registry import Registry
from models.schema import Arrays
from models.shop import Shop
from training.choose.choice import taken_over
from training.choose.choose import choose
from training.earlier import Earlier, earlier, learned_from
from training.few_shoppers import few_shoppers
from training.fit import artifact_groups, manifest_of
from training.gate import check_gate
from training.held_out import held_out, known_until, suited
from training.judge import Judgement, Result, judge
from training.judge_table import metrics_of
from training.prices import with_prices
from training.progress import Progress
from training.ranking import fewer_windows, fit_rankers, learn_windows, that_win, window_starts
from training.read.shop_data import ShopData, read_shop_data
from training.rehearsal import fit, iso, perform, prepare, rehearse


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
    incremental: bool = False
    """Take over from the live version what still holds; see ``training.earlier``."""
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
    choice: Mapping[str, Any] | None = None
    """Which settings and blends were chosen, as the manifest keeps it; None with --fast, which takes the defaults."""

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
    shop, choice = (shop, None) if unjudged else _chosen(registry, shop, data, until, seed, options, progress)
    since = known_until(data.purchases, shop, until)
    begin = earlier(registry, shop, data, until, since, seed) if options.incremental else Earlier()
    rankers, judged, start = (
        ({}, Judgement(), begin.start) if unjudged else learn(shop, data, until, seed, begin, options, progress)
    )
    if begin.says:
        data.facts.tables["purchases"].notes.append(begin.says)
        progress.say(begin.says)
    learned = begin.learned
    if learned is None and shop.training.ranker and not unjudged:
        learned = learned_from(shop, data, since, seed)
    data = with_prices(data, shop.training.heavy_shoppers)
    trained = fit(shop, data, until, rankers, seed, progress, start)
    version, created = name_version(shop, options, seed, data)
    manifest = manifest_of(shop, data, trained, version, created, until, seed)
    config = {**manifest.config, **({"learned": learned.plain()} if learned else {}), **(choice or {})}
    manifest = replace(manifest, metrics=metrics_of(judged), config=config)
    with progress.step("writing the version"):
        manifest = write_artifact(registry.path(version), manifest, artifact_groups(data, trained))
    gated = shop.publication.gate and not unjudged
    published, refused = publish(registry, manifest, shop, gated) if options.publish else (False, None)
    return Report(manifest, registry.path(version), judged, published, refused, choice)


def evaluate(shop: Shop, options: Options, progress: Progress, *, shuffle: bool = False) -> Judgement:
    """Return how the models of ``shop`` do on the last days of the data; nothing is kept.

    With ``shuffle`` each task is also asked with every request in another one's context.
    """
    seed = shop.training.seed if options.seed is None else options.seed
    data = read(shop, options, None, progress)
    until = end_of(data, options.until)
    shop = suited(shop, data, until)
    if len(data.purchases):
        shop = choose(shop, data, until, seed, progress)[0]
    rankers, judging = learn_rankers(shop, data, until, seed, progress), partial(judge, shuffle=shuffle)
    return rehearse(shop, data, until, rankers, seed, options.now, progress, judging, Judgement())


def _chosen(
    registry: Registry, shop: Shop, data: ShopData, until: int, seed: int, options: Options, progress: Progress
) -> tuple[Shop, Mapping[str, Any]]:
    """Return the shop with the settings that suit it, and what the manifest tells of them.

    An incremental run takes over what the live version was chosen, so that its rankers still hold.
    """
    live = live_manifest(registry) if options.incremental else None
    if live is not None and "choice" in live.config:
        kept = {name: live.config[name] for name in ("blends", "choice")}
        return taken_over(shop, kept), kept
    shop, choice = choose(shop, data, until, seed, progress)
    return shop, {"blends": choice.sources, "choice": choice.plain()}


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
            kept=options.artifacts / "checked" if options.incremental else None,
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
    data, share = few_shoppers(data, shop.training.window_lines, seed)
    shop = fewer_windows(shop, share)
    if timed(data.purchases):
        starts = window_starts(shop, known_until(data.purchases, shop, until), int(data.purchases.time.min()))
    else:
        starts = list(range(-shop.training.windows, 0))
        data = replace(data, purchases=held_out(data.purchases, shop, until, seed).known)
    return fit_rankers(learn_windows(data, shop, starts, seed, progress, share), data, shop, seed, progress)


def learn(
    shop: Shop, data: ShopData, until: int, seed: int, begin: Earlier, options: Options, progress: Progress
) -> tuple[Mapping[str, Ranker], Judgement, Mapping[str, Arrays]]:
    """Return the rankers that win against the blends, how their carousels and the blends of the others do, and a start.

    The rankers are those of ``begin``, where it has any. In an incremental run, and in a shop so large that windows stand on
    shoppers drawn, the last fit starts from what the rehearsal's models learned.
    """
    rankers = begin.rankers
    if rankers is None:
        rankers = learn_rankers(shop, data, until, seed, progress)
    ready = prepare(shop, data, until, rankers, seed, progress)
    if ready is None:
        return rankers, Judgement(), begin.start
    judged = perform(shop, ready, rankers, seed, options.now, progress, judge)
    winners = that_win(shop, rankers, judged)
    if winners.keys() != rankers.keys():
        judged = perform(shop, ready, winners, seed, options.now, progress, judge)
    goes_on = options.incremental or len(data.purchases) > shop.training.window_lines
    return winners, judged, ready.start() if goes_on else begin.start


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
    return f"{moment:%Y-%m-%dT%H-%M-%SZ}-{mark}", iso(options.now)
