"""The judge: what it reports is what the serving engine answers, counted by hand."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import pytest

from models.errors import RecsvcError
from models.schema import DAY, UNKNOWN
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.loading import load_engine
from tiny_shop import TinyShop
from training.judge import BASELINE, DEPTH, Result, judge, metrics_of, table
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data
from training.split import TASKS, Requests, make_requests


@dataclass(frozen=True, slots=True)
class Judged:
    """A judging, and what it was made from."""

    data: ShopData
    tasks: list[Requests]
    engine: Engine
    results: list[Result]


@pytest.fixture(scope="module")
def judged(trained_shop: TinyShop) -> Judged:
    """The tiny shop's version, judged for 20 shoppers; by hand the same version is asked in this process."""
    shop, end = trained_shop.shop, trained_shop.clock()
    data = read_shop_data(shop, until=None, now=end, rejects=None, progress=SILENT)
    tasks = make_requests(data.purchases, end - 14 * DAY, end, 20, 1)
    results = judge(shop, trained_shop.artifacts, data, tasks, 1, SILENT)
    return Judged(data, tasks, load_engine(shop, trained_shop.report.folder, None, trained_shop.clock), results)


def asks(data: ShopData, task: Requests) -> Iterator[tuple[Ask, set[str]]]:
    """Yield each request of a task as it is asked, and what was bought."""
    for row, truth in enumerate(task.truth):
        page, store = int(task.page[row]), int(task.store[row])
        ask = Ask(
            user_id=data.users.id(int(task.user[row])) if task.known else None,
            product_id=None if page == UNKNOWN else data.products.id(page),
            store_id=None if store == UNKNOWN else data.stores.id(store),
            at=int(task.at[row]),
            size=DEPTH,
        )
        yield ask, {data.products.id(int(product)) for product in truth}


def by_hand(judged: Judged, task: Requests, carousel: str) -> tuple[dict[str, float], float]:
    """Return the means over shoppers of each measure, and the share of products shown, by plain loops."""
    scores: dict[str, dict[int, list[float]]] = {name: defaultdict(list) for name in ("recall@10", "ndcg@10", "hit@10")}
    shown: set[str] = set()
    for user, (ask, truth) in zip(task.user.tolist(), asks(judged.data, task), strict=True):
        products = [item.product_id for item in judged.engine.carousel(carousel, ask).items]
        shown.update(products)
        gain = sum(1 / math.log2(place + 2) for place, product in enumerate(products) if product in truth)
        best = sum(1 / math.log2(place + 2) for place in range(min(DEPTH, len(truth))))
        found = truth & set(products)
        for name, value in (
            ("recall@10", len(found) / len(truth)),
            ("ndcg@10", gain / best),
            ("hit@10", float(bool(found))),
        ):
            scores[name][user].append(value)
    means = {name: fmean(fmean(values) for values in users.values()) for name, users in scores.items()}
    return means, len(shown) / len(judged.data.products)


def test_the_figures_are_what_the_engine_answers(judged: Judged) -> None:
    """Each task, for its carousel and for the bestsellers; rules are left out, so that a hidden product is found too."""
    results = {(result.task, result.carousel): result for result in judged.results}
    assert set(results) == {(task.task, name) for task in judged.tasks for name in (TASKS[task.task], BASELINE)}
    for task in judged.tasks:
        for carousel in (TASKS[task.task], BASELINE):
            means, coverage = by_hand(judged, task, carousel)
            result = results[task.task, carousel]
            assert {name: one.mean for name, one in result.measures.items()} == pytest.approx(means)
            assert result.coverage == pytest.approx(coverage)
            assert (result.requests, result.users) == (len(task), len(set(task.user.tolist()))) == (20, 20)


def test_the_models_beat_the_bestsellers_where_the_shop_has_taste(trained_shop: TinyShop) -> None:
    """Shoppers of the tiny shop buy their own four again and again, and versions that never saw the window find them."""
    found = {(result.task, result.carousel): result.measures["ndcg@10"] for result in trained_shop.report.results}
    for task in ("next-order", "completing"):
        assert found[task, TASKS[task]].low > found[task, BASELINE].high


def test_the_manifest_keeps_the_figures_by_task_with_the_baseline_beside(trained_shop: TinyShop) -> None:
    """Plain numbers, rounded, with their interval."""
    told = metrics_of(trained_shop.report.results)
    assert told == trained_shop.report.manifest.metrics
    assert list(told) == [
        name for task in ("next-order", "complements", "completing") for name in (task, f"{task}/{BASELINE}")
    ]
    mean, low, high = told["next-order"]["ndcg@10"]  # type: ignore[index]
    assert low <= mean <= high
    assert told["next-order"]["carousel"] == "for-you"  # type: ignore[index]


def test_the_table_has_a_line_for_each_result(judged: Judged) -> None:
    """Aligned under its head; without results it says why."""
    head, *lines = table(judged.results).splitlines()
    assert len(lines) == len(judged.results)
    assert lines[0].index("0.") == head.index("recall@10") or lines[0].index("1.") == head.index("recall@10")
    assert "nothing to judge" in table([])


def test_an_engine_that_does_not_answer_is_told_with_its_own_words(
    judged: Judged, trained_shop: TinyShop, tmp_path: Path
) -> None:
    """Nothing is published in the folder: the message is that of the command, not a traceback."""
    with pytest.raises(RecsvcError, match=r"recsvc batch failed \(1\): recsvc: .* no trained version is published"):
        judge(trained_shop.shop, tmp_path, judged.data, judged.tasks[:1], 1, SILENT)
