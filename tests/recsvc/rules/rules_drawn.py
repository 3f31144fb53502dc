"""A drawn shop with its rules, and requests to it, as the plain data of the reference."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from reference_truth import truth
from rules_reference import ALL_BARS, LIFTABLE

CAROUSELS = ("for-you", "trending", "similar-items")
VALUES = {
    "category": ("wine", "cheese", "bread"),
    "brand": ("Antinori", "ANTINORI", "Hovis", "Dr. Öetker"),
    "tags": ("bf-deal", "clearance", "early-access"),
    "device": ("mobile", "desktop", "tablet"),
    "referrer": ("search", "mail"),
    "campaign": ("C1", "C2"),
    "country": ("GB", "US"),
    "weather": ("rain", "sun"),
    "store": ("S1", "S2"),
    "loyalty_app": ("yes", "no"),
    "tier": ("gold", "vip", "Silver"),
}
FIELDS = ("store", "device", "referrer", "campaign", "country", "weather", "loyalty_app")
NUMBERS = ("price", "cost", "weight", "margin")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = ("Europe/London", "America/New_York", "UTC")
CHANGES = {"2026-03-05": (3, 24), "2026-10-18": (7, 14)}
"""Days from which worlds begin, and how many later the clocks of New York and London change."""
LISTS = {"vip.csv": frozenset({"u1", "v9"})}
CLOCKS = ("00:30", "01:30", "02:30", "09:00", "18:00", "23:30")


def some(random, values, most):
    return random.sample(list(values), random.randint(1, min(most, len(values))))


def perhaps(random, share, make):
    return make() if random.random() < share else None


def quarter(random, most):
    """Return a number that neither machine nor YAML rounds."""
    return random.randint(1, 4 * most) / 4


# --- the world ---


def draw_world(random):
    """Return a zone, up to fourteen products whose order is not that of their ids, and what rules refer to."""
    ids = random.sample(
        [*(f"{n:05d}" for n in range(501, 511)), "9", "10", "A-1", "a b", "Z"],
        random.choice([1, 2, 4, 6, 8, 10, 12, 14]),
    )
    world = {
        "zone": random.choice(ZONES), "day": random.choice(list(CHANGES)), "lists": LISTS,
        "products": {one: draw_product(random, one) for one in ids},
        "experiments": {"x": (["a", "b"], ""), "salted": (["north", "south", "east"], f"s{random.randint(0, 9)}")},
        "calendar": {}, "segments": {},
    }  # fmt: skip
    world["calendar"] = {name: draw_window(random, world) for name in ("fair", "sale")}
    for name in ("s1", "s2", "s3"):
        world["segments"][name] = draw_segment(random, world, deep=2)
    return world


def draw_product(random, product):
    price, cost = (perhaps(random, 0.85, lambda: quarter(random, 30)) for _ in range(2))
    return {
        "product_id": product,
        "category": perhaps(random, 0.85, lambda: random.choice(VALUES["category"])),
        "brand": perhaps(random, 0.85, lambda: random.choice(VALUES["brand"])),
        "tags": tuple(sorted(random.sample(VALUES["tags"], random.choice([0, 0, 1, 2])))),
        "price": price,
        "cost": cost,
        "margin": None if price is None or cost is None else (price - cost) / price,
        "weight": perhaps(random, 0.5, lambda: float(random.randint(0, 3))),
    }


def draw_window(random, world):
    """Return (from, until) as texts, either of them perhaps None; in the weeks round the clock changes."""
    days = sorted(draw_day(random, world) for _ in range(2))
    start, end = (str(datetime.fromisoformat(world["day"]) + timedelta(days=day))[:10] for day in days)
    if random.random() < 0.4 and days[0] < days[1]:
        start = f"{start} {random.choice(CLOCKS)}"
    if random.random() < 0.4 and days[0] < days[1]:
        end = f"{end} {random.choice(CLOCKS)}"
    return random.choice([(start, end), (start, end), (start, None), (None, end)])


def draw_day(random, world):
    return random.choice([random.randint(0, 24), *CHANGES[world["day"]]])


def draw_week(random):
    out = {"days": some(random, DAYS, 4)} if random.random() < 0.7 else {}
    clocks = random.sample(CLOCKS, 2)
    if not out or random.random() < 0.6:
        out["from"] = clocks[0]
    if random.random() < 0.5:
        out["until"] = clocks[1]
    return out


def draw_segment(random, world, deep):
    kinds = ["bought", "bought", "orders", "spend", "average_order", "first_order", "inactive", "viewed", "attribute"]
    kind = random.choice([*kinds, "list", *(["all", "any", "none"] * (deep > 0))])
    if kind in ("all", "any", "none"):
        inner = [draw_segment(random, world, deep - 1) for _ in range(random.randint(1, 2))]
        return {kind: inner + some(random, world["segments"], 1) if world["segments"] else inner}
    if kind == "list":
        return {kind: "vip.csv"}
    if kind == "attribute":
        return {kind: draw_user_condition(random)}
    if kind == "inactive":
        return {kind: {"for_days": random.randint(1, 40)}}
    what = {}
    if kind in ("bought", "viewed"):
        what["at_least"] = random.randint(1, 2)
        how = random.random()
        if how < 0.4:
            what["products"] = some(random, [*world["products"], "NEW"], 3)
        elif how < 0.8:
            what["where"] = draw_condition(random, 1, static=True)
    elif kind in ("orders", "spend", "average_order"):
        most = 5 if kind == "orders" else 60
        bounds = sorted(random.randint(0, most) for _ in range(2))
        what = random.choice(
            [{"at_least": bounds[0]}, {"at_most": bounds[1]}, {"at_least": bounds[0], "at_most": bounds[1]}]
        )
    if kind != "viewed" and (kind == "first_order" or random.random() < 0.5):
        how = random.choice(["days", "name", "window"])
        if how == "days":
            what["within_days"] = random.randint(1, 60)
        else:
            what["during"] = random.choice(["fair", "sale"]) if how == "name" else draw_window(random, world)
    return {kind: what}


# --- expressions ---


def draw_number(random, deep, static):
    """Return an expression that is a number, and differs from product to product."""
    how = random.random()
    if deep and how < 0.3:
        sign = random.choice("+-*/")
        other = ("number", random.choice([0.5, 2.0, 1.25])) if sign in "*/" else draw_number(random, deep - 1, static)
        return ("arithmetic", sign, draw_number(random, deep - 1, static), other)
    if not static and how < 0.5:
        return random.choice([("stock",), ("days since bought",), ("context", "temperature")])
    return ("attribute", random.choice(NUMBERS))


def draw_bound(random, static):
    how = random.random()
    if not static and how < 0.4:
        page = ("page", random.choice(NUMBERS))
        return page if how < 0.2 else ("arithmetic", "*", ("number", random.choice([0.5, 1.25, 2.0])), page)
    return ("number", random.choice([0.0, 1.0, 0.4137, quarter(random, 30), quarter(random, 10)]))


def draw_text(random):
    name = random.choice(["category", "brand", "brand"])
    own = ("attribute", name)
    return name, (("lower", own) if random.random() < 0.3 else own)


def draw_condition(random, deep, static=False):
    """Return an expression that is true, false or unknown; ``static``: the catalogue alone decides."""
    how = random.random()
    if deep and how < 0.3:
        kind = random.choice(["not", "and", "or"])
        return (kind, *(draw_condition(random, deep - 1, static) for _ in range(1 if kind == "not" else 2)))
    if how < 0.5:
        sign = random.choice(["==", "!=", "<", "<=", ">", ">="])
        return ("compare", sign, draw_number(random, 1, static), draw_bound(random, static))
    if how < 0.6:
        return ("between", draw_number(random, 0, static), draw_bound(random, static), draw_bound(random, static))
    if how < 0.7:
        return (
            "tagged",
            random.choice(VALUES["tags"]),
            random.choice([("attribute", "tags")] * 2 + [("page", "tags")][static:]),
        )
    if not static and how < 0.8:
        return (
            "bought",
            random.choice(["product_id", "category", "brand"]),
            perhaps(random, 0.5, lambda: random.randint(1, 60)),
        )
    name, own = draw_text(random)
    word = random.choice(VALUES[name])
    if how < 0.88:
        sign = random.choice(["==", "!="])
        return ("compare", sign, own, ("page", name) if not static and random.random() < 0.5 else ("text", word))
    if how < 0.94:
        return ("among", some(random, [*VALUES[name], "hovis"], 3), own)
    return (
        "part",
        random.choice(["startswith", "contains"]),
        own,
        random.choice([word[:2], word[1:3], word.lower()[:3]]),
    )


def draw_user_condition(random):
    tier, age = ("user", "tier"), ("user", "age")
    return random.choice(
        [
            ("among", some(random, VALUES["tier"], 2), tier),
            ("compare", "==", ("lower", tier), ("text", "silver")),
            ("not", ("compare", ">=", age, ("number", 40.0))),
            ("or", ("compare", "<", age, ("number", 30.0)), ("compare", "!=", tier, ("text", "gold"))),
        ]
    )


# --- rules ---


def draw_conditions(random, world):
    keys = some(random, ["segment", "active", "weekly", "page_item", "cart_item", *FIELDS, "temperature"], 2)
    return {key: draw_wanted(random, world, key) for key in keys}


def draw_wanted(random, world, key):
    if key == "segment":
        return some(random, world["segments"], 2)
    if key == "active":
        return [random.choice(["fair", "sale", draw_window(random, world)]) for _ in range(random.randint(1, 2))]
    if key == "weekly":
        return [draw_week(random) for _ in range(random.randint(1, 2))]
    if key in ("page_item", "cart_item"):
        if random.random() < 0.4:
            return {"products": some(random, [*world["products"], "NEW"], 2)}
        return {"where": draw_condition(random, 1)}
    if random.random() < 0.3:
        return "known"
    if key == "temperature":
        low = random.randint(-5, 20)
        return {"at_least": low, "at_most": low + random.randint(0, 9)} if random.random() < 0.5 else [-2.5, 7.0]
    return some(random, VALUES[key], 2)


def draw_rule(random, world, number):
    """Return one rule as a dict whose keys are those of the file, a target always as ``products`` or ``where``."""
    verbs = ["hide", "keep", "boost", "boost", "bury", "limit", "limit", "pin", "pin", "pin", "pin"]
    rule = {"id": f"r{number}", "do": random.choice(verbs)}
    if random.random() < 0.4:
        rule["carousels"] = some(random, CAROUSELS, 2)
    if random.random() < 0.4:
        rule["when"] = draw_conditions(random, world)
    if random.random() < 0.2:
        rule["unless"] = draw_conditions(random, world)
    if random.random() < 0.3:
        rule["priority"] = random.choice([50, 99.5, 200])
    if random.random() < 0.1:
        rule["enabled"] = False
    if random.random() < 0.15:
        rule["experiment"] = random.choice(
            [{"name": "x", "arms": some(random, "ab", 2)}, {"name": "salted", "arms": ["north"]}]
        )
    if random.random() < 0.5:
        rule["products"] = some(random, [*world["products"], "NEW"], 3)
    else:
        rule["where"] = max((draw_condition(random, 2) for _ in range(3)), key=lambda one: met(one, world))
    OF_VERB[rule["do"]](random, world, rule)
    return rule


def met(condition, world):
    """Return for how many products a condition holds at a bare request: most of what is drawn shall do something."""
    bare = {"page": None, "fields": {}, "history": (), "stock": {}, "now": 0}
    return sum(truth(condition, one, bare, world) is True for one in world["products"])


def _hide(random, world, rule):
    if random.random() < 0.3:
        for key in ("carousels", "when", "unless", "experiment"):
            rule.pop(key, None)
        if "where" in rule:
            rule["where"] = draw_condition(random, 1, static=True)
        if random.random() < 0.3:
            rule["when"] = {"active": draw_wanted(random, world, "active")}
        rule["everywhere"] = True


def _keep(random, world, rule):
    if "products" in rule:
        rule["products"] = some(random, world["products"], 8)
    if random.random() < 0.7:
        rule["min_results"] = random.randint(1, 4)


def _limit(random, world, rule):
    rule["max"], rule["strict"] = random.randint(0, 2), random.random() < 0.4
    if random.random() < 0.7:
        rule["per"] = random.choice(["brand", "category", "price", "weight", "tags"])
        if random.random() < 0.7:
            rule.pop("products", None)
            rule.pop("where", None)


def _pin(random, world, rule):
    count = len(rule["products"]) if "products" in rule else random.randint(1, 2)
    rule["positions"] = random.sample(range(1, random.choice([4, 4, 9])), count)
    if "products" in rule and random.random() < 0.5:
        rule["instead"] = some(random, [*world["products"], "NEW"], 2)
    if random.random() < 0.4:
        rule["even_if"] = some(random, LIFTABLE, 3)


def _boost(random, _, rule):
    rule["factor"] = random.choice([round(random.uniform(1.0001, 10), 4), random.choice([2, 4, 10])])


def _bury(random, _, rule):
    rule["factor"] = random.choice([round(random.uniform(0.0001, 0.9999), 4), random.choice([0.5, 0.25])])


OF_VERB = {"hide": _hide, "keep": _keep, "limit": _limit, "pin": _pin, "boost": _boost, "bury": _bury}


# --- requests ---


def draw_request(random, world):
    products, local = list(world["products"]), datetime.fromisoformat(world["day"])
    local += timedelta(days=draw_day(random, world), minutes=random.randint(0, random.choice([240, 1439])))
    now = int(local.replace(tzinfo=ZoneInfo(world["zone"])).timestamp())
    names = [name for name in FIELDS if random.random() < 0.6]
    fields = {name: random.choice([*VALUES[name], "other"]) for name in names}
    if random.random() < 0.5:
        fields["temperature"] = random.choice([-2.5, 7.0, float(random.randint(-9, 30))])
    return {
        "now": now,
        "carousel": random.choice(CAROUSELS),
        "page": random.choice([None, *products]),
        "cart": random.sample(products, random.randint(0, min(2, len(products)))),
        "fields": fields,
        "user": random.choice(["u1", "u2", "u3", None]),
        "visitor": random.choice(["v9", "v2", None]),
        "attributes": {"tier": random.choice([*VALUES["tier"], None]), "age": random.choice([25.0, 40.0, None])},
        "viewed": [random.choice(products) for _ in range(random.randint(0, 3))],
        "history": sorted((draw_line(random, products, now) for _ in range(random.randint(0, 7))), key=lambda one: one["time"]),
        "stock": {(p, s): random.randint(0, 1) for p in products for s in VALUES["store"] if random.random() < 0.8},
    }  # fmt: skip


def draw_line(random, products, now):
    """Return one purchase; some lie ahead of the moment, as they do where a moment of the past is asked for."""
    return {
        "product": random.choice(products),
        "time": now - random.randint(-5 * 86_400, 60 * 86_400),
        "order": random.randint(0, 4),
        "quantity": random.choice([1, 1, 2, 0.5]),
        "price": perhaps(random, 0.9, lambda: quarter(random, 20)),
    }


def draw_shelf(random, world, q, name=None):
    """Return a carousel with its candidates, its tail, what only pins may take, exclusions, fallbacks and sizes."""
    products = list(world["products"])
    scores = {
        one: random.choice([0.1, 0.2, 0.4, 0.8, random.uniform(0.01, 1)])
        for one in random.sample(products, random.choice([0, len(products) // 2, len(products) - 1, len(products)]))
    }
    bars = {one: set(random.sample(ALL_BARS, random.choice([0, 0, 0, 1, 2]))) for one in products}
    names = ("category-bestsellers", "bestsellers")[: random.randint(0, 2)]
    size = random.choice([1, 2, 3, 4, 5, 6, 7, 8, 8, 8])
    return {
        "q": {**q, "carousel": name or q["carousel"]},
        "scores": scores,
        "extra": {one: random.uniform(0.01, 1) for one in products if one not in scores and random.random() < 0.5},
        "bars": bars,
        "fallbacks": [(one, random.choices(products, k=random.randint(0, 6))) for one in names],
        "size": size,
        "ends": random.choice([size, size, random.randint(1, 8)]),
        "deeper": perhaps(random, 0.5, lambda: draw_tail(random, [one for one in products if one not in scores])),
    }


def draw_tail(random, products):
    """Return what only a deeper look finds, with its scores: some as high as those of the first candidates."""
    return {one: random.choice([0.1, random.uniform(0.001, 1)]) for one in products if random.random() < 0.7}
