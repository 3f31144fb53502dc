"""Shops of other shapes: five lines of shop.toml, and out come carousels that beat the bestsellers by an honest judgement."""

import json
from pathlib import Path

import pytest

from models.artifact import open_artifact
from models.shop import read_shop
from recsvc.asking import Ask
from recsvc.loading import load_engine
from stand_ins import STAND_INS, write_stand_in
from training.baselines import BLEND as BLEND_ROW
from training.judge import BASELINE, Result
from training.pipeline import Options, Report, run
from training.progress import SILENT
from training.split import TASKS
from training.windows import TASKS_OF

NOW = 1_790_000_000
JUDGED = {
    "supermarket": ("next-order", "discovery", "complements", "completing"),
    "gift-shop": ("next-order", "discovery", "complements", "completing"),
    "set": ("discovery",),
    "context-log": ("next-order", "discovery"),
    "sessions": ("next-order", "complements", "completing", "session"),
}
"""What each shop can be asked at least."""
WITHOUT = {
    "set": ("next-order", "complements", "completing", "session"),
    "context-log": ("complements", "completing", "session"),
    "sessions": ("discovery",),
}
"""What it cannot be asked."""
WON = {
    "supermarket": ("next-order", "discovery", "complements", "completing"),
    "gift-shop": ("discovery", "complements"),
    "set": ("discovery",),
    "context-log": ("next-order",),
    "sessions": ("complements", "completing", "session"),
}
"""Where the blends win by more than their intervals; for a shopper whom nobody knows, nothing beats the bestsellers."""
RANKED = {"set": (), "context-log": ("next-order",)}
"""Where the rankers, which learn what a shop is like, win against the blends."""
BLEND = "[training]\nranker = false\nchoose = false\n"
RANKER = (
    "[training]\nranker = true\nchoose = false\nwindows = 2\nthreads = 1\n[evaluation]\nusers = 200\nrounds = 100\n"
)


def trained(name: str, folder: Path, more: str = "") -> Report:
    """Train a stand-in as an engineer would; the machine's clock is the shop's."""
    return run(read_shop(write_stand_in(name, folder, more)), Options(folder / "artifacts", NOW, NOW), SILENT)


def by_task(results: list[Result]) -> dict[tuple[str, str], Result]:
    return {(result.task, result.carousel): result for result in results}


def wins(results: list[Result], task: str) -> bool:
    """Return whether a task's carousel lies above the bestsellers by more than the intervals of both."""
    found = by_task(results)
    return found[task, TASKS[task]].measures["ndcg@10"].low > found[task, BASELINE].measures["ndcg@10"].high


@pytest.fixture(scope="module", params=STAND_INS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Report]:
    name = str(request.param)
    folder = tmp_path_factory.mktemp(name)
    return name, folder, trained(name, folder, BLEND)


def test_a_shop_of_any_shape_is_judged_and_beats_the_bestsellers(shop: tuple[str, Path, Report]) -> None:
    """Without code or tuned settings; what it cannot be asked is not asked, and the version is published."""
    name, _, report = shop
    asked = {result.task for result in report.results}
    assert set(JUDGED[name]) <= asked
    assert not set(WITHOUT.get(name, ())) & asked
    assert all(result.users >= 80 for result in report.results if result.task in JUDGED[name])
    assert {task for task in WON[name] if not wins(report.results, task)} == set()
    assert report.published


def test_everybody_gets_full_carousels_years_after_the_data(shop: tuple[str, Path, Report]) -> None:
    """A shopper of the data, one who is new, and one who has looked at two products; the clock is that of today."""
    name, folder, report = shop
    told = read_shop(folder / "shop.toml")
    engine = load_engine(told, report.folder, None, lambda: NOW + 5 * 365 * 86_400)
    snapshot = engine.snapshot
    user, seen = snapshot.users.id(0), tuple(snapshot.catalogue.ids.id(row) for row in (0, 1))
    for ask in (Ask(user_id=user), Ask(user_id="nobody"), Ask(recent=seen), Ask(product_id=seen[0])):
        for carousel in ("for-you", "you-may-also-like", "bought-together", "bestsellers"):
            assert len(engine.carousel(carousel, ask).items) == 12, (name, ask, carousel)
    stranger, session = (engine.carousel("you-may-also-like", Ask(recent=recent)).items for recent in ((), seen))
    assert [item.product_id for item in stranger] != [item.product_id for item in session]


@pytest.mark.parametrize("name", RANKED)
def test_rankers_are_learned_without_times_too_and_kept_where_they_win(name: str, tmp_path: Path) -> None:
    """Judged is what is published; where nothing has a time the answers do not depend on the clock."""
    report = trained(name, tmp_path, RANKER)
    assert set(RANKED[name]) <= set(report.manifest.config["rankers"])
    assert {task for task in WON[name] if not wins(report.results, task)} == set()
    against = {result.task: result.difference["ndcg@10"].mean for result in report.results if result.row == BLEND_ROW}
    assert against.keys() == {
        task for ranker in report.manifest.config["rankers"] for task in TASKS_OF[ranker] if task in JUDGED[name]
    }
    told = read_shop(tmp_path / "shop.toml")
    early, late = (load_engine(told, report.folder, None, clock) for clock in (lambda: NOW, lambda: NOW + 10**8))
    for ask in (Ask(user_id=early.snapshot.users.id(row)) for row in range(5)):
        for carousel in ("for-you", "you-may-also-like", "bought-together"):
            one, other = (engine.carousel(carousel, ask).items for engine in (early, late))
            assert [(i.product_id, i.score) for i in one] == [(i.product_id, i.score) for i in other], carousel


def test_a_timeless_shop_is_trained_to_the_same_bytes(tmp_path: Path) -> None:
    """The machine's clock has no part in it."""
    files = []
    for number in (1, 2):
        told = read_shop(write_stand_in("supermarket", tmp_path / str(number)))
        options = Options(tmp_path / str(number) / "artifacts", NOW * number, NOW * number, fast=True)
        files.append(run(told, options, SILENT).manifest.files)
    assert files[0] == files[1]


def test_the_dirt_of_the_gift_shop_is_counted_by_reason(tmp_path: Path) -> None:
    """Postage, cancelled lines, a missing product, a time and a price that cannot be: none is lost without a word."""
    told = read_shop(write_stand_in("gift-shop", tmp_path))
    report = run(told, Options(tmp_path / "artifacts", NOW, NOW, fast=True), SILENT)
    facts = report.manifest.data["tables"]["purchases"]
    assert facts["refused"].keys() == {"no product_id", "time cannot be read", "price is below 0"}
    assert {"return: takes its purchase back", "purchase that was taken back"} <= facts["set_aside"].keys()
    assert facts["read"] == facts["kept"] + sum(facts["refused"].values()) + sum(facts["set_aside"].values())
    assert json.dumps(facts)
    assert (open_artifact(report.folder).group("history")["quantity"] > 0).all()
