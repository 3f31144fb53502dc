"""The engine against the slow reference, on random rules, shoppers, moments, candidates and sizes.

RULES_CASES sets how many cases run; the suite runs a few hundred.
"""

import os
from random import Random

import numpy as np
import rules_kit as kit
import rules_reference as reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsvc.rules.arrange import arrange, claim_pins
from recsvc.rules.bind import bind
from recsvc.rules.match import select
from recsvc.rules.page import Shelf, arrange_page
from recsvc.rules.parse import parse
from recsvc.rules.situation import BARS, Shopper, Situation

CASES = int(os.environ.get("RULES_CASES", "300"))
random_cases = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize="RULES_CASES" not in os.environ,  # the same few cases each time; `make cases` draws others
)
CAROUSELS = ("for-you", "trending")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def some(random, values, most):
    return random.sample(list(values), random.randint(1, most))


def random_conditions(random):
    choices = {
        "segment": lambda: some(random, reference.SEGMENTS, 2),
        "active": lambda: sorted(f"2026-10-{day:02d}" for day in random.sample(range(1, 29), 2)),
        "weekly": lambda: some(random, DAYS, 3),
        "store": lambda: random.choice(["known", ["S1"], ["S1", "S2"]]),
        "device": lambda: random.choice([["mobile"], ["desktop", "tablet"]]),
        "page_item": lambda: random.choice(list(reference.EXPRESSIONS)),
        "cart_item": lambda: random.choice(reference.STATIC),
        "page_product": lambda: random.choice(kit.IDS),
    }
    keys = some(random, choices, 2)
    if "page_product" in keys and "page_item" in keys:
        keys.remove("page_item")
    return {key: choices[key]() for key in keys}


def random_rule(random, number):
    rule = {
        "id": f"r{number}",
        "do": random.choice(["hide", "keep", "boost", "bury", "limit", "limit", "pin", "pin", "pin"]),
    }
    if random.random() < 0.4:
        rule["carousels"] = some(random, CAROUSELS, 2)
    if random.random() < 0.4:
        rule["when"] = random_conditions(random)
    if random.random() < 0.2:
        rule["unless"] = random_conditions(random)
    if random.random() < 0.3:
        rule["priority"] = random.choice([50, 200])
    if random.random() < 0.1:
        rule["enabled"] = False
    if random.random() < 0.15:
        rule["arms"] = some(random, "ab", 2)
    if random.random() < 0.5:
        rule["products"] = some(random, [*kit.IDS, "NEW"], 3)
    else:
        rule["where"] = random.choice(list(reference.EXPRESSIONS))
    VERBS[rule["do"]](random, rule)
    return rule


def _hide(random, rule):
    if random.random() < 0.3 and rule.get("where", "price <= 7") in reference.STATIC:
        for key in ("carousels", "when", "unless", "arms"):
            rule.pop(key, None)
        rule["everywhere"] = True


def _keep(random, rule):
    rule.update(products=some(random, kit.IDS, 8)) if "products" in rule else None
    if random.random() < 0.6:
        rule["min_results"] = random.randint(1, 4)


def _limit(random, rule):
    rule["max"], rule["strict"] = random.randint(0, 2), random.random() < 0.4
    if random.random() < 0.7:
        rule["per"] = random.choice(["brand", "category", "price", "tags"])
        if random.random() < 0.7:
            rule.pop("products", None)
            rule.pop("where", None)


def _pin(random, rule):
    count = len(rule["products"]) if "products" in rule else random.randint(1, 2)
    rule["positions"] = random.sample(range(1, 8), count)
    if "products" in rule and random.random() < 0.5:
        rule["instead"] = some(random, kit.IDS, 2)
    if random.random() < 0.4:
        rule["even_if"] = some(random, reference.ALL_LIFTABLE, 3)


VERBS = {
    "hide": _hide,
    "keep": _keep,
    "limit": _limit,
    "pin": _pin,
    "boost": lambda random, rule: rule.update(factor=random.choice([2, 4, 8])),
    "bury": lambda random, rule: rule.update(factor=random.choice([0.5, 0.25, 0.125])),
}


def listed(values):
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def quoted(text):
    return f'"{text}"'


