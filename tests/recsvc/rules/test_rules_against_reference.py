"""The engine against the slow reference, on drawn shops, rules, shoppers, moments, candidates and sizes.

RULES_CASES sets how many cases run; the suite runs a few hundred.
"""

import os
from random import Random

import pytest
import rules_drawn as drawn
import rules_reference as reference
import rules_written as engine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reference_truth import arm, holds
from rules_kit import alone

from recsvc.rules.page import arrange_page

CASES = int(os.environ.get("RULES_CASES", "300"))
random_cases = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize="RULES_CASES" not in os.environ,  # the same few cases each time; `make cases` draws others
)
seeds = given(seed=st.integers(0, 2**64))


def drawn_rules(random, most=9):
    world = drawn.draw_world(random)
    return world, [drawn.draw_rule(random, world, number) for number in range(random.randint(0, most))]


@random_cases
@seeds
def test_the_engine_shows_what_the_reference_shows(seed):
    random = Random(seed)
    world, rules = drawn_rules(random)
    q = drawn.draw_request(random, world)
    shelf = drawn.draw_shelf(random, world, q)
    taken = random.sample(list(world["products"]), random.choice([0, 0, min(2, len(world["products"]))]))
    made = engine.shelf_of(world, engine.bound_to(world, rules), shelf, explain=True)
    assert set(made.active.ids()) == {rule["id"] for rule in rules if holds(rule, q, world)}
    assert set(made.active.skipped) == {rule["id"] for rule in rules} - set(made.active.ids())
    assert {one["name"]: one["arm"] for one in made.active.arms()} == {
        name: drawn_arm for name in tried(rules) if (drawn_arm := arm(name, q, world)) is not None
    }
    out = alone(made, engine.rows_of(world, taken), explain=True)
    assert engine.shown(world, out) == reference.carousel(world, rules, shelf, taken)
    settled = reference.settle(world, rules, shelf, taken)
    of = {True: settled["points"], False: {**settled["points"], **settled["behind"]}}
    points = [of[source == "pin"].get(one, 0) for one, source, _ in engine.shown(world, out)[0]]
    assert out.scores.tolist() == pytest.approx(points)


def tried(rules):
    return {rule["experiment"]["name"] for rule in rules if "experiment" in rule and rule.get("enabled", True)}


@random_cases
@seeds
def test_the_order_of_the_file_changes_nothing_but_the_last_resort(seed):
    random = Random(seed)
    world, rules = drawn_rules(random, 6)
    for number, rule in enumerate(rules):
        rule["priority"] = number
    shelf = drawn.draw_shelf(random, world, drawn.draw_request(random, world))
    answers = []
    for _ in range(2):
        out = alone(engine.shelf_of(world, engine.bound_to(world, rules), shelf))
        answers.append((engine.shown(world, out), out.scores.tolist()))
        random.shuffle(rules)
    assert answers[0] == answers[1]


@random_cases
@seeds
def test_positions_are_absolute_over_its_depth_and_pages_are_slices_of_one_ranking(seed):
    """Whatever is asked for beyond the carousel's own size, what stands before it stays where it was."""
    random = Random(seed)
    world, rules = drawn_rules(random)
    shelf, ends = drawn.draw_shelf(random, world, drawn.draw_request(random, world)), random.randint(1, 6)
    bound = engine.bound_to(world, rules)
    short, long = (
        alone(engine.shelf_of(world, bound, {**shelf, "size": size, "ends": ends}))
        for size in (random.randint(1, ends), ends + random.randint(1, 4))
    )
    assert long.rows.tolist()[: len(short.rows)] == short.rows.tolist()
    assert long.pins[: len(short.rows)] == short.pins
    assert not any(long.pins[ends:])


@random_cases
@example(
    seed=9_542_576_059
)  # a stand-in that an earlier carousel has pinned: the next one stands past the end of the page
@seeds
def test_a_page_shows_what_the_reference_shows_no_product_twice_and_no_pin_loses_to_a_non_pin(seed):
    random = Random(seed)
    world, rules = drawn_rules(random)
    q = drawn.draw_request(random, world)
    shelves = [drawn.draw_shelf(random, world, q, name) for name in drawn.CAROUSELS[: random.randint(2, 3)]]
    bound = engine.bound_to(world, rules)
    out = [engine.shown(world, one) for one in arrange_page([engine.shelf_of(world, bound, one) for one in shelves])]
    assert out == reference.page(world, rules, shelves)
    everything = [product for its, _, _ in out for product, _, _ in its]
    assert len(everything) == len(set(everything))
    assert all(len(its) <= shelf["size"] for (its, _, _), shelf in zip(out, shelves, strict=True))
    recalls = [rule for rule in rules if rule.get("everywhere") and holds(rule, q, world)]
    assert not [one for one in everything for rule in recalls if reference.chosen(rule, one, q, world)]
    settled = reference.settled_in_turn(world, rules, shelves)
    for number, (its, _, _) in enumerate(out):
        for product, source, _ in its:  # whoever has a product that another carousel's pin wants, has it by a pin
            wanted = [one for later in settled[number + 1 :] for one in reference.claimed(later)]
            assert source == "pin" or product not in wanted
