"""Settings and blends that training chooses: better by more than noise, on the past alone, never against shop.toml."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.buy_again import BuyAgain
from models.ease import Ease
from models.popularity import Popularity
from models.schema import DAY, NO_ROWS, UNKNOWN, Context, Doubles
from models.shop import Shop, read_shop
from models.sources import new_models
from recsvc.loading import load_engine
from stand_ins import write_stand_in
from training.choose.blends import search
from training.choose.choice import lines_of, taken_over
from training.choose.choose import choose
from training.choose.gain import gain
from training.choose.offers import Offers, offers_of
from training.choose.pasts import past_of, windows_of
from training.choose.plan import Size, Trial, fit_seconds
from training.choose.settings import as_table, try_setting, with_value
from training.held_out import known_until, suited
from training.pipeline import Options, end_of, read, run
from training.progress import SILENT
from training.read.shop_data import ShopData
from training.split import Requests

NOW = 1_790_000_000
QUICK = "[training]\nranker = false\nthreads = 1\nbudget_minutes = 0.3\n[evaluation]\nusers = 100\nrounds = 100\n"


def told(name: str, folder: Path, more: str = QUICK) -> tuple[Shop, ShopData, int]:
    shop = read_shop(write_stand_in(name, folder, more))
    data = read(shop, Options(folder / "artifacts", NOW, NOW), None, SILENT)
    until = end_of(data, None)
    return suited(shop, data, until), data, until


def offers(scores: list[list[list[float]]], right: list[list[bool]]) -> Offers:
    """Return what sources "a", "b", … offer; every request is another shopper's, and all that is right is offered."""
    bought, n = np.array(right), len(right)
    nobody = np.full(n, UNKNOWN, np.int32)
    truth = tuple(np.flatnonzero(row).astype(np.int32) for row in bought)
    asked = Requests("discovery", np.arange(n, dtype=np.int32), True, nobody, nobody, np.zeros(n, np.int64), truth)
    names = tuple("abcdef"[: len(scores)])
    return Offers(asked, names, np.array(scores, np.float32), bought, bought.sum(axis=1))


def test_a_gain_is_sure_where_it_is_many_errors_wide() -> None:
    """A hundred shoppers who all gain a little are surer than one who gains much."""
    flat: Doubles = np.zeros(100)
    one = flat.copy()
    one[0] = 5.0
    assert gain([flat + 0.01 * np.arange(100)], [flat]).sure
    assert not gain([one], [flat]).sure
    assert not gain([flat], [flat]).sure
    assert gain([one, flat], [flat, flat]).mean == pytest.approx(0.025)


def test_the_gain_of_a_blend_is_its_ndcg_by_shopper() -> None:
    """Source a puts the right product first, b second of two: 1 and 1 / log2(3)."""
    both = offers([[[0.9, 0.1]], [[0.1, 0.9]]], [[True, False]])
    assert both.gains({"a": 1.0}).tolist() == [1.0]
    assert both.gains({"b": 1.0}).tolist() == pytest.approx([1 / np.log2(3)])
    assert both.gains({"a": 1.0, "b": 2.0}).tolist() == pytest.approx([1 / np.log2(3)])


def test_a_source_that_knows_comes_into_the_blend_and_one_that_misleads_leaves() -> None:
    """Fifty shoppers each want another product; a is wrong for all, c knows."""
    rng = np.random.default_rng(1)
    right = np.zeros((50, 20), np.bool_)
    right[np.arange(50), rng.integers(0, 20, 50)] = True
    noise = rng.random((50, 20)) * ~right
    tasks = [
        offers([noise.tolist(), (rng.random((50, 20)) * 0.1).tolist(), right.astype(float).tolist()], right.tolist())
    ]
    found = search({"a": 1.0, "b": 1.0}, ("a", "b", "c"), tasks)
    assert "c" in found.weights
    assert found.gain.sure
    assert found.found > 0.95


