"""Who is in which arm: always the same, even over shoppers, and in one experiment of a layer at most."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from models.experiments import Arm, Experiment
from models.shop import Shop
from recsvc.draw import draw, place_of
from recsvc.rules.experiments import arm_of as rules_arm_of
from recsvc.rules.situation import Shopper
from recsvc.rules_file import drawn_alike
from recsvc.trials import Trials, arm_of

SHOPPERS = [f"u{number}" for number in range(20_000)]


def experiment(share: float = 1.0, layer: str | None = None, salt: str = "", **weights: float) -> Experiment:
    arms = {name: Arm(weight=weight) for name, weight in (weights or {"a": 1.0, "b": 1.0}).items()}
    return Experiment(carousels=("for-you",), share=share, layer=layer, salt=salt, arms=arms)


@given(st.text(min_size=1), st.text(max_size=5), st.floats(0.01, 1))
def test_a_shopper_is_always_in_the_same_arm(who: str, salt: str, share: float) -> None:
    """Whatever the id; experiments behind it in its layer change nothing, and neither do other layers."""
    one = experiment(share, "l", salt)
    alone = arm_of("x", {"x": one}, who)
    among = {"w": experiment(0.5), "x": one, "y": experiment(1 - share + 0.001, "l")}
    assert alone == arm_of("x", {"x": one}, who) == arm_of("x", among, who)
    assert alone in (None, "a", "b")


@given(st.text(), st.text(), st.lists(st.floats(0.01, 100), min_size=1, max_size=5))
def test_a_draw_is_in_the_unit_interval_and_lies_in_one_part(who: str, what: str, weights: list[float]) -> None:
    drawn = draw(who, what)
    assert 0 <= drawn < 1
    place = place_of(drawn, weights)
    assert sum(weights[:place]) <= drawn * sum(weights) * (1 + 1e-9)
    assert drawn * sum(weights) <= sum(weights[: place + 1]) * (1 + 1e-9)


def test_arms_share_shoppers_by_weight() -> None:
    """Chi-square over 20,000 shoppers that are always the same ones."""
    one = experiment(0.5, a=1, b=2, c=1)
    counts = Counter(arm_of("x", {"x": one}, who) for who in SHOPPERS)
    expected = {None: 10_000, "a": 2_500, "b": 5_000, "c": 2_500}
    assert chisquare([counts[arm] for arm in expected], list(expected.values())).pvalue > 0.01


def test_arms_of_two_experiments_have_nothing_to_do_with_each_other() -> None:
    """Two layers: every pair of arms is as frequent as any other; and so after another salt."""
    both = {"x": experiment(), "y": experiment(), "z": experiment(salt="s")}
    for pair in (("x", "y"), ("x", "z")):
        counts = Counter(tuple(arm_of(name, both, who) for name in pair) for who in SHOPPERS)
        assert len(counts) == 4 and chisquare(list(counts.values())).pvalue > 0.01
    resalted = Counter((arm_of("x", both, who), arm_of("x", {"x": experiment(salt="n")}, who)) for who in SHOPPERS)
    assert chisquare(list(resalted.values())).pvalue > 0.01


@given(st.text(min_size=1))
def test_experiments_of_a_layer_have_no_shopper_in_common(who: str) -> None:
    some = {name: experiment(share, "l") for name, share in (("x", 0.3), ("y", 0.5), ("z", 0.2))}
    assert sum(arm_of(name, some, who) is not None for name in some) <= 1


def test_a_full_layer_takes_every_shopper() -> None:
    some = {name: experiment(share, "l") for name, share in (("x", 0.3), ("y", 0.5), ("z", 0.2))}
    counts = Counter(name for who in SHOPPERS for name in some if arm_of(name, some, who))
    assert sum(counts.values()) >= len(SHOPPERS) - 1
    assert chisquare([counts[name] for name in some], [6_000, 10_000, 4_000]).pvalue > 0.01


def shop() -> Shop:
    arms = {"plain": {}, "short": {"changes": {"size": 3}}}
    return Shop.model_validate(
        {
            "name": "Shop",
            "data": {"events": "store"},
            "experiments": {"x": {"carousels": ["for-you", "trending"], "arms": arms}},
        }
    )


def test_nobody_is_in_no_arm_and_gets_the_carousel_of_the_shop() -> None:
    trials = Trials(shop())
    trial = trials.of("for-you", Shopper())
    assert trial.arms == () and trial.carousel == shop().carousels["for-you"]
    assert trials.of("bestsellers", Shopper(user_id="u1")).arms == ()


def test_an_arm_is_the_same_on_all_carousels_and_a_user_is_more_than_a_visitor() -> None:
    """Who is known as a user is drawn by that, whatever the browser."""
    trials, sizes = Trials(shop()), {"plain": 12, "short": 3}
    for number in range(50):
        one, other = (
            trials.of(name, Shopper(user_id=f"u{number}", visitor_id=visitor))
            for name, visitor in (("for-you", "v1"), ("trending", None))
        )
        assert one.arms == other.arms and len(one.arms) == 1
        assert one.carousel.size == sizes[one.arms[0]["arm"]]
        assert trials.of("for-you", Shopper(visitor_id=f"u{number}")).arms == one.arms


def test_rules_draw_the_same_shoppers_into_the_same_arms_of_an_experiment_of_the_shop() -> None:
    """Whatever its share, its place in a layer, its weights and its salt."""
    all_of_shop = {
        "w": experiment(0.3, "l"), "x": experiment(0.5, "l", "s", a=1, b=3), "y": experiment(0.2, "l"),
        "z": experiment(c=1, d=1, e=2), "alone": experiment(0.4),
    }  # fmt: skip
    alike = drawn_alike(all_of_shop)
    for name in all_of_shop:
        drawn = [rules_arm_of(alike[name], Shopper(user_id=who)) for who in SHOPPERS[:4_000]]
        assert drawn == [arm_of(name, all_of_shop, who) for who in SHOPPERS[:4_000]]
        assert len(set(drawn)) == len(alike[name].arms) + (alike[name].share < 1)
