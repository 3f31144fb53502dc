"""Sentences of the rules' semantics that no other file here holds to, each with the sentence as its name."""

import numpy as np
import pytest
import yaml
from rules_kit import CATALOGUE, IDS, NOW, SHOP, alone, arranged_by, bars_of, bound, faults, ids, rules, shown, shown_by
from rules_kit import situation as asked

from models.carousels import Carousel
from models.catalogue import Catalogue
from models.columns import text_column
from models.ids import IdIndex
from recsvc.rules.arrange import Shelf
from recsvc.rules.bind import bind
from recsvc.rules.match import select
from recsvc.rules.parse import parse
from recsvc.rules.pool import Pool
from recsvc.rules.situation import IN_CART, OUT_OF_STOCK, PURCHASED
from recsvc.rules_cli import rules as rules_cli

DRAWN = [f"u{number}" for number in range(20)]
"""Shoppers enough to fill both arms of an experiment."""
LIFTS = "even_if: [purchased, in_cart, out_of_stock]"


def test_the_default_priority_is_100_and_the_higher_wins() -> None:
    """99 loses to a rule that names none, 101 wins against it; an equal 100 falls to the file order."""
    for priority, first in (("99", "6"), ("101", "5"), ("100", "5")):
        lines = (
            f"do: pin, product: '00505', position: 1, priority: {priority}",
            "do: pin, product: '00506', position: 1",
        )
        assert shown_by(*lines)[0] == first


def test_then_file_order_and_the_loser_shifts_down_to_the_next_free_position() -> None:
    """Two pins alike in priority, specificity and dates: the one that stands first in the file keeps the position."""
    one, other = "id: a, do: pin, product: '00507', position: 2", "id: b, do: pin, product: '00508', position: 2"
    assert shown_by(one, other)[1:3] == ["7", "8"]
    assert shown_by(other, one)[1:3] == ["8", "7"]


def test_a_scheduled_pin_wins_over_a_permanent_one() -> None:
    """Dates count as a schedule, hours too, wherever the rule stands in the file."""
    permanent = "do: pin, product: '00507', position: 1"
    for when in ("active: {from: '2026-10-01', until: '2026-10-31'}", "weekly: {days: [wed]}"):
        scheduled = f"do: pin, product: '00508', position: 1, when: {{{when}}}"
        assert shown_by(permanent, scheduled)[:2] == ["8", "7"] == shown_by(scheduled, permanent)[:2]


def test_there_are_no_priorities_among_hides_and_keeps() -> None:
    """A hide of the lowest priority holds against a keep of the highest, and the other way round."""
    for low, high in ((1, 900), (900, 1)):
        lines = (
            f"do: hide, product: '00504', priority: {low}",
            f"do: keep, where: category == 'cheese', priority: {high}",
        )
        assert shown_by(*lines) == ["5"]


@pytest.mark.parametrize(
    ("verb", "good", "bad"),
    [("boost", ["1.0001", "10"], ["1", "10.1", "0.5"]), ("bury", ["0.0001", "0.9999"], ["0", "1", "-1"])],
)
def test_boost_takes_a_factor_above_1_up_to_10_and_bury_one_between_0_and_1(
    verb: str, good: list[str], bad: list[str]
) -> None:
    """The limits themselves: 10 is in, 1 and 0 are out."""
    for factor in good:
        assert not faults(rules(f"do: {verb}, factor: {factor}, product: '00501'"))
    for factor in bad:
        assert f"{verb} needs a factor" in faults(rules(f"do: {verb}, factor: {factor}, product: '00501'"))[0]
    assert "(use hide)" in faults(rules("do: bury, factor: 0, product: '00501'"))[0]


def test_a_pin_beats_boost_and_bury() -> None:
    """However much the pinned product is buried and the others are boosted, it keeps its position."""
    lines = (
        "do: pin, product: '00508', position: 1",
        "do: bury, factor: 0.1, product: '00508'",
        "do: boost, factor: 10, products: ['00501', '00502']",
    )
    assert shown_by(*lines)[:3] == ["8", "1", "2"]


def test_hide_pin_and_boost_together_hide_wins() -> None:
    """Of one product, whatever the priorities."""
    lines = (
        "do: hide, product: '00505', priority: 1",
        "do: pin, product: '00505', position: 1, priority: 900",
        "do: boost, factor: 10, product: '00505', priority: 900",
    )
    assert "5" not in shown_by(*lines)


def test_what_can_never_be_overridden() -> None:
    """An everywhere hide, an unknown product and the page item stay off whatever `even_if` says."""
    lines = (
        f"do: pin, product: '00505', position: 1, {LIFTS}",
        f"do: pin, product: NEW, position: 2, {LIFTS}",
        "do: hide, everywhere: true, product: '00505'",
    )
    out = arranged_by(*lines)
    assert "5" not in ids(out)
    assert {(one.product, one.reason) for one in out.dropped} == {("00505", "hidden"), ("NEW", "unknown_product")}


@pytest.mark.parametrize("bar", [PURCHASED, IN_CART, OUT_OF_STOCK])
def test_a_pinned_product_that_is_barred_is_dropped_and_leaves_no_hole(bar: int) -> None:
    """The next best takes the slot, and the list is as long as it would be."""
    line = "do: pin, product: '00505', position: 2"
    out = arranged_by(line, bars=bars_of(p00505=bar), size=4)
    assert ids(out) == ["1", "2", "3", "4"] and out.dropped[0].product == "00505"
    assert shown_by(line, size=4) == ["1", "5", "2", "3"]