def test_noise_moves_no_weight() -> None:
    """Three sources of random numbers: the blend stays what it was, to the last digit."""
    rng = np.random.default_rng(2)
    right = rng.random((80, 30)) < 0.1
    right[:, 0] |= ~right.any(axis=1)
    tasks = [offers([rng.random((80, 30)).tolist() for _ in range(3)], right.tolist())]
    assert search({"a": 1.0, "b": 0.3}, ("a", "b", "c"), tasks).weights == {"a": 1.0, "b": 0.3}


def test_a_setting_is_followed_in_the_direction_that_helps_as_far_as_it_does() -> None:
    """The best half-life is 20 days: 40 and 20 are tried and taken, 10 is worse and ends it; so is 160."""
    asked: list[float] = []

    def judged(model: object) -> Doubles:
        asked.append(model.half_life)  # type: ignore[attr-defined]
        return np.full(50, 1.0) - abs(np.log2(asked[-1] / 20.0)) / 10 + np.arange(50) / 1e6

    trial, model = Trial("buy-again", "half_life", (0.5, 2.0)), BuyAgain(half_life=80.0)
    found = try_setting(model, trial, np.full(50, 0.8), judged, lambda _: True)
    assert asked == [40.0, 20.0, 10.0, 160.0]
    assert (found.default, found.chosen) == (80.0, 20.0)
    asked.clear()
    poor = try_setting(model, trial, np.full(50, 0.8), judged, lambda _: False)
    assert asked == []
    assert poor.chosen == 80.0, "nothing is tried that the budget has nothing left for"


def test_settings_reach_inside_of_a_weighting() -> None:
    """They come back as shop.toml has them, and the other values of the table stay."""
    model = with_value(Ease(), "weighting.binary", True)
    assert isinstance(model, Ease)
    assert (model.weighting.binary, model.weighting.half_life) == (True, 365.0)
    assert as_table({"weighting.binary": True, "length": 3}) == {"weighting": {"binary": True}, "length": 3}


def test_no_past_reaches_into_the_judged_days(tmp_path: Path) -> None:
    """Nothing known is bought after a window's beginning, nothing asked at its end or later; windows do not overlap."""
    shop, data, until = told("gift-shop", tmp_path)
    since = known_until(data.purchases, shop, until)
    windows = windows_of(shop, data, until, 3)
    assert windows[0][1] == since < until
    assert all(later[0] >= earlier[1] for later, earlier in pairwise(windows))
    for window in windows:
        past = past_of(shop, data, until, window, 100, 1)
        assert past.bundle.purchases.time.max() < window[0] == past.bundle.until
        assert all(window[0] <= one.at.min() and one.at.max() < window[1] for one in past.requests.values())
        histories = [context.history for contexts in past.contexts.values() for context in contexts]
        assert all(history.time[-1] < window[0] for history in histories if len(history))


def test_what_is_offered_leaves_out_what_the_carousel_leaves_out(tmp_path: Path) -> None:
    """Nothing bought before where the carousel excludes it, and never the page's own product."""
    shop, data, until = told("supermarket", tmp_path)
    past = past_of(shop, data, until, (0, 1), 60, 1)
    models = {"popularity": Popularity().fit(past.bundle)}
    for task, carousel in (("discovery", "you-may-also-like"), ("complements", "bought-together")):
        found = offers_of(models, ("popularity",), shop.carousels[carousel], past.requests[task], past.contexts[task])
        n = past.bundle.purchases.n_products
        context: Context = past.contexts[task][0]
        out = {*np.unique(context.history.product).tolist()} if task == "discovery" else {context.page}
        assert int((found.scores[0, 0] > 0).sum()) <= n - len(out - {UNKNOWN})
    assert NO_ROWS.size == 0


