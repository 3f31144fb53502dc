"""What `check` warns of because it is proved: rules that never hold, and pins that never stand as the file wishes."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
import rules_drawn as drawn
import rules_reference as reference
import rules_written as engine
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_truth import holds
from rules_kit import CATALOGUE, SHOP, rules

from recsvc.rules.parse import parse
from recsvc.rules.targets import Ground
from recsvc.rules_file import strict_facts

STRICT = strict_facts(replace(SHOP, now=datetime(2026, 10, 1, tzinfo=UTC)), Ground(CATALOGUE, "UTC"))
HEAD = """\
calendar: {fair: {from: 2026-11-01, until: 2026-11-07}, late: {from: 2026-12-01, until: 2026-12-07}}
experiments: {x: {}}
segments:
  gold: {attribute: tier == 'gold'}
  vip: {list: vip.csv}
  fair-goers: {first_order: {during: fair}}
  late-comers: {all: [gold, {bought: {during: late}}]}
  either: {any: [gold, {bought: {during: late}}]}
"""
PIN = "do: pin, product: '00501', position: 1"
HIDE = "do: hide, product: '00501'"


def warned(*lines: str) -> list[str]:
    """Return the warnings of a file, without their places and hints."""
    return [one.message for one in parse(rules(*lines, head=HEAD), STRICT).warnings]


NEVER = "pin 'r1' never shows '00501': rule 'r2' hides it"


@pytest.mark.parametrize(
    ("pin", "hide"),
    [
        (PIN, HIDE),
        (PIN, "do: hide, where: category == 'wine'"),
        (f"{PIN}, when: {{device: mobile}}", f"{HIDE}, when: {{device: mobile}}"),
        (f"{PIN}, when: {{device: mobile, store: S1}}", f"{HIDE}, when: {{device: [mobile, tablet]}}"),
        (f"{PIN}, when: {{store: S1}}", f"{HIDE}, when: {{store: known}}"),
        (f"{PIN}, when: {{segment: gold}}", f"{HIDE}, when: {{segment: [vip, gold]}}"),
        (f"{PIN}, when: {{active: {{from: 2026-11-02, until: 2026-11-03}}}}", f"{HIDE}, when: {{active: fair}}"),
        (f"{PIN}, when: {{weekly: {{days: [mon], from: '09:00'}}}}", f"{HIDE}, when: {{weekly: {{days: [mon, tue]}}}}"),
        (f"{PIN}, when: {{temperature: [3, 4]}}", f"{HIDE}, when: {{temperature: {{at_most: 5}}}}"),
        (f"{PIN}, when: {{temperature: {{at_most: 3}}}}", f"{HIDE}, when: {{temperature: {{at_most: 5}}}}"),
        (
            f"{PIN}, when: {{page_item: {{product: '00502'}}}}",
            f"{HIDE}, when: {{page_item: {{products: ['00502', '00503']}}}}",
        ),
        (f"{PIN}, carousels: [trending]", f"{HIDE}, carousels: [trending, for-you]"),
        (f"{PIN}, unless: {{segment: [gold, vip]}}", f"{HIDE}, unless: {{segment: gold}}"),
        (f"{PIN}, experiment: {{name: x, arms: [b]}}", f"{HIDE}, experiment: {{name: x, arms: [a, b]}}"),
    ],
)
def test_a_pin_that_a_hide_with_the_same_or_a_weaker_condition_hides(pin: str, hide: str) -> None:
    assert warned(pin, hide) == [NEVER]
    if pin != PIN:
        assert not warned(PIN, hide) or "where" in hide, "the wider pin shows where the hide does not hold"


@pytest.mark.parametrize(
    "hide",
    [
        f"{HIDE}, when: {{device: mobile}}",
        f"{HIDE}, unless: {{segment: gold}}",
        f"{HIDE}, carousels: [trending]",
        f"{HIDE}, enabled: false",
        "do: hide, product: '00502'",
        "do: hide, where: category == 'cheese'",
        "do: hide, where: stock_in(context.store) <= 0",
        f"{HIDE}, experiment: {{name: x, arms: [a]}}",
        f"{HIDE}, when: {{weekly: {{days: [mon]}}}}",
        "do: keep, where: category == 'cheese', min_results: 2",
        "do: keep, where: category == 'wine'",
        "do: keep, products: ['00501', '00502']",
    ],
)
def test_what_may_show_is_not_told(hide: str) -> None:
    assert not warned(PIN, hide)


def test_a_pin_that_a_keep_always_leaves_out() -> None:
    message = "pin 'r1' never shows '00501': rule 'r2' keeps only others"
    assert warned(PIN, "do: keep, where: category == 'cheese'") == [message]
    assert warned(PIN, "do: keep, products: ['00502']") == [message]
    assert not warned("do: pin, product: NEW, position: 1", "do: keep, where: category == 'cheese'")[1:]


def test_a_pin_by_condition_whose_matches_are_all_hidden() -> None:
    pin, message = (
        "do: pin, where: category == 'wine' and price > 9, position: 1",
        "pin 'r1' never shows any product: rule 'r2' ",
    )
    assert warned(pin, "do: hide, where: category == 'wine'") == [message + "hides it"]
    assert warned(pin, "do: hide, where: brand == 'Antinori'") == [message + "hides it"]
    assert warned(pin, "do: keep, where: category != 'wine'") == [message + "keeps only others"]
    assert not warned(pin, "do: hide, where: price > 15")
    moving = "do: pin, where: bought(), position: 1"
    assert warned(moving, "do: hide, where: bought()") == [message + "hides it"]


@pytest.mark.parametrize(
    ("when", "unless"),
    [
        ("device: mobile", "device: [mobile, tablet]"),
        ("segment: gold, store: S1", "store: known"),
        ("active: fair", "active: {from: 2026-10-30}"),
        ("weekly: {days: [sat, sun]}", "weekly: {days: [fri, sat, sun]}"),
    ],
)
def test_a_rule_whose_unless_covers_its_when_never_holds(when: str, unless: str) -> None:
    assert warned(f"{HIDE}, when: {{{when}}}, unless: {{{unless}}}") == [
        "rule 'r1' never holds: its unless holds wherever its when does"
    ]
    assert not warned(f"{HIDE}, when: {{{unless}}}, unless: {{{when}}}")
    assert not warned(f"{HIDE}, unless: {{{when}}}")


def test_a_segment_of_orders_that_are_yet_to_come_is_empty_while_the_rule_is_active() -> None:
    """Windows that never overlap: the rule is over before anybody can be in the segment."""
    for segment in ("late-comers", "[fair-goers, late-comers]"):
        lines = [f"{HIDE}, when: {{segment: {segment}, active: {{until: 2026-10-31}}}}"]
        assert "nobody can be in segment" in warned(*lines)[0]
    for more in (
        "segment: late-comers",
        "segment: either, active: {until: 2026-10-31}",
        "segment: fair-goers, active: fair",
    ):
        assert not warned(f"{HIDE}, when: {{{more}}}")
    nobody = replace(STRICT, lists=lambda _: frozenset())
    text = rules(f"{HIDE}, when: {{segment: vip}}", head=HEAD)
    assert "nobody can be in segment 'vip'" in str(parse(text, nobody).warnings[0])


def test_pins_that_are_in_each_others_way_under_the_same_conditions() -> None:
    mobile, other = "when: {device: [mobile, tablet]}", "do: pin, product: '00502', position: 1"
    same = "when: {device: [tablet, mobile]}"
    assert warned(f"{PIN}, {mobile}", f"{other}, {same}") == ["pins 'r1' and 'r2' both want position 1"]
    assert not warned(PIN, f"{other}, {mobile}"), "the more specific one is meant to win"
    assert not warned(f"{PIN}, carousels: [trending]", f"{other}, carousels: [for-you]")
    assert warned(PIN, f"{other}, carousels: [for-you]") == ["pins 'r1' and 'r2' both want position 1"]
    again = "do: pin, product: '00501', position: 3"
    assert warned(f"{PIN}, {mobile}", f"{again}, {same}") == ["pins 'r1' and 'r2' both pin '00501'"]
    assert not warned(f"{PIN}, {mobile}", again)


def test_more_than_three_pins_in_eight_slots_that_stand_together() -> None:
    """Those that always hold count beside those of one condition; two conditions may never meet."""
    two, one = "do: pin, products: ['00501', '00502'], positions: [1, 2]", "do: pin, product: '0050{}', position: {}"
    mobile = "when: {device: mobile}"
    third, fourth = one.format(3, 3), one.format(4, 4)
    assert not warned(two, third)
    assert warned(two, f"{third}, {mobile}", f"{fourth}, {mobile}") == [
        "4 of the first 8 positions of every carousel are pinned"
    ]
    assert not warned(two, f"{third}, {mobile}", f"{fourth}, when: {{device: tablet}}")
    assert warned(f"{third}, carousels: [trending]", f"{fourth}, carousels: [trending]", two) == [
        "4 of the first 8 positions of 'trending' are pinned"
    ]
    assert not warned(two, third, one.format(4, 9).replace("do: pin", "carousels: [for-you], do: pin"))[1:]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**64))
def test_no_warning_is_false(seed: int) -> None:
    """A rule that is told never to hold holds at no drawn request, and no pin shows what it is told never to show."""
    random = Random(seed)
    world = drawn.draw_world(random)
    file = [drawn.draw_rule(random, world, number) for number in range(8)]
    for one, other in zip(file[1::2], file[::2], strict=True):  # pairs that concern each other
        for key in ("when", "carousels", "products", "where"):
            if key in other and random.random() < 0.6 and not one.get("everywhere") and one["do"] != "pin":
                one.pop("where" if key == "products" else "products" if key == "where" else key, None)
                one[key] = other[key]
    for one in file:
        if "when" in one and not one.get("everywhere") and random.random() < 0.2:
            one["unless"] = dict(random.sample(list(one["when"].items()), 1))
    facts = strict_facts(engine.facts_of(world), Ground(engine.catalogue_of(world), world["zone"]))
    told = [one.message for one in parse(engine.file_of(world, file), facts).warnings]
    never = {found[1] for one in told if (found := re.match(r"rule '(.+)' never holds", one))}
    hidden = {found.groups() for one in told if (found := re.match(r"pin '(.+)' never shows '(.+)': ", one))}
    empty = {found[1] for one in told if (found := re.match(r"pin '(.+)' never shows any", one))}
    for _ in range(4):
        q = drawn.draw_request(random, world)
        assert not [rule["id"] for rule in file if rule["id"] in never and holds(rule, q, world)]
        shown, _, _ = reference.carousel(world, file, drawn.draw_shelf(random, world, q))
        for product, source, rule in shown:
            named = next((one.get("products", []) for one in file if one["id"] == rule), [])
            assert source != "pin" or (((rule, product) not in hidden or product not in named) and rule not in empty)
