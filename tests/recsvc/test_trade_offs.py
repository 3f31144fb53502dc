"""Trade-offs of a carousel: nothing at 0, what they say above it, and an account of it on request."""

from dataclasses import replace
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.carousels import Carousel
from models.columns import NumberColumn
from models.schema import Doubles, Longs
from recsvc.asking import Answer, Ask
from recsvc.carousel import Engine
from recsvc.rules_tools.explain import as_text
from recsvc.trade_offs import BEST, by_rarity, by_value
from tiny_shop import MILKS

SETTINGS = ("diversity", "novelty", "margin_weight", "price_tilt")
WEIGHTS = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


def under(engine: Engine, carousel: str, **settings: float) -> Engine:
    """Return the engine with other settings of one carousel."""
    snapshot = engine.snapshot
    changed = snapshot.shop.carousels[carousel].model_copy(update=settings)
    shop = snapshot.shop.model_copy(update={"carousels": {**snapshot.shop.carousels, carousel: changed}})
    return Engine(replace(snapshot, shop=shop))


def with_margins(engine: Engine, margin: float) -> Engine:
    """Return the engine of a shop in which milk earns ``margin`` of its price and everything else a hundredth."""
    catalogue = engine.snapshot.catalogue
    values = np.full(len(catalogue), 0.01)
    values[catalogue.ids.rows(MILKS)] = margin
    columns = {**catalogue.columns, "margin": NumberColumn(values)}
    return Engine(replace(engine.snapshot, catalogue=replace(catalogue, columns=columns)))


def ids(answer: Answer) -> list[str]:
    return [item.product_id for item in answer.items]


def every(scores: Doubles) -> Longs:
    return np.arange(len(scores))


@st.composite
def candidates(draw: st.DrawFn) -> tuple[Doubles, Doubles]:
    """Scores, and values of which some are losses and some unknown."""
    n = draw(st.integers(1, 40))
    scores = draw(st.lists(st.integers(1, 1000), min_size=n, max_size=n))
    values = draw(st.lists(st.integers(-20, 200) | st.just(np.nan), min_size=n, max_size=n))
    return np.array(scores) / 1000, np.array(values, np.float64)


def top_mean(scores: Doubles, values: Doubles, k: int) -> float:
    return float(values[np.lexsort((np.arange(len(scores)), -scores))[:k]].mean())


@given(candidates(), WEIGHTS, WEIGHTS, st.integers(1, 10))
def test_a_higher_weight_never_lowers_the_mean_value_of_the_top_list(
    case: tuple[Doubles, Doubles], one: float, other: float, k: int
) -> None:
    """For the same candidates, whatever their scores; an unknown value counts as the mean."""
    scores, values = case
    known = np.maximum(values[~np.isnan(values)], 0)
    told = np.where(np.isnan(values), known.mean() if len(known) else 0.0, values)
    low, high = (scores * by_value(values, every(scores), weight) for weight in sorted((one, other)))
    assert top_mean(high, told, k) >= top_mean(low, told, k) - 1e-9


def test_at_1_the_score_is_multiplied_by_the_value_relative_to_the_mean() -> None:
    """Expected revenue in other units; unknown is the mean, a loss almost nothing."""
    assert by_value(np.array([2.0, 6.0, np.nan]), np.arange(3), 1.0) == pytest.approx([0.5, 1.5, 1.0])
    assert by_value(np.array([2.0, 6.0, np.nan]), np.arange(3), 0.5) == pytest.approx([0.75, 1.25, 1.0])
    assert by_value(np.array([-5.0, 4.0]), np.arange(2), 1.0) == pytest.approx([0.001, 2.0])
    for nothing in ([np.nan, np.nan], [0.0, -1.0]):
        assert by_value(np.array(nothing), np.arange(2), 1.0).tolist() == [1.0, 1.0]


def test_the_unit_of_money_plays_no_part() -> None:
    """Pence or pounds."""
    values = np.array([1.0, 5.0, 12.0])
    assert by_value(values * 100, np.arange(3), 0.7) == pytest.approx(by_value(values, np.arange(3), 0.7))


