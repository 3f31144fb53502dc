"""Judge a version through the serving engine: every row of every task in one asking, compared with what was bought."""

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.artifact import read_manifest
from models.distinct import distinct
from models.registry import Registry
from models.schema import UNKNOWN, Bools, Doubles, Longs
from models.shop import Shop
from training.baselines import BASELINE as BASELINE  # part of this module: whoever reads results looks for it
from training.baselines import SHUFFLED, SHUFFLED_TITLE, SIMPLE, rows_of, with_rules_of_thumb
from training.groups import groups_of
from training.held_out import Split
from training.judge_ask import ask
from training.judge_candidates import Candidates, candidates_of
from training.judge_new import ARRIVALS, NewProducts, new_products
from training.judge_page import ALIKE, Likeness, NearPage, near_page
from training.metrics.bootstrap import Interval, mean_interval
from training.metrics.by_user import scores
from training.progress import Progress
from training.read.shop_data import ShopData
from training.shop_toml import shop_toml
from training.split import TASKS, Requests

BESIDE = (("discovery", ARRIVALS), ("complements", ALIKE))
"""Tasks whose requests another carousel is asked too, for figures that are not the task's."""
Shown = dict[tuple[str, str], Longs]
"""(task, row) -> (n_requests, depth) product rows."""


@dataclass(frozen=True, slots=True)
class Group:
    """How the task's own carousel did for one group of shoppers."""

    users: int
    measures: dict[str, Interval]
    difference: dict[str, Interval]
    """Each measure less that of the simple rule, shopper by shopper."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one carousel did in one task."""

    task: str
    carousel: str
    requests: int
    users: int
    measures: dict[str, Interval]
    """recall@10, ndcg@10 and hit@10: means over users with 95 % intervals."""
    coverage: float
    """Share of the catalogue's products that some answer showed."""
    row: str = ""
    """Empty for the task's own carousel, else what it is compared with: bestsellers, simple or shuffled."""
    difference: dict[str, Interval] = field(default_factory=dict)
    """Each measure of the task's own carousel less this one's, shopper by shopper; empty for its own."""
    groups: dict[str, Group] = field(default_factory=dict)
    """By group of shoppers; of the task's own carousel only."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was found out about a version; empty where nothing could be asked."""

    results: tuple[Result, ...] = ()
    """By task; the first row of each is its own carousel."""
    new: NewProducts | None = None
    near: tuple[NearPage, ...] = ()
    candidates: tuple[Candidates, ...] = ()
    """By task: what competes for the first row's places."""


def judge(
    shop: Shop, artifacts: Path, known: ShopData, split: Split, seed: int, progress: Progress, *, shuffle: bool = False
) -> Judgement:
    """Return what the live version of ``artifacts`` does with the requests of ``split``.

    Args:
        shop: the settings; its rules are left out, so that models are judged and not merchandisers.
        artifacts: the folder whose live version is judged.
        known: what that version was fitted on, and what the rows of the requests mean.
        split: requests with the truth.
        seed: of the bootstrap, and of the shuffling.
        progress: tells how far it is.
        shuffle: ask each task again, every request in another one's context.

    Raises:
        RecsvcError: the engine did not answer.
    """
    lists = show(shop, artifacts, known, split, seed, progress, shuffle=shuffle)
    live = Registry(artifacts).current()
    candidates = candidates_of(shop, live, known, split.requests) if live is not None else ()
    return replace(judged(shop, known, split, lists, seed), candidates=candidates)