def test_what_shop_toml_says_is_never_chosen_against(tmp_path: Path) -> None:
    """Written sources and settings come out as they went in, and are not even tried."""
    more = QUICK + "[models.ease]\nregularization = 123.0\n[carousels.for-you]\nsources = { popularity = 1.0 }\n"
    shop, data, until = told("set", tmp_path, more)
    chosen, choice = choose(shop, data, until, 1, SILENT)
    assert chosen.carousels["for-you"].sources == {"popularity": 1.0}
    assert chosen.models["ease"]["regularization"] == 123.0
    assert ("ease", "regularization") not in {(one.source, one.setting) for one in choice.settings}
    assert "for-you" not in choice.blends


def test_the_plan_knows_no_clock_and_a_small_budget_tries_nothing(tmp_path: Path) -> None:
    """Twice the same in every number; a budget for less than one fit leaves all defaults, and says why."""
    shop, data, until = told("set", tmp_path, QUICK)
    first, second = (choose(shop, data, until, 1, SILENT)[1].plain() for _ in range(2))
    assert first == second
    assert first["estimated_seconds"] <= first["allowed_seconds"] == 1.8
    poor = shop.model_copy(update={"training": shop.training.model_copy(update={"budget_minutes": 0.001})})
    same, why = choose(poor, data, until, 1, SILENT)
    assert same == poor
    assert "raise budget_minutes" in str(why.why_not)
    assert "raise budget_minutes" in next(lines_of(why.plain()))


def test_a_version_serves_the_blend_that_was_chosen_for_it(tmp_path: Path) -> None:
    """Settled in the manifest, told in it and to people; a blend that shop.toml writes later counts instead."""
    path = write_stand_in("set", tmp_path, QUICK)
    shop = read_shop(path)
    report = run(shop, Options(tmp_path / "artifacts", NOW, NOW), SILENT)
    assert report.choice is not None
    blends = report.manifest.config["blends"]
    assert report.manifest.config["choice"] == report.choice["choice"]
    assert (
        blends == report.choice["blends"] == {k: one["sources"] for k, one in report.choice["choice"]["blends"].items()}
    )
    changed = {**blends, "for-you": {"trending": 7.0}}
    assert shop.with_blends(changed).carousels["for-you"].sources == {"trending": 7.0}
    served = load_engine(shop, report.folder, None, lambda: NOW).snapshot.shop
    assert {name: served.carousels[name].sources for name in blends} == blends
    path.write_text(path.read_text() + "[carousels.for-you]\nsources = { popularity = 1.0 }\n")
    assert load_engine(read_shop(path), report.folder, None, lambda: NOW).snapshot.shop.carousels[
        "for-you"
    ].sources == {"popularity": 1.0}
    assert any("core-seconds" in line for line in lines_of(report.choice["choice"]))


def test_a_nightly_run_takes_over_what_was_chosen_but_not_against_shop_toml(tmp_path: Path) -> None:
    """Settings and blends of the live version's manifest; what is written in the meantime counts."""
    setting = {"model": "ease", "setting": "weighting.binary", "default": False, "chosen": True}
    kept = {
        "blends": {"for-you": {"als": 1.0}},
        "choice": {"settings": [setting, {**setting, "setting": "length", "chosen": False}]},
    }
    path = write_stand_in("set", tmp_path)
    shop = taken_over(read_shop(path), kept)
    assert shop.models == {"ease": {"weighting": {"binary": True}}}
    assert shop.carousels["for-you"].sources == {"als": 1.0}
    path.write_text(path.read_text() + "[models.ease]\nweighting = { binary = false, half_life = 9.0 }\n")
    assert taken_over(read_shop(path), kept).models == {"ease": {"weighting": {"binary": False, "half_life": 9.0}}}


def test_more_data_is_estimated_to_take_longer() -> None:
    """Every model, by shoppers, products and lines."""
    small, large = Size(1000, 500, 20_000, 1e6), Size(100_000, 50_000, 5_000_000, 1e9)
    assert all(fit_seconds(one, small) < fit_seconds(one, large) for one in new_models().values())
    assert replace(small, users=2000) != small
    assert DAY == 86_400
