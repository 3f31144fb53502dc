"""Step 1: which rules hold. Keys of ``when`` are AND-ed, a list value is OR, what is not known does not hold."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_kit import CATALOGUE, NOW, SHOP, active_ids, bound, history, pool, row, rules, shown, situation

from models.catalogue import Catalogue
from models.errors import RulesError
from models.experiments import Arm, layers_taken
from models.experiments import Experiment as ShopExperiment
from models.ids import IdIndex
from recsvc.rules.bind import bind, hidden_everywhere, id_ranks, specificity
from recsvc.rules.experiments import arm_of
from recsvc.rules.inverted import Inverted
from recsvc.rules.match import select
from recsvc.rules.parse import parse
from recsvc.rules.rowset import RowSet
from recsvc.rules.schema import NO_RULES, Experiment
from recsvc.rules.situation import Shopper
from recsvc.rules.times import start_of
from recsvc.trials import arm_of as arm_of_shop

HIDE = "do: hide, product: '00501'"
WHEN = [
    # when, facts of the request for which it holds, and for which it does not
    ("{store: S1}", {"fields": {"store": "S1"}}, {"fields": {"store": "S2"}}),
    ("{store: [S1, S2]}", {"fields": {"store": "S2"}}, {}),
    ("{store: known}", {"fields": {"store": "S7"}}, {"fields": {"store": None}}),
    ("{store: known}", {"fields": {"store": "S7"}}, {"fields": {"store": ""}}),
    (
        "{device: mobile, weather: [rain, snow]}",
        {"fields": {"device": "mobile", "weather": "snow"}},
        {"fields": {"device": "mobile"}},
    ),
    ("{referrer: google}", {"fields": {"referrer": "google"}}, {"fields": {"referrer": "Google"}}),
    ("{campaign: SPRING}", {"fields": {"campaign": "SPRING"}}, {}),
    ("{country: GB}", {"fields": {"country": "GB"}}, {"fields": {"country": "FR"}}),
    ("{loyalty_app: 'yes'}", {"fields": {"loyalty_app": "yes"}}, {"fields": {"loyalty_app": "no"}}),
    ("{temperature: [20, 21]}", {"fields": {"temperature": 21.0}}, {"fields": {"temperature": 22.0}}),
    ("{temperature: {at_least: 20}}", {"fields": {"temperature": 20.0}}, {"fields": {"temperature": 19.9}}),
    ("{temperature: {at_most: 0}}", {"fields": {"temperature": -3.0}}, {"fields": {"temperature": "cold"}}),
    ("{temperature: known}", {"fields": {"temperature": 0.0}}, {}),
    ("{page_item: category == 'wine'}", {"page": "00503"}, {"page": "00504"}),
    ("{page_item: category == 'wine'}", {"page": "00503"}, {}),
    ("{page_item: price > 1}", {"page": "00503"}, {"page": "00508"}),
    ("{page_item: {product: '00503'}}", {"page": "00503"}, {"page": "00504"}),
    ("{page_item: {products: ['00503', NEW]}}", {"page": "00503"}, {}),
    ("{page_item: {where: bought()}}", {"page": "00503", "history": history(("00503", 3))}, {"page": "00503"}),
    ("{cart_item: category == 'wine'}", {"cart": ["00504", "00501"]}, {"cart": ["00504"]}),
    ("{cart_item: {product: '00504'}}", {"cart": ["00504", "00501"]}, {}),
    ("{segment: [wine, gold]}", {"attributes": {"tier": "gold"}}, {}),
    (
        "{segment: wine, store: S1}",
        {"history": history(("00501", 3)), "fields": {"store": "S1"}},
        {"history": history(("00501", 3))},
    ),
    ("{active: {from: 2026-10-14, until: 2026-10-14}}", {}, {"now": start_of("2026-10-15", "Europe/London")}),
    ("{weekly: {days: [wed]}}", {}, {"now": NOW + 86_400}),
]
HEAD = "segments:\n  wine: {bought: {where: category == 'wine'}}\n  gold: {attribute: tier == 'gold'}\n"


@pytest.mark.parametrize(("when", "holds", "does_not"), WHEN)
def test_when_and_unless_hold_or_not(when, holds, does_not):
    some = bound(f"{HIDE}, when: {when}", f"{HIDE}, unless: {when}", head=HEAD)
    assert active_ids(some, **holds) == ["r1"]
    assert active_ids(some, **does_not) == ["r2"]


@pytest.mark.parametrize(("when", "holds", "does_not"), WHEN)
def test_a_rule_says_why_it_does_not_hold(when, holds, does_not):
    some = bound(f"{HIDE}, when: {when}", f"{HIDE}, enabled: false", f"{HIDE}, carousels: [trending]", head=HEAD)
    skipped = select(some, situation(**does_not), explain=True).skipped
    assert skipped.pop("r2") == "enabled: false" and skipped.pop("r3") == "carousel"
    key = skipped["r1"].removeprefix("when: ")
    assert key in when
    assert "r1" not in select(some, situation(**holds), explain=True).skipped


def test_all_keys_of_unless_must_hold_for_it_to_lift_the_rule():
    some = bound(f"{HIDE}, unless: {{store: S1, device: mobile}}")
    assert active_ids(some, fields={"store": "S1"}) == ["r1"]
    asked = situation(fields={"store": "S1", "device": "mobile"})
    assert select(some, asked, explain=True).skipped == {"r1": "unless: store, device"}


def test_early_access_is_for_members_only():
    line = "do: hide, where: \"'early-access' in tags\", unless: {segment: gold}"
    asked = {"yes": situation(attributes={"tier": "gold"}), "no": situation()}
    some = bound(line, head=HEAD)
    assert row("00506") in shown(select(some, asked["yes"])).rows
    assert row("00506") not in shown(select(some, asked["no"])).rows


def test_an_always_on_rule_is_merged_and_still_named():
    some = bound(HIDE, "do: keep, where: price > 2", "do: boost, factor: 2, where: price > 5, carousels: [trending]")
    assert active_ids(some) == ["r1", "r2"] and active_ids(some, carousel="trending") == ["r1", "r2", "r3"]
    assert not select(some, situation()).places


def test_what_pins_may_take_is_what_they_name_and_what_they_match():
    some = bound(
        "do: pin, product: '00504', position: 1, instead: ['00505', NEW]",
        "do: pin, where: category == 'wine', position: 2",
        "do: pin, product: '00508', position: 1, when: {store: S1}",
    )
    active = select(some, situation())
    assert active.pin_names().tolist() == [3, 4]
    assert {place: rows.tolist() for place, rows in active.pin_matches().items()} == {1: [0, 1, 2]}
    none = select(bind(NO_RULES, CATALOGUE), situation())
    assert not len(none.pin_names()) and not none.pin_matches()


def test_everywhere_hides_are_known_without_a_request():
    some = bound("do: hide, everywhere: true, products: ['00501', '00503'], when: {active: {until: 2026-10-14}}")
    rows = np.arange(8, dtype=np.int32)
    assert np.flatnonzero(hidden_everywhere(some, rows, NOW)).tolist() == [0, 2]
    assert not hidden_everywhere(some, rows, NOW + 86_400).any()


def test_an_experiment_draws_each_shopper_into_one_arm_for_good():
    some = bound(f"{HIDE}, experiment: {{name: x, arms: [a]}}", f"{HIDE}, experiment: {{name: x, arms: [b]}}")
    for number in range(40):
        drawn = active_ids(some, user_id=f"u{number}")
        assert len(drawn) == 1 and drawn == active_ids(some, user_id=f"u{number}", visitor_id="other")
    assert active_ids(some) == []


def test_experiments_share_shoppers_evenly_and_by_salt():
    one, other = Experiment("x", ("a", "b", "c")), Experiment("x", ("a", "b", "c"), "salt")
    arms = [(arm_of(one, Shopper(visitor_id=str(n))), arm_of(other, Shopper(visitor_id=str(n)))) for n in range(900)]
    for arm in "abc":
        assert 240 < sum(first == arm for first, _ in arms) < 360
    assert 200 < sum(first == second for first, second in arms) < 400


LAYERED = """version: 1
experiments:
  x: {arms: {a: 1, b: 3}, layer: pins, share: 0.4}
  y: {layer: pins, share: 0.3}
  free: {share: 0.5}