def show(
    shop: Shop, artifacts: Path, known: ShopData, split: Split, seed: int, progress: Progress, *, shuffle: bool = False
) -> Shown:
    """Return what the engine answers in each row of each task, and in the carousels beside them; see ``judge``."""
    tasks = {task.task: task for task in split.requests}
    ranked = _ranked(shop, artifacts)
    asked = {
        (task.task, row): found
        for task in split.requests
        for row, found in rows_of(task, seed, shuffle, task.task in ranked).items()
    }
    asked |= {(name, other): (tasks[name], other) for name, other in BESIDE if name in tasks}
    with tempfile.TemporaryDirectory(prefix="recsvc-judge-") as folder:
        toml = Path(folder) / "shop.toml"
        toml.write_text(shop_toml(with_rules_of_thumb(shop)), "utf-8")
        return dict(zip(asked, ask(toml, artifacts, known, list(asked.values()), progress), strict=True))


def judged(shop: Shop, known: ShopData, split: Split, lists: Shown, seed: int) -> Judgement:
    """Return how the ``lists`` compare with what was bought."""
    tasks = {task.task: task for task in split.requests}
    results = [
        result
        for task in split.requests
        for result in _results(
            task, _of(lists, task.task), groups_of(known.purchases, task), len(known.products), shop, seed
        )
    ]
    return Judgement(tuple(results), _new(tasks, lists, known, split.until), _near(tasks, lists, known, split.until))


def _ranked(shop: Shop, artifacts: Path) -> set[str]:
    """Return the tasks whose carousel a ranker of the live version orders."""
    live = Registry(artifacts).current()
    rankers = read_manifest(live).config.get("rankers", ()) if live is not None else ()
    return {task for task, carousel in TASKS.items() if shop.carousels[carousel].ranker in rankers}


def _of(lists: Shown, task: str) -> dict[str, Longs]:
    return {row: shown for (name, row), shown in lists.items() if name == task and (name, row) not in BESIDE}


def _results(
    task: Requests, lists: dict[str, Longs], groups: dict[str, Bools], n_products: int, shop: Shop, seed: int
) -> list[Result]:
    rounds = shop.evaluation.rounds
    found = {row: scores(task, shown, n_products) for row, shown in lists.items()}
    titles = {row: carousel for row, (_, carousel) in rows_of(task, seed, False, True).items()} | {
        SHUFFLED: SHUFFLED_TITLE
    }
    told = {
        name: Group(
            int(mask.sum()),
            intervals({measure: values[mask] for measure, values in found[""].items()}, rounds, seed),
            intervals(
                {measure: values[mask] for measure, values in less(found[""], found[SIMPLE]).items()}, rounds, seed
            ),
        )
        for name, mask in groups.items()
    }
    return [
        Result(
            task.task,
            titles[row],
            len(task),
            len(distinct(task.user)),
            intervals(found[row], rounds, seed),
            len(distinct(shown[shown != UNKNOWN])) / max(n_products, 1),
            row,
            intervals(less(found[""], found[row]), rounds, seed) if row else {},
            {} if row else told,
        )
        for row, shown in lists.items()
    ]


def less(one: dict[str, Doubles], other: dict[str, Doubles]) -> dict[str, Doubles]:
    """Return each measure of ``one`` less that of ``other``, user by user."""
    return {measure: values - other[measure] for measure, values in one.items()}


def intervals(values: dict[str, Doubles], rounds: int, seed: int) -> dict[str, Interval]:
    """Return the mean of the (n_users,) values of each measure with its interval."""
    return {measure: mean_interval(found, rounds, seed) for measure, found in values.items()}


def _new(tasks: dict[str, Requests], lists: Shown, known: ShopData, start: int) -> NewProducts | None:
    name, beside = BESIDE[0]
    if name not in tasks:
        return None
    shown = {TASKS[name]: lists[name, ""], beside: lists[name, beside]}
    return new_products(known.purchases, start, tasks[name], shown)


def _near(tasks: dict[str, Requests], lists: Shown, known: ShopData, until: int) -> tuple[NearPage, ...]:
    name, beside = BESIDE[1]
    if name not in tasks:
        return ()
    shown = {TASKS[name]: lists[name, ""], beside: lists[name, beside]}
    return tuple(near_page(tasks[name], shown, Likeness.of(known, until)))
