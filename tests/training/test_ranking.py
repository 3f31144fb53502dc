"""The contextual ranker on the tiny shop: learned on past weeks, served compiled, never past the end of the data."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from models.artifact import open_artifact, read_manifest
from models.errors import ArtifactError
from models.features import features, names
from models.ranker import DEPTHS, Ranker
from models.schema import DAY, Doubles, Floats
from models.shop import Shop, read_shop
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.context import understand
from recsvc.loading import load_engine
from recsvc.overlay.apply import tell
from recsvc.overlay.told import News, Product
from recsvc.pace import Pace
from tiny_shop import TEAS, WINES, TinyShop, write_tiny_shop
from training.baselines import BLEND
from training.forest import Forest
from training.judge import Judgement, Result
from training.metrics.bootstrap import Interval
from training.pipeline import Options, learn_rankers, read, run
from training.progress import SILENT
from training.ranking import code_numbers, fit_ranker, learners, that_win, window_starts
from training.split import TASKS
from training.windows import Examples, learn_window


@pytest.fixture(scope="module")
def ranked_shop(tmp_path_factory: pytest.TempPathFactory) -> TinyShop:
    """The tiny shop, trained with its rankers on three windows."""
    folder = tmp_path_factory.mktemp("ranked")
    toml = write_tiny_shop(folder)
    toml.write_text(toml.read_text().replace("ranker = false", "ranker = true\nwindows = 3\nthreads = 1"))
    shop = read_shop(toml)
    report = run(shop, Options(folder / "artifacts", int(time.time()), shop.moment("2026-10-09 18:00")), SILENT)
    return TinyShop(folder, shop, report)


@pytest.fixture(scope="module")
def ranked_engine(ranked_shop: TinyShop) -> Engine:
    return load_engine(ranked_shop.shop, ranked_shop.report.folder, None, ranked_shop.clock)


def test_a_version_names_its_rankers_and_was_judged_with_them(ranked_shop: TinyShop) -> None:
    """Next orders have enough examples here; each ranker stands against its blend, and the one that lost is gone."""
    manifest = read_manifest(ranked_shop.report.folder)
    rankers = manifest.config["rankers"]
    assert "next-order" in rankers
    assert {"next-order", "next-order/blend", "completing"} <= set(manifest.metrics)
    assert ("completing/blend" in manifest.metrics) == ("complements" in rankers)
    won = [r.difference["ndcg@10"].mean for r in ranked_shop.report.results if (r.task, r.row) == ("next-order", BLEND)]
    assert won[0] >= 0


@pytest.mark.parametrize("name", ["for-you", "you-may-also-like", "bought-together", "buy-again"])
def test_the_candidates_come_from_all_sources_that_the_ranker_learned_from(ranked_engine: Engine, name: str) -> None:
    """Whatever a carousel's blend names: what trains is what serves."""
    carousel = ranked_engine.snapshot.shop.carousels[name]
    depths = DEPTHS[carousel.ranker or ""]
    assert set(depths) <= set(ranked_engine._sources(name, carousel, depths, Pace()))


def test_carousels_are_ordered_by_probability(ranked_engine: Engine) -> None:
    """Scores fall, lie in (0, 1), and what the shopper buys every week leads."""
    answer = ranked_engine.carousel("for-you", Ask(user_id="w0", store_id="north", size=12))
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] < scores[0] < 1
    bought = {item.product_id for item in ranked_engine.carousel("buy-again", Ask(user_id="w0", size=3)).items}
    assert bought & {item.product_id for item in answer.items[:4]}


def test_the_ranker_changes_the_order_and_not_the_promises(ranked_engine: Engine) -> None:
    """Unknown everything still gets a full carousel, and candidates alone are ranked where they are given."""
    nobody = ranked_engine.carousel("for-you", Ask(user_id="?", store_id="?", size=8))
    assert len(nobody.items) == 8
    given = ranked_engine.carousel("for-you", Ask(user_id="t1", candidates=("m-1", "t-1", "teapot")))
    assert sorted(item.product_id for item in given.items) == ["m-1", "t-1", "teapot"]


def test_a_narrow_filter_reaches_past_the_candidates_of_the_ranker(ranked_engine: Engine) -> None:
    """The tail behind the ranked candidates keeps a carousel from going empty."""
    found = ranked_engine.carousel("bought-together", Ask(product_id="00501", filter="brand == 'clay'"))
    assert [item.product_id for item in found.items] == ["teapot"]


