"""Quality against how much the shop knows: whether more history would help."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.distinct import distinct
from models.moments import timed
from models.ranker import Ranker
from models.schema import DAY, UNKNOWN, Purchases
from models.shop import Shop
from training.held_out import Split
from training.judge import intervals
from training.judge_ask import ask
from training.metrics.bootstrap import Interval
from training.metrics.by_user import scores
from training.pipeline import Options
from training.prices import with_prices
from training.progress import Progress
from training.read.shop_data import ShopData
from training.rehearsal import fitted
from training.report.parts import Section, Table, missing
from training.report.plots import Line, lines, picture
from training.split import TASKS

METRIC = "ndcg@10"


@dataclass(frozen=True, slots=True)
class Point:
    """How the carousels do that know a part of the history only."""

    share: float
    days: float | None
    """None without times."""
    lines: int
    gain: dict[str, Interval]
    """NDCG@10 by task."""


def parts(points: int) -> list[float]:
    """Return the shares of the history that are tried beside all of it: halves of halves, the smallest first."""
    return [0.5**power for power in range(points - 1, 0, -1)]


def cut(known: Purchases, split: Split, share: float, seed: int) -> Purchases:
    """Return the last ``share`` of the days of ``known``; without times, of that share of the shoppers and those asked."""
    if timed(known):
        first = int(known.time.min())
        return known.where(known.time >= split.until - share * (split.until - first))
    asked = distinct(np.concatenate([task.user for task in split.requests]))
    kept = np.random.default_rng([seed, 2]).random(known.n_users) < share
    kept[asked[asked != UNKNOWN]] = True
    return known.where((known.user != UNKNOWN) & kept[np.maximum(known.user, 0)])


def learn_points(
    shop: Shop, known: ShopData, split: Split, rankers: dict[str, Ranker], points: int, options: Options, seed: int,
    progress: Progress,
) -> list[Point]:  # fmt: skip
    """Return a point for each of ``parts``: everything but the rankers is fitted again on that part."""
    out = []
    for share in parts(points):
        fewer = cut(known.purchases, split, share, seed)
        if len(fewer):
            part = with_prices(replace(known, purchases=fewer), shop.training.heavy_shoppers)
            with fitted(shop, part, split.until, rankers, seed, options.now, progress) as artifacts:
                out.append(_point(shop, artifacts, part, split, share, seed, progress))
    return out


def _point(
    shop: Shop, artifacts: Path, known: ShopData, split: Split, share: float, seed: int, progress: Progress
) -> Point:
    asked = [(task, TASKS[task.task]) for task in split.requests]
    shown = ask(shop.file, artifacts, known, asked, progress)
    found = {
        task.task: intervals(scores(task, one, len(known.products)), shop.evaluation.rounds, seed)[METRIC]
        for task, one in zip(split.requests, shown, strict=True)
    }
    return Point(share, days_of(known.purchases), len(known.purchases), found)


def days_of(known: Purchases) -> float | None:
    """Return the days that purchases span; None without times."""
    return float(known.time.max() - known.time.min()) / DAY if timed(known) else None


def learning(points: list[Point]) -> Section:
    """Return the learning curve; the last of ``points`` is the whole history."""
    title = "Learning curve"
    if len(points) < 2:
        return missing("learning", title, "Left out: ask for it with --points 2 or more.")
    timeless = points[-1].days is None
    x = "purchase lines (thousands)" if timeless else "days of history"
    tasks = list(points[-1].gain)
    drawn = []
    for task in tasks:
        there = [one for one in points if task in one.gain]
        means = [one.gain[task] for one in there]
        places = [one.lines / 1000 if one.days is None else max(one.days, 1.0) for one in there]
        drawn.append(Line(task, places, [m.mean for m in means], [m.low for m in means], [m.high for m in means]))
    part = "a part of the shoppers (those who are asked among them)" if timeless else "the last part of the history"
    text = (
        f"All models are fitted again on {part}, and the same requests are asked; the rankers stay as they are. A curve "
        "that still rises at its right end says that more history helps; one that is flat, that a shorter one would do.",
    )
    head = (
        "task",
        *(f"{one.lines:,} lines" + ("" if one.days is None else f", {one.days:.0f} days") for one in points),
    )
    rows = [(task, *(str(one.gain[task]) if task in one.gain else "–" for one in points)) for task in tasks]
    alt = "; ".join(f"{line.name} " + ", ".join(f"{v:.3f}" for v in line.y) for line in drawn)
    plot = picture(
        "NDCG@10 by how much is known", f"NDCG@10 by {x}: {alt}", lines(drawn, x, "NDCG@10", log_x=True), (5.4, 3.6)
    )
    return Section("learning", title, text, (plot,), (Table("NDCG@10 with 95 % intervals", head, rows),))
