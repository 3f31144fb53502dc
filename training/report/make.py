"""READ FIRST: a report's steps in order, on one screen.

open the version -> fit it once more without the held-out days, with its own rankers -> ask the serving engine what the
held-out days are judged by -> compare, count, shuffle, cut -> sections.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from models.shop import Rules, Shop
from training.held_out import Split
from training.judge import Judgement, judged, show
from training.judge_candidates import candidates_of
from training.pipeline import Options
from training.progress import Progress
from training.read.shop_data import ShopData
from training.rehearsal import rehearse
from training.report import examples, readiness
from training.report.answers import answers, first
from training.report.calibration import calibration
from training.report.competing import competing, recall_section
from training.report.data import about, data
from training.report.effects import effects
from training.report.learning import METRIC, Point, days_of, learn_points, learning
from training.report.parts import Section, missing
from training.report.popularity import popularity
from training.report.quality import groups, quality
from training.report.subject import Subject, live_of, subject_of, world_of
from training.report.trade_offs import trade_off_curves
from training.shop_toml import shop_toml
from training.split import TASKS
from training.trade_offs import steps_of

TRADED = 200
"""Requests of a task that every value of every trade-off is asked for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the report shall hold beside the rest."""

    points: int = 4
    """Of the learning curve; 1: none."""
    trade_offs: bool = True


def make_report(shop: Shop, version: Path, options: Options, wish: Wish, progress: Progress) -> list[Section]:
    """Return the sections of the report about the version in the folder ``version``.

    Raises:
        ArtifactError: the version is another shop's, broken, or needs to be trained again.
        DataError: the data cannot be used.
    """
    subject = subject_of(shop, version, options, progress)
    nothing = [missing("quality", "Quality", "Too little is there to hold a part of it out: nothing can be judged.")]
    judging = partial(_judged, subject, wish, options)
    body = rehearse(
        subject.shop, subject.data, subject.until, subject.rankers, subject.manifest.seed, options.now, progress, judging, nothing
    )  # fmt: skip
    return [
        about(subject.shop, subject.manifest, subject.notes),
        *body,
        data(subject.shop, subject.data.facts),
    ]


def _judged(
    subject: Subject, wish: Wish, options: Options, shop: Shop, artifacts: Path, known: ShopData, split: Split, seed: int,
    progress: Progress,
) -> list[Section]:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="recsvc-report-") as folder:
        toml = Path(folder) / "shop.toml"  # the version's own settings: the file may leave some of them to the training
        toml.write_text(shop_toml(shop.model_copy(update={"rules": Rules()})), "utf-8")
        shop = shop.model_copy(update={"file": toml})
        return list(_sections(subject, wish, options, shop, artifacts, known, split, seed, progress))


def _sections(
    subject: Subject, wish: Wish, options: Options, shop: Shop, artifacts: Path, known: ShopData, split: Split, seed: int,
    progress: Progress,
) -> Iterator[Section]:  # fmt: skip
    lists = show(shop, artifacts, known, split, seed, progress, shuffle=True)
    judgement = judged(shop, known, split, lists, seed)
    yield quality(judgement)
    yield groups(judgement)
    yield popularity(split, lists)
    points = learn_points(shop, known, split, subject.rankers, wish.points, options, seed, progress)
    yield learning([*points, whole(judgement, known)])
    world = world_of(artifacts, shop, known, split.until, seed)
    found = competing(shop, world, known, split, subject.rankers, progress)
    yield recall_section(candidates_of(shop, live_of(artifacts), known, split.requests))
    with progress.step("reading the rankers"):
        yield calibration(found, subject.rankers)
        yield effects(found, subject.rankers, seed)
    few = replace(split, requests=[first(task, TRADED) for task in split.requests])
    chosen = tuple(dict.fromkeys(TASKS[task.task] for task in split.requests))
    steps = steps_of(chosen, shop, artifacts, known, few, seed, progress) if wish.trade_offs else []
    yield trade_off_curves(steps)
    ready, real = readiness.plan(shop, known, split, seed), examples.plan(split)
    told = answers(shop.file, artifacts, known, [*ready, *real], progress)
    yield readiness.readiness(shop, ready, told)
    yield examples.examples(shop, known, real, told[len(ready) :])


def whole(judgement: Judgement, known: ShopData) -> Point:
    """Return the point of the whole history."""
    gain = {one.task: one.measures[METRIC] for one in judgement.results if not one.row}
    return Point(1.0, days_of(known.purchases), len(known.purchases), gain)