def test_a_ranker_of_other_features_is_refused(ranked_shop: TinyShop) -> None:
    """A version from before a feature changed says: train again."""
    arrays = open_artifact(ranked_shop.report.folder).group("rankers/next-order")
    with pytest.raises(ArtifactError, match="other features"):
        Ranker.load(arrays, (*names((), {}), "one more"))


def test_windows_end_where_training_ends_and_leave_a_third_to_learn_from(ranked_shop: TinyShop) -> None:
    """The first window begins one length before the end; none reaches back beyond two thirds of the data.

    There is one more than the three that are set, for discovery.
    """
    shop, until = ranked_shop.shop, 200 * DAY
    assert window_starts(shop, until, 0) == [186 * DAY, 172 * DAY, 158 * DAY, 144 * DAY]
    assert window_starts(shop, until, 150 * DAY) == [186 * DAY, 172 * DAY]


def test_each_ranker_learns_from_as_many_windows_and_none_past_the_end() -> None:
    """Discovery's labels take two windows: it learns from those that begin one earlier."""
    learned = [learners(place, 3) for place in range(4)]
    assert learned == [["next-order", "complements"], *[["next-order", "discovery", "complements"]] * 2, ["discovery"]]


def test_of_many_examples_the_features_that_tell_something_are_read() -> None:
    """A coin stays where examples are few, and goes where they are many."""
    rng = np.random.default_rng(3)
    values = rng.random((120_000, 3)).astype(np.float32)
    values[:, 2] = values[:, 2] > 0.5
    bought = rng.random(len(values)) < np.where(values[:, 0] > 0.5, 0.7, 0.02) * np.where(values[:, 1] > 0.5, 1, 0.3)
    whole = Examples(values, bought, np.ones(len(values)), 1, 1)
    part = Examples(values[:9000], bought[:9000], np.ones(9000), 1, 1)
    labels = ("says", "says too", "coin")
    assert [fit_ranker(one, labels, {}, 1, 1).columns_.tolist() for one in (whole, part)] == [[0, 1], [0, 1, 2]]


def test_the_past_is_learned_alike(ranked_shop: TinyShop, tmp_path: Path) -> None:
    """The same data and seed give the same examples; only what was bought in the window is labelled."""
    options = Options(tmp_path, int(time.time()), ranked_shop.clock())
    data = read(ranked_shop.shop, options, None, SILENT)
    start = int(data.purchases.time.max()) + 1 - 28 * DAY
    one, other = (learn_window(data, ranked_shop.shop, start, 14, 1) for _ in range(2))
    assert list(one) == list(other)
    for name, examples in one.items():
        np.testing.assert_array_equal(examples.features, other[name].features)
        assert 0 < examples.bought.sum() <= examples.found <= examples.wanted


def test_without_the_setting_there_is_no_ranker(trained_shop: TinyShop) -> None:
    """`ranker = false` in shop.toml."""
    shop: Shop = trained_shop.shop
    options = Options(trained_shop.artifacts, int(time.time()), trained_shop.clock())
    assert learn_rankers(shop, read(shop, options, None, SILENT), options.clock, 1, SILENT) == {}


def test_a_ranker_that_loses_to_the_blend_is_left_out(trained_shop: TinyShop) -> None:
    """Over the tasks that it was judged in, together: one lost a little, the other won more."""
    judged = Judgement((_lost("next-order", -0.01), _lost("complements", -0.01), _lost("completing", 0.02)))
    rankers = dict.fromkeys(("next-order", "complements", "discovery"), Ranker())
    assert list(that_win(trained_shop.shop, rankers, judged)) == ["complements", "discovery"]


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_one_that_some_ranker_answers_for(task: str, trained_shop: TinyShop) -> None:
    """That of its carousel, whether it learned from the task or not: first orders are asked of `for-you`."""
    ranker = trained_shop.shop.carousels[TASKS[task]].ranker
    assert ranker is not None
    rankers = {ranker: Ranker(), "another": Ranker()}
    assert list(that_win(trained_shop.shop, rankers, Judgement((_lost(task, -0.01),)))) == ["another"]


def _lost(task: str, gain: float) -> Result:
    difference = {"ndcg@10": Interval(gain, gain, gain)}
    return Result(task, "any", 1, 1, {}, 0.0, BLEND, difference)


def test_a_code_becomes_how_much_more_often_it_is_bought() -> None:
    """By hand: code 1 was bought in half of its examples, no code never, both against a mean of one in five."""
    bought = np.array([1] * 500 + [0] * 500 + [0] * 1500, np.bool_)
    examples = Examples(np.empty((2500, 0), np.float32), bought, np.ones(2500), 0, 0)
    codes = np.array([1.0] * 1000 + [-1.0] * 1500, np.float32)
    numbers = code_numbers(codes, examples)
    assert numbers.tolist() == pytest.approx([np.log(10 / 1550 / 0.2), 0.0, np.log(510 / 1050 / 0.2)], abs=1e-5)