def conditions_text(conditions):
    writers = {
        "active": lambda one: f"{{from: {one[0]}, until: {one[1]}}}",
        "weekly": lambda one: f"{{days: {listed(one)}}}",
        "page_item": quoted,
        "cart_item": quoted,
        "page_product": lambda one: f"{{product: '{one}'}}",
    }
    items = {"page_item" if key == "page_product" else key: (key, value) for key, value in conditions.items()}
    parts = []
    for name, (key, value) in items.items():
        write = writers.get(key, lambda one: one if isinstance(one, str) else listed(one))
        parts.append(f"{name}: {write(value)}")
    return "{" + ", ".join(parts) + "}"


def rule_text(rule):
    writers = {
        "when": conditions_text,
        "unless": conditions_text,
        "where": quoted,
        "arms": lambda arms: f"{{name: x, arms: {listed(arms)}}}",
        "enabled": lambda one: str(one).lower(),
        "strict": lambda one: str(one).lower(),
        "everywhere": lambda one: str(one).lower(),
    }
    parts = []
    for key, value in rule.items():
        write = writers.get(key, lambda one: listed(one) if isinstance(one, list) else str(one))
        parts.append(f"{'experiment' if key == 'arms' else key}: {write(value)}")
    return ", ".join(parts)


def random_request(random):
    page = random.choice([None, *kit.IDS])
    lines = [(random.choice(kit.IDS), random.randint(1, 60), random.randint(0, 4)) for _ in range(random.randint(0, 6))]
    return {
        "now": reference.now_of(random.randint(0, 27), random.randint(0, 23)),
        "carousel": random.choice(CAROUSELS),
        "page": page,
        "cart": random.sample(kit.IDS, random.randint(0, 2)),
        "store": random.choice([None, "S1", "S2", "S3"]),
        "device": random.choice([None, "mobile", "desktop"]),
        "user": random.choice(["u1", "u2", None]),
        "tier": random.choice(["gold", "silver", None]),
        "history": lines,
        "stock": {product: random.randint(0, 1) for product in kit.IDS},
    }


def situation_of(q):
    stock = np.array([q["stock"][product] for product in kit.IDS], np.float64)
    shopper = Shopper(q["user"], None, kit.history(*q["history"], now=q["now"]), {"tier": q["tier"]})
    return Situation(
        now=q["now"],
        carousel=q["carousel"],
        page=kit.row(q["page"]) if q["page"] else -1,
        cart=np.array([kit.row(one) for one in q["cart"]], np.int32),
        fields={"store": q["store"], "device": q["device"]},
        shopper=shopper,
        stock=lambda rows, store: stock[rows],
    )


def random_supply(random):
    scores = {product: random.choice([0.1, 0.2, 0.4, 0.8]) for product in random.sample(kit.IDS, random.randint(0, 8))}
    extra = {product: 0.3 for product in kit.IDS if product not in scores and random.random() < 0.5}
    bars = {p: {random.choice(list(BARS.values()))} if random.random() < 0.25 else set() for p in kit.IDS}
    fallbacks = [
        (name, random.sample(kit.IDS, random.randint(0, 6))) for name in ("near", "far")[: random.randint(0, 2)]
    ]
    return scores, extra, bars, fallbacks


HEAD = "segments:\n" + "".join(f"  {name}: {text}\n" for name, (text, _) in reference.SEGMENTS.items())


def loaded(rules):
    return bind(parse(kit.rules(*(rule_text(rule) for rule in rules), head=HEAD), kit.SHOP), kit.CATALOGUE)


def bars_array(bars):
    bits = {name: bit for bit, name in BARS.items()}
    return np.array([sum(bits[name] for name in bars[product]) for product in kit.IDS], np.uint8)


def as_rows(fallbacks):
    return [
        (name, lambda found=found: np.array([kit.row(one) for one in found], np.int32)) for name, found in fallbacks
    ]