def test_novelty_divides_by_the_root_of_what_sells() -> None:
    """Against the geometric mean (0.04); what never sold counts as the rarest that did."""
    shares = np.array([0.16, 0.01, 0.0])
    assert by_rarity(shares[:2], np.arange(2), 1.0) == pytest.approx([0.5, 2.0])
    found = by_rarity(shares, np.arange(3), 1.0)
    assert found[1] == found[2] > found[0]
    assert by_rarity(np.zeros(2), np.arange(2), 1.0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_setting_outside_0_to_1_is_refused(setting: str, value: float) -> None:
    """When the shop is read, by name."""
    with pytest.raises(ValidationError, match=setting):
        Carousel.model_validate({"title": "x", "sources": {"als": 1}, setting: value})


def test_at_0_an_answer_is_the_same_to_the_last_bit(tiny_engine: Engine) -> None:
    """No copy, no factor, no note: the scores of the ranker or the blend, untouched."""
    plain = under(tiny_engine, "for-you", **dict.fromkeys(SETTINGS, 0.0))
    ask = Ask(user_id="w0", store_id="north", explain=True)
    assert plain.carousel("for-you", ask) == tiny_engine.carousel("for-you", ask)
    assert all("trade_offs" not in (item.explain or {}) for item in plain.carousel("for-you", ask).items)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("value", [0.25, 1.0])
def test_every_setting_keeps_the_promises_of_a_carousel(tiny_engine: Engine, setting: str, value: float) -> None:
    """Full, scores from 1 down, pages that are slices of one ranking."""
    engine = under(with_margins(tiny_engine, 0.5), "for-you", **{setting: value})
    whole = engine.carousel("for-you", Ask(user_id="w0", size=12))
    assert len(whole.items) == 12
    scores = [item.score for item in whole.items if item.source == "model"]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    slices = [engine.carousel("for-you", Ask(user_id="w0", size=4, offset=offset)) for offset in (0, 4, 8)]
    assert [product for one in slices for product in ids(one)] == ids(whole)


def test_diversity_brings_every_category_before_any_twice(tiny_engine: Engine) -> None:
    """The tiny shop's kinds are wine, tea, milk and tools."""
    answer = under(tiny_engine, "bestsellers", diversity=1.0).carousel("bestsellers", Ask(size=4))
    kinds = [tiny_engine.snapshot.catalogue.value("category", _row(tiny_engine, one)) for one in ids(answer)]
    assert sorted(map(str, kinds)) == ["milk", "tea", "tools", "wine"]


def test_what_may_not_be_shown_does_not_count_as_shown(tiny_engine: Engine) -> None:
    """A recalled milk, and one in the cart, take nothing from the milk that is left."""
    engine = under(tiny_engine, "bestsellers", diversity=0.9)
    ask = Ask(candidates=("m-4", "m-5", "m-6"), cart=("m-6",), explain=True)
    (item,) = engine.carousel("bestsellers", ask).items
    assert (item.product_id, "trade_offs" in (item.explain or {})) == ("m-5", False)


def test_margin_weight_brings_what_earns(tiny_engine: Engine) -> None:
    """Milk earns nine tenths of its price, wine a hundredth of ten times as much."""
    engine = under(with_margins(tiny_engine, 0.9), "bestsellers", margin_weight=1.0)
    assert set(ids(engine.carousel("bestsellers", Ask(size=5)))) <= set(MILKS)
    poor = under(with_margins(tiny_engine, 0.0), "bestsellers", margin_weight=1.0)
    assert not set(ids(poor.carousel("bestsellers", Ask(size=5)))) & set(MILKS)


def test_margin_weight_does_nothing_in_a_shop_that_names_no_margin(tiny_engine: Engine) -> None:
    """The same order and scores."""
    ask = Ask(user_id="w0", size=10)
    assert under(tiny_engine, "for-you", margin_weight=1.0).carousel("for-you", ask) == tiny_engine.carousel(
        "for-you", ask
    )


def test_explained_products_name_each_factor_that_is_not_1(tiny_engine: Engine) -> None:
    """The models' score times what each setting did is the score; the terminal says so too."""
    settings = {"novelty": 0.5, "price_tilt": 1.0, "diversity": 0.5}
    ask = Ask(user_id="w0", size=10, explain=True)
    answer = under(tiny_engine, "for-you", **settings).carousel("for-you", ask)
    before = {item.product_id: item for item in tiny_engine.carousel("for-you", replace(ask, size=24)).items}
    named = set()
    for item in answer.items:
        told = item.explain or {}
        factors = {one["name"]: one["factor"] for one in told.get("trade_offs", ())}
        named |= set(factors)
        assert 1.0 not in factors.values()
        assert told["model_score"] == pytest.approx(before[item.product_id].score, abs=2e-6)
        assert told["model_score"] * prod(factors.values()) == pytest.approx(item.score, rel=1e-3, abs=2e-5)
    assert named >= set(settings)
    assert " (diversity)" in as_text([answer], ())


def test_the_measure_is_taken_of_the_best_candidates_alone() -> None:
    """A tail that grows with the page asked for does not move it."""
    values = np.concatenate([np.full(BEST, 2.0), np.full(50, 1000.0)])
    found = by_value(values, np.arange(BEST), 1.0)
    assert (found[0], found[-1]) == (1.0, 100.0)


def _row(engine: Engine, product: str) -> int:
    return int(engine.snapshot.catalogue.ids.row(product))
