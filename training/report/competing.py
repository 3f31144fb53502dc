"""The candidates of judged requests: whether what was bought is among them, and what the ranker makes of them."""

from dataclasses import dataclass, replace

import numpy as np

from models.candidates import gather
from models.features import World, features
from models.histories import Histories
from models.ranker import Ranker
from models.schema import NO_ROWS, UNKNOWN, Bools, Doubles, Floats, Ints
from models.shop import Shop
from training.held_out import Split
from training.judge_candidates import depths_of
from training.progress import Progress
from training.read.shop_data import ShopData
from training.report.parts import Section, Table, missing, share
from training.split import TASKS, Requests
from training.windows import Past, context_of

MOST = 200
"""Requests of a task that are looked at."""


@dataclass(frozen=True, slots=True)
class Competing:
    """The candidates of the requests of one task."""

    task: str
    carousel: str
    ranker: str | None
    """None: the blend orders, and nothing is kept of the examples."""
    requests: int
    wanted: int
    """Products that were bought."""
    found: int
    """Of these, among the candidates."""
    by_source: dict[str, int]
    """Of ``wanted``, found by each source, whatever the others found."""
    per_request: float
    """Candidates of a request, on average."""
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
    """Return the candidates of the first requests of each task of ``split``, taken as serving takes them."""
    past = Past(known, world, Histories.of(known.purchases), split.until)
    found = []
    with progress.step("looking at candidates", total=len(split.requests)) as bar:
        for task in split.requests:
            found.append(_of_task(shop, past, task, rankers))
            bar.update(1)
    return found


def _of_task(shop: Shop, past: Past, task: Requests, rankers: dict[str, Ranker]) -> Competing:
    name = TASKS[task.task]
    carousel = shop.carousels[name]
    ranker = carousel.ranker if carousel.ranker in rankers else None
    depths = depths_of(carousel, rankers)
    count = min(MOST, len(task))
    parts: list[tuple[Floats, Bools, Ints]] = []
    by_source, found, candidates = dict.fromkeys(depths, 0), 0, 0
    for number in range(count):
        context, truth = context_of(task, number, past.histories, past.data.stores), task.truth[number]
        bought = np.unique(context.history.product) if carousel.bought == "exclude" else NO_ROWS
        gathered = gather(past.world.models, {}, depths, context, bought)
        rows = gathered.rows[gathered.rows != context.page]
        for source, answer in gathered.by_source.items():
            by_source[source] += int(np.isin(truth, answer.rows).sum())
        right = np.isin(rows, truth)
        found, candidates = found + int(right.sum()), candidates + len(rows)
        if ranker:
            user_id = past.data.users.id(context.user) if context.user != UNKNOWN else None
            values = features(past.world, context, rows, user_id)
            parts.append((values, right, np.full(len(rows), number, np.int32)))
    sizes = np.array([len(one) for one in task.truth[:count]], np.int32)
    values, bought_, request = _joined(parts, len(past.world.names))
    return Competing(
        task.task, name, ranker, count, int(sizes.sum()), found, by_source, candidates / max(count, 1), values, bought_,
        request, sizes,
    )  # fmt: skip


def _joined(parts: list[tuple[Floats, Bools, Ints]], n_features: int) -> tuple[Floats, Bools, Ints]:
    empty = (np.empty((0, n_features), np.float32), np.empty(0, np.bool_), NO_ROWS)
    values, bought, request = zip(empty, *parts, strict=True)
    return np.concatenate(values), np.concatenate(bought), np.concatenate(request)


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


def recall_section(found: list[Competing]) -> Section:
    """Return which share of what was bought is among the candidates: no order of them can find more."""
    title = "Candidates"
    if not found:
        return missing("candidates", title, "Nothing was held out that could be looked for.")
    text = (
        "A carousel can only show what its sources offer. The recall of the candidates is the ceiling of everything after; a source's own "
        "recall counts what it finds by itself, whatever the others find.",
    )
    head = (
        "task and carousel",
        "ordered by",
        "requests",
        "candidates a request",
        "recall of all",
        "recall of each source",
    )
    rows = []
    for one in found:
        sources = sorted(one.by_source.items(), key=lambda item: -item[1])
        told = ", ".join(f"{name} {share(count / max(one.wanted, 1))}" for name, count in sources)
        by = f"ranker {one.ranker}" if one.ranker else "the blend"
        recall = share(one.found / max(one.wanted, 1))
        rows.append((f"{one.task}: {one.carousel}", by, f"{one.requests:,}", f"{one.per_request:.0f}", recall, told))
    return Section(
        "candidates", title, text, (), (Table("Share of what was bought that is among the candidates", head, rows),)
    )
