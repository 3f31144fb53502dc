"""The judge: what it reports is what the serving engine answers, counted by hand."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import pytest

from models.columns import number_column, text_column
from models.errors import RecsvcError
from models.schema import DAY, UNKNOWN
from recsvc.asking import Ask
from recsvc.batch_files import open_requests
from recsvc.carousel import Engine
from recsvc.forms import check, form_for, to_ask
from recsvc.loading import load_engine
from tiny_shop import TinyShop, product_rows
from training.baselines import BASELINE, RULES, SHUFFLED, SIMPLE, rows_of, with_rules_of_thumb
from training.held_out import Split
from training.judge import Judgement, Result, judge
from training.judge_ask import DEPTH, write_requests
from training.judge_new import ARRIVALS
from training.judge_page import ALIKE, TRUTH
from training.judge_table import metrics_of
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data
from training.split import TASKS, Requests, make_requests

BESIDE = (f"/{BASELINE}", f"/{SIMPLE}")
KINDS = {"loyalty_app": "categorical", "weather": "numeric"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A judging, and what it was made from."""

    data: ShopData
    split: Split
    engine: Engine
    judgement: Judgement

    @property
    def tasks(self) -> list[Requests]:
        """What was asked."""
        return self.split.requests

    def result(self, task: str, row: str = "") -> Result:
        """Return one row of one task."""
        return next(one for one in self.judgement.results if (one.task, one.row) == (task, row))


@pytest.fixture(scope="module")
def judged(trained_shop: TinyShop) -> Judged:
    """The tiny shop's version, judged for 20 shoppers; by hand the same version is asked in this process.

    Nobody discovers anything in its last two weeks: the next orders stand for what was discovered.
    """
    shop, end = trained_shop.shop, trained_shop.clock()
    start = end - 14 * DAY
    data = read_shop_data(shop, until=None, now=end, rejects=None, progress=SILENT)
    tasks = make_requests(data.purchases, start, end, 20, 1)
    split = Split(
        data.purchases.where(data.purchases.time < start), [*tasks, replace(tasks[0], task="discovery")], start
    )
    known = replace(data, purchases=split.known)
    judgement = judge(shop, trained_shop.artifacts, known, split, 1, SILENT, shuffle=True)
    told = with_rules_of_thumb(shop)
    return Judged(known, split, load_engine(told, trained_shop.report.folder, None, trained_shop.clock), judgement)


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
    """Each task for each of its rows; the merchandiser's rules are left out, so that a hidden product is found too."""
    rows = ["", BASELINE, SIMPLE, SHUFFLED]
    assert [(r.task, r.row) for r in judged.judgement.results] == [(t.task, row) for t in judged.tasks for row in rows]
    for task in judged.tasks:
        asked = rows_of(task, 1, True)
        for row in rows:
            means, coverage = by_hand(judged, *asked[row])
            result = judged.result(task.task, row)
            assert {name: one.mean for name, one in result.measures.items()} == pytest.approx(means)
            assert result.coverage == pytest.approx(coverage)
            assert (result.requests, result.users) == (len(task), len(set(task.user.tolist()))) == (20, 20)


def test_each_other_row_tells_how_far_the_carousel_lies_before_it(judged: Judged) -> None:
    """The mean of paired differences is the difference of the means; the pairs make the interval narrower."""
    for task in judged.tasks:
        own = judged.result(task.task)
        assert own.difference == {}
        for row in (BASELINE, SIMPLE, SHUFFLED):
            other = judged.result(task.task, row)
            for name, gap in other.difference.items():
                assert gap.mean == pytest.approx(own.measures[name].mean - other.measures[name].mean)
                assert gap.low <= gap.mean <= gap.high
    gap, one, other = (
        judged.result("next-order", SIMPLE).difference["ndcg@10"],
        *(judged.result("next-order", row).measures["ndcg@10"] for row in ("", SIMPLE)),
    )
    assert gap.high - gap.low < (one.high - one.low) + (other.high - other.low)


def test_the_simple_rows_are_named_by_their_rule(judged: Judged) -> None:
    """Own frequency for the next order, and so on; a shuffled row is the carousel's own."""
    for task in judged.tasks:
        titles = [judged.result(task.task, row).carousel for row in ("", BASELINE, SIMPLE, SHUFFLED)]
        assert titles == [TASKS[task.task], BASELINE, RULES[task.task][0], "context shuffled"]


def test_each_group_of_shoppers_has_figures_of_its_own(judged: Judged) -> None:
    """All twenty have bought more than ten times: the group's figures are those of all."""
    for task in judged.tasks:
        own, simple = judged.result(task.task), judged.result(task.task, SIMPLE)
        assert list(own.groups) == ["many"]
        many = own.groups["many"]
        assert (many.users, many.measures, many.difference) == (20, own.measures, simple.difference)
        assert simple.groups == {}