"""
SHOPS: dict[str, ShopExperiment] = {
    "z": ShopExperiment(carousels=("for-you",), layer="pins", share=0.3, arms={"a": Arm(), "b": Arm()})
}


def test_experiments_of_a_layer_have_no_shopper_in_common_with_each_other_nor_with_those_of_the_shop():
    """Each takes its share; another layer is independent, and who takes no part is in no arm."""
    tried = parse(LAYERED, replace(SHOP, layers=layers_taken(SHOPS))).experiments
    people = [Shopper(user_id=f"u{number}") for number in range(2_000)]
    parts = {name: {one.user_id for one in people if arm_of(tried[name], one)} for name in tried}
    parts["z"] = {one.user_id for one in people if arm_of_shop("z", SHOPS, one.user_id)}
    for name, share in (("x", 0.4), ("y", 0.3), ("z", 0.3), ("free", 0.5)):
        assert abs(len(parts[name]) / 2_000 - share) < 0.05, name
    assert not parts["x"] & parts["y"] and not parts["x"] & parts["z"] and not parts["y"] & parts["z"]
    assert parts["x"] | parts["y"] | parts["z"] == {one.user_id for one in people}
    assert 300 < len(parts["free"] & parts["x"]) < 500


def test_arms_are_as_large_as_their_weights_and_a_rule_holds_for_nobody_outside_of_the_experiment():
    tried = parse(LAYERED, SHOP).experiments["x"]
    arms = [arm_of(tried, Shopper(user_id=f"u{number}")) for number in range(4_000)]
    assert 0.2 < arms.count("a") / (arms.count("a") + arms.count("b")) < 0.3
    text = LAYERED + f"rules:\n  - {{id: one, {HIDE}, experiment: {{name: x, arms: [a, b]}}}}\n"
    some = bind(parse(text, SHOP), CATALOGUE)
    for number, arm in enumerate(arms[:50]):
        assert active_ids(some, user_id=f"u{number}") == (["one"] if arm else [])


def test_a_layer_that_the_shop_has_taken_up_takes_no_more():
    with pytest.raises(RulesError, match=r"layer 'pins': its experiments with those of shop\.toml take 1\.2"):
        parse(LAYERED, replace(SHOP, layers={"pins": 0.5}))


def test_the_more_specific_pin_wins_then_the_scheduled_one():
    lines = [
        "do: pin, product: '00501', position: 1",
        "do: pin, product: '00502', position: 1, carousels: [for-you]",
        "do: pin, product: '00503', position: 1, when: {device: mobile}",
        "do: pin, product: '00504', position: 1, when: {store: S1}",
        "do: pin, product: '00505', position: 1, when: {page_item: category == 'wine'}",
        "do: pin, product: '00506', position: 1, when: {page_item: {product: '00502'}}",
        "do: pin, product: '00507', position: 1, when: {weekly: {days: [wed]}}",
    ]
    some = bound(*lines)
    assert [specificity(rule) for rule in some.rules] == [0, 1, 2, 3, 4, 5, 0]
    active = select(some, situation(page="00502", fields={"device": "mobile", "store": "S1"}))
    assert [one[-1] for one in (str(number + 1) for number in shown(active, pool({})).rows)] == list("6543271")


def test_a_rebind_to_the_same_catalogue_takes_over_what_depends_on_it_alone():
    first = bound(HIDE)
    again = bind(first.ruleset, CATALOGUE, first)
    assert again.id_rank is first.id_rank
    other = Catalogue(CATALOGUE.ids, CATALOGUE.columns, "c2")
    assert bind(first.ruleset, other, first).id_rank is not first.id_rank


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), unique=True), st.booleans())
def test_id_ranks_are_the_order_of_the_bytes(ids, long):
    names = [name + "x" * 70 for name in ids] if long else ids
    order = sorted(range(len(names)), key=lambda place: names[place].encode())
    assert id_ranks(IdIndex.of(names)).tolist() == [order.index(place) for place in range(len(names))]


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_a_rowset_says_what_its_mask_said(mask):
    whole = np.array(mask, np.bool_)
    rows = np.arange(len(mask), dtype=np.int32)
    one = RowSet.of(whole)
    assert one.has(rows).tolist() == mask == one.mask().tolist()
    assert one.listed().tolist() == np.flatnonzero(whole).tolist()


def test_broad_sets_are_tested_and_narrow_ones_listed():
    wide, narrow = RowSet.of(np.arange(80) > 3), RowSet.of(np.arange(80) == 5)
    turned = Inverted.of([(7, wide), (8, narrow)], 80)
    assert [number for number, _ in turned.broad] == [7]
    assert turned.of_one(5) == [8, 7] and turned.of_one(3) == []
    assert turned.of_many(np.array([5, 6, -1, 5], np.int32))[1].tolist() == [0, 3]


def test_ten_thousand_rules_elsewhere_are_not_even_looked_at():
    elsewhere = [f"id: e{n}, do: hide, product: '0050{n % 8 + 1}', when: {{store: Z{n}}}" for n in range(2_000)]
    some = bind(parse(rules(*elsewhere, f"id: here, {HIDE}, when: {{store: S1}}"), SHOP), CATALOGUE)
    asked = situation(fields={"store": "S1"})
    assert some.index.candidates(asked, some.conditions.segments).tolist() == [2_000]
    assert select(some, asked).ids() == ["here"]