@random_cases
@given(seed=st.integers(0, 2**64))
def test_the_engine_shows_what_the_reference_shows(seed):
    random = Random(seed)
    rules = [random_rule(random, number) for number in range(random.randint(0, 9))]
    q, size = random_request(random), random.randint(1, 8)
    scores, extra, bars, fallbacks = random_supply(random)
    taken = random.sample(kit.IDS, random.choice([0, 0, 2]))
    active = select(loaded(rules), situation_of(q), explain=True)
    assert set(active.ids()) == {rule["id"] for rule in rules if reference.holds(rule, q)}
    assert set(active.skipped) == {rule["id"] for rule in rules} - set(active.ids())
    codes = bars_array(bars)
    out = arrange(
        active,
        kit.pool(scores, extra),
        size=size,
        bars=lambda rows: codes[rows],
        fallbacks=as_rows(fallbacks),
        taken=frozenset(kit.row(one) for one in taken),
        explain=True,
    )
    wanted, dropped, skipped = reference.carousel(rules, q, scores, extra, size, bars, fallbacks, taken)
    got = [(kit.IDS[row], source) for row, source in zip(out.rows.tolist(), out.sources, strict=True)]
    assert got == wanted
    assert {(one.rule, one.position, one.reason) for one in out.dropped} == dropped
    assert set(out.skipped_keeps) == skipped


@random_cases
@given(seed=st.integers(0, 2**64))
def test_the_order_of_the_file_changes_nothing_but_the_last_resort(seed):
    random = Random(seed)
    rules = [random_rule(random, number) for number in range(6)]
    for number, rule in enumerate(rules):
        rule["priority"] = number
    q = random_request(random)
    scores, extra, bars, fallbacks = random_supply(random)
    codes, lists = bars_array(bars), as_rows(fallbacks)
    answers = []
    for _ in range(2):
        active = select(loaded(rules), situation_of(q))
        out = arrange(active, kit.pool(scores, extra), size=6, bars=lambda rows: codes[rows], fallbacks=lists)
        answers.append((out.rows.tolist(), out.scores.tolist(), out.sources, out.pins))
        random.shuffle(rules)
    assert answers[0] == answers[1]


@random_cases
@given(seed=st.integers(0, 2**64))
def test_positions_are_absolute_over_its_depth_and_pages_are_slices_of_one_ranking(seed):
    """Whatever is asked for beyond the carousel's own size, what stands before it stays where it was."""
    random = Random(seed)
    bound_rules = loaded([random_rule(random, number) for number in range(random.randint(0, 9))])
    active = select(bound_rules, situation_of(random_request(random)))
    scores, extra, bars, fallbacks = random_supply(random)
    codes, ends = bars_array(bars), random.randint(1, 6)
    short, long = (
        arrange(
            active, kit.pool(scores, extra), size=size, ends=ends, bars=lambda rows: codes[rows],
            fallbacks=as_rows(fallbacks),
        )
        for size in (random.randint(1, ends), ends + random.randint(1, 4))
    )  # fmt: skip
    assert long.rows.tolist()[: len(short.rows)] == short.rows.tolist()
    assert long.pins[: len(short.rows)] == short.pins
    assert not any(long.pins[ends:])


@random_cases
@given(seed=st.integers(0, 2**64))
def test_a_page_shows_no_product_twice_and_no_pin_loses_to_a_non_pin(seed):
    random = Random(seed)
    rules = [random_rule(random, number) for number in range(random.randint(0, 8))]
    bound_rules, q = loaded(rules), random_request(random)
    hidden = [rule for rule in rules if rule.get("everywhere") and rule.get("enabled", True)]
    shelves = []
    for name in CAROUSELS:
        scores, extra, bars, fallbacks = random_supply(random)
        codes = bars_array(bars)
        active = select(bound_rules, situation_of({**q, "carousel": name}))
        shelves.append(
            Shelf(
                active,
                kit.pool(scores, extra),
                size := random.randint(1, 5),
                size,
                lambda rows, codes=codes: codes[rows],
                as_rows(fallbacks),
            )
        )
    first, second = arrange_page(shelves)
    everything = [*first.rows.tolist(), *second.rows.tolist()]
    assert len(everything) == len(set(everything))
    assert len(first.rows) <= shelves[0].size and len(second.rows) <= shelves[1].size
    assert not [row for row in everything for rule in hidden if reference.target(rule, kit.IDS[row], q)]
    pinned = np.array([row for row, rule in zip(first.rows.tolist(), first.pins, strict=True) if rule], np.int32)
    other = shelves[1]
    claims = claim_pins(
        other.active,
        other.pool,
        size=other.size,
        ends=other.ends,
        bars=other.bars,
        fallbacks=other.fallbacks,
        taken=pinned,
    )
    assert not set(claims.tolist()) & set(first.rows.tolist())
