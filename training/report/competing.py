"""The candidates of judged requests: whether what was bought is among them, and what the ranker makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from models.candidates import gather
from models.carousels import Carousel
from models.features import World, features
from models.histories import Histories
from models.ranker import Ranker
from models.schema import NO_ROWS, UNKNOWN, Bools, Doubles, Floats, Ints
from models.shop import Shop
from training.held_out import Split
from training.judge_candidates import Candidates, depths_of
from training.progress import Progress
from training.read.shop_data import ShopData
from training.report.parts import Section, Table, missing, share
from training.report.plots import COLOURS, picture
from training.split import TASKS, Requests
from training.windows import Past, context_of

MOST = 200
"""Requests of a task that are looked at."""


@dataclass(frozen=True, slots=True)
class Competing:
    """The candidates of the requests of one task that a ranker orders."""

    task: str
    ranker: str
    requests: int
    features: Floats
    """(n_candidates, n_features)"""
    bought: Bools
    """(n_candidates,)"""
    request: Ints
    """(n_candidates,) whose candidate it is, ascending."""
    truth: Ints
    """(n_requests,) products that were bought."""


def competing(
    shop: Shop, world: World, known: ShopData, split: Split, rankers: dict[str, Ranker], progress: Progress
) -> list[Competing]:
    """Return the candidates of the first requests of each task that a ranker orders, taken as serving takes them."""
    past = Past(known, world, Histories.of(known.purchases), split.until)
    found = []
    with progress.step("looking at candidates", total=len(split.requests)) as bar:
        for task in split.requests:
            carousel = shop.carousels[TASKS[task.task]]
            if carousel.ranker in rankers:
                found.append(_of_task(carousel, past, task, rankers))
            bar.update(1)
    return found


def _of_task(carousel: Carousel, past: Past, task: Requests, rankers: dict[str, Ranker]) -> Competing:
    depths, count = depths_of(carousel, rankers), min(MOST, len(task))
    parts: list[tuple[Floats, Bools, Ints]] = []
    for number in range(count):
        context = context_of(task, number, past.histories, past.data.stores)
        bought = context.history.products() if carousel.bought == "exclude" else NO_ROWS
        rows = gather(past.world.models, {}, depths, context, bought).rows
        rows = rows[rows != context.page]
        user_id = past.data.users.id(context.user) if context.user != UNKNOWN else None
        values = features(past.world, context, rows, user_id)
        parts.append((values, np.isin(rows, task.truth[number]), np.full(len(rows), number, np.int32)))
    values, right, request = (np.concatenate(one) for one in zip(*parts, strict=True))
    truth = np.array([len(one) for one in task.truth[:count]], np.int32)
    return Competing(task.task, carousel.ranker or "", count, values, right, request, truth)


def merged(found: list[Competing], ranker: str) -> Competing | None:
    """Return the examples of every task that ``ranker`` orders as one; None where it orders none."""
    mine = [one for one in found if one.ranker == ranker]
    if not mine:
        return None
    starts = np.cumsum([0, *(one.requests for one in mine)])[:-1]
    request = [one.request + start for one, start in zip(mine, starts.tolist(), strict=True)]
    return replace(
        mine[0],
        requests=sum(one.requests for one in mine),
        features=np.concatenate([one.features for one in mine]),
        bought=np.concatenate([one.bought for one in mine]),
        request=np.concatenate(request).astype(np.int32),
        truth=np.concatenate([one.truth for one in mine]),
    )


def gains(one: Competing, scores: Doubles) -> Doubles:
    """Return (n_requests,) NDCG@10 of the candidates in the order of their (n_candidates,) ``scores``."""
    order = np.lexsort((-scores, one.request))
    request = one.request[order]
    place = np.arange(len(order)) - np.searchsorted(request, request)
    top = one.bought[order] & (place < 10)
    discounts = 1 / np.log2(np.arange(2, 12))
    got = np.bincount(request[top], discounts[place[top]], one.requests)
    ideal = np.concatenate([[1.0], np.cumsum(discounts)])[np.minimum(one.truth, 10)]
    out: Doubles = got / ideal
    return out


def recall_section(found: Sequence[Candidates]) -> Section:
    """Return which share of what was bought is among the candidates: no order of them can find more."""
    if not found:
        return missing("candidates", "Candidates", "Nothing was held out that could be looked for.")
    text = (
        "A carousel can only show what its sources offer. The recall of all candidates is the ceiling of every order that "
        "comes after. Alone is what the candidates of no other source hold: what would be lost without it.",
    )
    tables = [
        Table(
            f"{one.task}: {TASKS[one.task]}, {one.mean:.0f} candidates a request",
            ("source", "recall", "alone"),
            [
                *((name, share(of.recall), share(of.alone)) for name, of in one.sources.items()),
                ("all together", share(one.recall), ""),
            ],
        )
        for one in found
    ]
    return Section("candidates", "Candidates", text, (_ceilings(found),), tuple(tables))


def _ceilings(found: Sequence[Candidates]) -> Markup:
    def draw(axes: Axes) -> None:
        axes.barh(range(len(found)), [one.recall for one in found], color=COLOURS[0], height=0.62)
        axes.set_yticks(range(len(found)), [one.task for one in found])
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of what was bought")
        axes.grid(axis="y", visible=False)

    alt = ", ".join(f"{one.task} {share(one.recall)}" for one in found)
    return picture("Recall of the candidates", f"Share of what was bought that is among the candidates: {alt}", draw)