def test_a_code_never_seen_counts_as_no_value() -> None:
    """Encoding keeps the columns that training knew, and turns codes into their numbers."""
    ranker = Ranker(np.array([1], np.int32), ("a", "b"), {1: np.array([0.5, 1.0, 2.0], np.float32)})
    features = np.array([[9, -1], [9, 0], [9, 1], [9, 7]], np.float32)
    assert ranker.encode(features)[:, 0].tolist() == [0.5, 1.0, 2.0, 0.5]


def told(engine: Engine, product_id: str, *, whole: bool = True, **attributes: str | float) -> Engine:
    """Return the engine once the store told of a product."""
    clock = engine.snapshot.clock()
    return Engine(tell(engine.snapshot, News([Product(product_id, attributes, whole, clock)]), 1))


def feature(engine: Engine, name: str, user_id: str, product_id: str) -> float:
    """Return what the rankers are told of a product, for a shopper."""
    snapshot = engine.snapshot
    assert snapshot.world is not None
    moment, row = (
        understand(snapshot, Ask(user_id=user_id)),
        np.array([snapshot.catalogue.ids.row(product_id)], np.int32),
    )
    values = features(snapshot.world, moment.context, row, user_id)[0]
    return float(values[snapshot.world.places[name]])


def test_a_price_that_is_told_moves_what_the_rankers_know_and_the_score_that_hangs_on_it(ranked_engine: Engine) -> None:
    """Half the price is log(1/2) less than usual; the usual one stays, and a ranker that reads the price says another score."""
    price = ranked_engine.snapshot.catalogue.value("price", ranked_engine.snapshot.catalogue.ids.row(WINES[2]))
    after = told(ranked_engine, WINES[2], whole=False, price=price / 2)
    before = [feature(ranked_engine, name, "w0", WINES[2]) for name in ("log_price", "price_now")]
    now = [feature(after, name, "w0", WINES[2]) for name in ("log_price", "price_now")]
    assert now[0] == before[0] == pytest.approx(np.log(price), abs=1e-5)
    assert now[1] == pytest.approx(-np.log(2), abs=1e-5) != pytest.approx(before[1], abs=1e-5)
    assert feature(after, "price_now", "w0", WINES[3]) == feature(ranked_engine, "price_now", "w0", WINES[3]), (
        "its alone"
    )
    place = ranked_engine.snapshot.world.places["price_now"] if ranked_engine.snapshot.world else -1
    by_price = replace(ranked_engine.snapshot, rankers={"next-order": OnFeature(place)})

    def score(engine: Engine) -> float:
        answer = engine.carousel("for-you", Ask(user_id="w0", size=100))
        return next(item.score for item in answer.items if item.product_id == WINES[2])

    cheaper = told(Engine(by_price), WINES[2], whole=False, price=price / 2)
    dearer = told(Engine(by_price), WINES[2], whole=False, price=price * 2)
    assert score(cheaper) > score(dearer), "cheaper than usual"


class OnFeature(Ranker):
    """A ranker that reads one feature: the less, the better, or the more."""

    def __init__(self, place: int, *, least: bool = True) -> None:
        super().__init__()
        self.place, self.sign = place, 1 if least else -1

    def score(self, features: Floats) -> Doubles:
        """Return (n_candidates,) scores."""
        values = np.nan_to_num(features[:, self.place].astype(np.float64))
        return 1.0 / (1.0 + np.exp(self.sign * values))


def test_one_new_product_stands_behind_the_best_of_its_kind_and_the_others_in_the_middle(ranked_engine: Engine) -> None:
    """A ranker knows nothing of their sales: three new wines have the mean of the candidates of wine, and one is seen."""
    three = News([Product(f"new-{n}", {"category": "wine"}, True, ranked_engine.snapshot.clock()) for n in range(3)])
    after = Engine(tell(ranked_engine.snapshot, three, 1))
    items = after.carousel("for-you", Ask(user_id="w0", size=100)).items
    scores = {item.product_id: item.score for item in items}
    wines = [one for one in WINES if one in scores]
    best = max(wines, key=scores.__getitem__)
    places = [item.product_id for item in items]
    assert places.index("new-0") == places.index(best) + 1
    assert scores["new-1"] == scores["new-2"] == pytest.approx(np.mean([scores[one] for one in wines]), abs=1e-3)
    before = {
        item.product_id: item.score for item in ranked_engine.carousel("for-you", Ask(user_id="w0", size=100)).items
    }
    assert before == {name: score for name, score in scores.items() if name in before}, "nobody else moved"