def test_a_pinned_id_that_is_not_in_the_catalogue_yet_works_once_it_arrives() -> None:
    """It is a warning at load, not an error; the same rule set bound to a later catalogue pins it."""
    ruleset = parse(rules("do: pin, product: NEW, position: 1"), SHOP)
    assert "not in the catalogue yet" in str(ruleset.warnings[0])
    later = Catalogue.of(IdIndex.of([*IDS, "NEW"]), {"category": text_column([None] * 9)}, "c2")
    assert ids(shown(select(bind(ruleset, CATALOGUE), asked())))[0] == "1"
    active = select(bind(ruleset, later), asked())
    assert active.pin_names().tolist() == [8]
    candidates = Pool(np.array([0, 1, 8], np.int32), np.array([0.9, 0.8, 0.1]), np.array([True, True, False]))
    out = alone(Shelf(active, candidates, 3, 3, lambda rows: np.zeros(len(rows), np.uint8)))
    assert out.rows.tolist() == [8, 0, 1] and out.pins[0] == "r1"


def test_the_fallback_chain_is_category_then_store_then_bestsellers() -> None:
    """That is its order where a shop does not say otherwise."""
    chain = Carousel(title="X", sources={"popularity": 1.0}).fallback
    assert chain == ("category-bestsellers", "store-bestsellers", "bestsellers")


def test_eligibility_and_everywhere_hides_hold_in_every_arm() -> None:
    """What an experiment on rules changes is what its rules do, never what may be shown at all."""
    assert "an everywhere hide takes no 'experiment'" in " ".join(
        faults(rules("do: hide, everywhere: true, product: '00503', experiment: {name: x, arms: [a]}"))
    )
    lines = (
        "do: pin, product: '00503', position: 1, experiment: {name: x, arms: [b]}",
        "do: pin, product: '00504', position: 2, experiment: {name: x, arms: [b]}",
        "do: hide, everywhere: true, product: '00503'",
    )
    some = bound(*lines)
    for user in DRAWN:
        out = ids(shown(select(some, asked(user_id=user)), bars=bars_of(p00504=OUT_OF_STOCK)))
        assert not {"3", "4"} & set(out)


def test_the_answer_names_the_arm_of_each_experiment_on_rules() -> None:
    """Every experiment that a rule tests, with the arm that the shopper drew; nobody known draws none."""
    some = bound(
        "do: hide, product: '00501', experiment: {name: one, arms: [a]}",
        "do: hide, product: '00502', experiment: {name: two, arms: [north]}",
        "do: hide, product: '00503', enabled: false, experiment: {name: off, arms: [a]}",
        head="experiments: {one: {}, two: {arms: [north, south], salt: x}, off: {}}\n",
    )
    drawn = [select(some, asked(user_id=user)) for user in DRAWN]
    for active in drawn:
        arms = {one["name"]: one["arm"] for one in active.arms()}
        assert set(arms) == {"one", "two"}
        assert active.ids() == [
            f"r{n}" for n, holds in enumerate((arms["one"] == "a", arms["two"] == "north"), 1) if holds
        ]
    assert {one["arm"] for active in drawn for one in active.arms()} == {"a", "b", "north", "south"}
    assert select(some, asked()).arms() == ()


def test_a_boost_on_a_product_that_lacks_the_attribute_does_not_match() -> None:
    """No value, no match, for a limit too: a product without a brand counts towards none."""
    out = arranged_by("do: boost, factor: 10, where: margin > 0", "do: limit, per: brand, max: 1, strict: true")
    scores = dict(zip(ids(out), out.scores.tolist(), strict=True))
    assert scores["8"] == pytest.approx(0.2)


def test_a_list_value_is_or_and_keys_are_and() -> None:
    """Two devices, one store: the store must be there, and either device will do."""
    some = bound("do: hide, product: '00501', when: {device: [mobile, tablet], store: S1}")
    for device, store, holds in (("mobile", "S1", 1), ("tablet", "S1", 1), ("desktop", "S1", 0), ("mobile", "S2", 0)):
        assert len(select(some, asked(fields={"device": device, "store": store})).ids()) == holds


def test_a_rule_that_is_switched_off_out_of_scope_or_out_of_time_does_nothing() -> None:
    """Step 1: enabled, in scope, active, `when` holds, `unless` does not."""
    for more in (
        "enabled: false",
        "carousels: [trending]",
        "when: {active: {from: '2030-01-01'}}",
        "unless: {weekly: {days: [wed]}}",
    ):
        assert shown_by(f"do: hide, product: '00501', {more}", asked={"now": NOW})[0] == "1"
    assert shown_by("do: hide, product: '00501'")[0] == "2"


def test_a_stock_loader_types_scalars_and_lets_the_last_of_two_keys_win() -> None:
    """That is why ours does neither: ids, times of day and the country of Norway would be something else."""
    assert [yaml.safe_load(text) for text in ("00501", "12:30", "no")] == [321, 750, False]
    assert yaml.safe_load("max: 1\nmax: 2\n") == {"max": 2}


def test_all_tools_take_the_shop() -> None:
    """Every command of `recsvc rules` has the option --shop."""
    tools = rules_cli.commands
    assert {"check", "explain", "diff", "test", "simulate"} <= tools.keys()
    assert all("--shop" in [word for one in tool.params for word in one.opts] for tool in tools.values())