def test_new_products_and_pages_are_judged_by_the_same_lists(judged: Judged) -> None:
    """Nothing in the tiny shop is new; what lies beside the pages is what the engine answers."""
    new, near = judged.judgement.new, {row.row: row for row in judged.judgement.near}
    assert new is not None
    assert (new.products, new.bought, new.share) == (0, 0, 0)
    assert [(one.carousel, one.found, one.slots) for one in new.lists] == [
        ("you-may-also-like", 0, 0),
        (ARRIVALS, 0, 0),
    ]
    task = next(task for task in judged.tasks if task.task == "complements")
    kind = {row[0]: row[2] for row in product_rows()}
    assert set(near) == {"bought-together", ALIKE, TRUTH}
    for carousel in ("bought-together", ALIKE):
        pairs = [
            (ask.product_id or "", item.product_id)
            for ask, _ in asks(judged.data, task)
            for item in judged.engine.carousel(carousel, ask).items
        ]
        assert near[carousel].pairs == len(pairs)
        assert near[carousel].category == pytest.approx(fmean(kind[page] == kind[other] for page, other in pairs))
    truth = [(ask.product_id or "", other) for ask, found in asks(judged.data, task) for other in found]
    assert near[TRUTH].category == pytest.approx(fmean(kind[page] == kind[other] for page, other in truth))


def test_the_context_of_a_request_is_written_as_the_service_takes_it(judged: Judged, tmp_path: Path) -> None:
    """Texts and numbers arrive as they were, blanks are left out, and a task without fields asks without them."""
    first, second = judged.tasks[:2]
    n = len(first)
    apps = [None if row % 3 == 0 else f"app {row}|é" for row in range(n)]
    degrees = [None if row % 2 else row / 3 - 1 for row in range(n)]
    fields = {"loyalty_app": text_column(apps), "weather": number_column(degrees), "device": text_column([None] * n)}
    told = replace(first, fields=fields)
    write_requests(tmp_path / "requests.parquet", judged.data, [(told, "for-you"), (second, "for-you")])
    opened = open_requests(tmp_path / "requests.parquet")
    assert opened.columns[-3:] == ("device", "loyalty_app", "weather")
    shop = judged.engine.snapshot.shop
    shop = shop.model_copy(update={"context": shop.context.model_copy(update={"fields": KINDS})})
    asked = [to_ask(check(form_for(shop), given(row.values), typed=False), shop) for row in opened.rows()]
    assert [ask.fields for ask in asked] == [*(told.fields_of(row) for row in range(n)), *[{}] * len(second)]
    assert asked[2].fields == {"loyalty_app": "app 2|é", "weather": 2 / 3 - 1}
    assert [replace(ask, fields={}) for ask in asked[:n]] == [ask for ask, _ in asks(judged.data, first)]


def given(values: Mapping[str, str | None]) -> dict[str, str]:
    """Return what a row gives of the request."""
    return {name: value for name, value in values.items() if value and name not in ("request_id", "carousel")}


def test_the_engine_answers_requests_with_context(judged: Judged, trained_shop: TinyShop) -> None:
    """No row is refused: fields that no model reads leave the figures as they are."""
    task = judged.tasks[0]
    fields = {name: text_column(["mobile"] * len(task)) for name in ("loyalty_app", "device", "referrer", "campaign")}
    split = replace(judged.split, requests=[replace(task, fields=fields)])
    results = judge(trained_shop.shop, trained_shop.artifacts, judged.data, split, 1, SILENT).results
    assert results == judged.judgement.results[:3]


def test_the_store_of_the_service_has_no_say(
    judged: Judged, trained_shop: TinyShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Today's stock and events are no part of a past week, and an environment may name a store that comes later."""
    monkeypatch.setenv("RECSVC_STORE", f"sqlite:///{tmp_path}/later.db")
    split = replace(judged.split, requests=judged.tasks[:1])
    results = judge(trained_shop.shop, trained_shop.artifacts, judged.data, split, 1, SILENT).results
    assert results == judged.judgement.results[:3]


def test_the_models_beat_the_bestsellers_where_the_shop_has_taste(trained_shop: TinyShop) -> None:
    """Shoppers of the tiny shop buy their own four again and again, and versions that never saw the window find them."""
    found = {(result.task, result.carousel): result.measures["ndcg@10"] for result in trained_shop.report.results}
    for task in ("next-order", "completing"):
        assert found[task, TASKS[task]].low > found[task, BASELINE].high


def test_the_manifest_keeps_the_figures_by_task_with_the_baseline_beside(trained_shop: TinyShop) -> None:
    """Plain numbers, rounded, with their interval."""
    told = metrics_of(trained_shop.report.judgement)
    assert told == trained_shop.report.manifest.metrics
    tasks = [f"{task}{row}" for task in ("next-order", "complements", "completing") for row in ("", *BESIDE)]
    assert list(told) == [*tasks, "products/near the page", "products/candidates"]
    mean, low, high = told["next-order"]["ndcg@10"]  # type: ignore[index]
    assert low <= mean <= high
    assert told["next-order"]["carousel"] == "for-you"  # type: ignore[index]


def test_an_engine_that_does_not_answer_is_told_with_its_own_words(
    judged: Judged, trained_shop: TinyShop, tmp_path: Path
) -> None:
    """Nothing is published in the folder: the message is that of the command, not a traceback."""
    with pytest.raises(RecsvcError, match=r"recsvc batch failed \(1\): recsvc: .* no trained version is published"):
        judge(trained_shop.shop, tmp_path, judged.data, judged.split, 1, SILENT)