def test_a_new_product_is_ranked_among_candidates_where_nothing_tells_kinds(ranked_engine: Engine) -> None:
    """A shop without any text of products has kinds of trained ones alone: the ranker's own score stands."""
    after = told(ranked_engine, "plain", price=3.0)
    world = after.snapshot.world
    assert world is not None
    short = replace(world, basis=replace(world.basis, kind_=world.basis.kind_[: len(ranked_engine.snapshot.catalogue)]))
    answer = Engine(replace(after.snapshot, world=short)).carousel(
        "for-you", Ask(user_id="w0", candidates=("plain", *WINES[:2]))
    )
    assert {item.product_id for item in answer.items} == {"plain", *WINES[:2]}
    assert not answer.degraded


@pytest.mark.parametrize("name", ["for-you", "you-may-also-like"])
def test_a_new_product_is_in_personal_carousels_by_its_content(ranked_engine: Engine, name: str) -> None:
    """A wine that is told of now is ranked for who buys wine, above its place for who buys tea; before, nobody had it."""
    wine = {"name": "Barolo", "category": "wine", "brand": "maker-1", "country": "Italy", "price": 12.5}
    engine = told(ranked_engine, "barolo", **wine)

    def place(user_id: str) -> int | None:
        looked_at = {"w": WINES[1], "t": TEAS[1]}[user_id[0]]
        answer = engine.carousel(name, Ask(user_id=user_id, recent=(looked_at,), size=100))
        assert answer.personalised
        items = {item.product_id: item for item in answer.items}
        assert user_id[0] == "t" or items["barolo"].source == "model"  # for others it may end the list
        return list(items).index("barolo") if "barolo" in items else None

    wine_lovers, others = ([place(f"{taste}{n}") for n in range(start, 12, 3)] for start, taste in enumerate("wt"))
    assert all(one is not None for one in wine_lovers), wine_lovers
    worst = np.mean([one for one in wine_lovers if one is not None])
    assert all(one is None or one > worst for one in others), (wine_lovers, others)
    assert not any(
        item.product_id == "barolo" for item in ranked_engine.carousel(name, Ask(user_id="w0", size=100)).items
    )


@pytest.mark.parametrize("examples", [3_000, 120_000])
def test_bins_of_many_weighted_examples_hold_as_many_each(examples: int) -> None:
    """They are those of the examples without weights, which takes one sort a feature; the trees do read the weights."""
    rng = np.random.default_rng(3)
    values, bought = rng.random((examples, 1)).astype(np.float32), rng.random(examples) < 0.3
    settings = {"max_iter": 3, "early_stopping": False, "random_state": 1}
    light = Forest(**settings).fit(values, bought, sample_weight=values[:, 0] + 0.1)
    plain = HistGradientBoostingClassifier(**settings).fit(values, bought)
    edges = [model._bin_mapper.bin_thresholds_[0] for model in (light, plain)]
    assert np.array_equal(*edges) == (examples == 120_000)
    assert not np.array_equal(light.predict_proba(values[:50]), plain.predict_proba(values[:50]))


def test_a_view_and_a_cart_hold_places_where_the_ranker_knows_no_session(ranked_engine: Engine) -> None:
    """What a shopper looked at changed nothing where other things sell better; page and cart are asked as before."""
    world = ranked_engine.snapshot.world
    assert world is not None
    dear = OnFeature(world.places["log_price"], least=False)
    engine = Engine(replace(ranked_engine.snapshot, rankers={"discovery": dear}))

    def shown(**ask: Any) -> list[tuple[str, str]]:
        answer = engine.carousel("you-may-also-like", Ask(size=7, **ask))
        return [(item.product_id, item.reason.code) for item in answer.items]

    before, looked = shown(), shown(recent=(TEAS[0],))
    assert not {one for one, _ in before} & set(TEAS)
    places = [place for place, (one, why) in enumerate(looked) if one in TEAS and why == "similar"]
    assert places and places[0] <= 3, looked
    assert [one for one, _ in looked if one not in TEAS] == [one for one, _ in before][: 7 - len(places)]
    assert shown(cart=(TEAS[0],)) != before
    assert engine.carousel("for-you", Ask(size=7, recent=(TEAS[0],))).items
