"""The semantics of the rules a second time: slow, over lists and dicts, a product is its id. The engine must agree."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import prod
from zoneinfo import ZoneInfo

from rules_kit import IDS, PRODUCTS

from recsvc.rules.experiments import arm_of
from recsvc.rules.schema import Experiment
from recsvc.rules.situation import BARS, LIFTABLE, Shopper

LONDON = ZoneInfo("Europe/London")
FACTS = {one[0]: dict(zip(("id", "category", "brand", "price", "cost", "tags"), one, strict=True)) for one in PRODUCTS}


def of(name: str) -> Callable[[str], object]:
    return lambda product: FACTS[product][name]


def margin(product):
    price, cost = FACTS[product]["price"], FACTS[product]["cost"]
    return None if price is None or cost is None else (price - cost) / price


def both(one, other):
    return None if one is None or other is None else (one, other)


# Each expression beside the Python that says the same: product, request -> True, False or None (unknown).
EXPRESSIONS = {
    "category == 'wine'": lambda p, q: None if of("category")(p) is None else of("category")(p) == "wine",
    "not category == 'wine'": lambda p, q: None if of("category")(p) is None else of("category")(p) != "wine",
    "price <= 7": lambda p, q: None if of("price")(p) is None else of("price")(p) <= 7,
    "margin > 0.45": lambda p, q: None if margin(p) is None else margin(p) > 0.45,
    "'bf-deal' in tags": lambda p, q: "bf-deal" in of("tags")(p),
    "lower(brand) == 'hovis'": lambda p, q: None if of("brand")(p) is None else of("brand")(p).lower() == "hovis",
    "category == page.category": lambda p, q: (lambda pair: None if pair is None else pair[0] == pair[1])(
        both(of("category")(p), q["page"] and of("category")(q["page"]))
    ),
    "stock_in(context.store) <= 0": lambda p, q: None if q["store"] is None else q["stock"][p] <= 0,
    "bought()": lambda p, q: any(line[0] == p for line in q["history"]),
    "price between 0.5 * page.price and page.price": lambda p, q: (
        lambda pair: None if pair is None else 0.5 * pair[1] <= pair[0] <= pair[1]
    )(both(of("price")(p), q["page"] and of("price")(q["page"]))),
}
STATIC = [text for text in EXPRESSIONS if not any(word in text for word in ("page", "context", "bought"))]

# The days ago and the order of each purchase are in q["history"]: (product, days ago, order).
SEGMENTS = {
    "wine-lovers": (
        "{bought: {where: category == 'wine', at_least: 2, within_days: 30}}",
        lambda q: len({order for p, days, order in q["history"] if of("category")(p) == "wine" and days <= 30}) >= 2,
    ),
    "gold": ("{attribute: tier == 'gold'}", lambda q: q["tier"] == "gold"),
    "vip": ("{list: vip.csv}", lambda q: q["user"] == "u1"),
    "rare": ("{orders: {at_most: 1}}", lambda q: len({order for _, _, order in q["history"]}) <= 1),
    "neither": ("{none: [gold, vip]}", lambda q: q["tier"] != "gold" and q["user"] != "u1"),
}


def target(rule, product, q) -> bool:
    if "products" in rule:
        return product in rule["products"]
    return EXPRESSIONS[rule["where"]](product, q) is True if "where" in rule else True


def condition(key, value, q) -> bool:
    if key == "segment":
        return any(SEGMENTS[name][1](q) for name in value)
    if key == "active":
        local = datetime.fromtimestamp(q["now"], LONDON).date().isoformat()
        return value[0] <= local <= value[1]
    if key == "weekly":
        return datetime.fromtimestamp(q["now"], LONDON).strftime("%a").lower() in value
    if key == "page_item":
        return q["page"] is not None and EXPRESSIONS[value](q["page"], q) is True
    if key == "page_product":
        return q["page"] == value
    if key == "cart_item":
        return any(EXPRESSIONS[value](p, q) is True for p in q["cart"])
    return q[key] is not None if value == "known" else q[key] in value


def holds(rule, q) -> bool:
    if not rule.get("enabled", True) or q["carousel"] not in rule.get("carousels", [q["carousel"]]):
        return False
    if not all(condition(key, value, q) for key, value in rule.get("when", {}).items()):
        return False
    if "unless" in rule and all(condition(key, value, q) for key, value in rule["unless"].items()):
        return False
    return "arms" not in rule or arm_of(Experiment("x"), Shopper(user_id=q["user"])) in rule["arms"]


def specific(rule) -> int:
    when = rule.get("when", {})
    for level, keys in (
        (5, ["page_product"]),
        (4, ["page_item"]),
        (3, ["segment", "store"]),
        (2, ["device", "cart_item"]),
    ):
        if any(key in when for key in keys):
            return level
    return 1 if "carousels" in rule else 0


def precedence(rules):
    def key(place):
        rule = rules[place]
        scheduled = "active" in rule.get("when", {}) or "weekly" in rule.get("when", {})
        return (-rule.get("priority", 100), -specific(rule), not scheduled, place)

    return [rules[place] for place in sorted(range(len(rules)), key=key)]


def carousel(rules, q, scores, extra, size, bars, fallbacks, taken=()):
    """Return [(product, source)], dropped {(rule, position, reason)} and skipped keeps.

    ``scores`` are the candidates, ``extra`` what only a pin may take, ``bars`` sets of names by product.
    """
    live = [rule for rule in rules if holds(rule, q)]
    named = {verb: [rule for rule in live if rule["do"] == verb] for verb in ("hide", "keep", "limit", "pin")}
    lists = [(name, list(dict.fromkeys(found))) for name, found in fallbacks]

    def free(product, keeps):
        hidden = any(target(rule, product, q) for rule in named["hide"])
        return not hidden and product not in taken and all(target(rule, product, q) for rule in keeps)

    firm = [rule for rule in named["keep"] if "min_results" not in rule]
    supply = set(scores) | {product for _, found in lists for product in found}
    left = [product for product in supply if free(product, firm) and not bars[product]]
    soft = [rule for rule in named["keep"] if "min_results" in rule]
    skipped = [rule for rule in soft if sum(target(rule, product, q) for product in left) < rule["min_results"]]
    keeps = firm + [rule for rule in soft if rule not in skipped]

    def score(product):
        factors = [rule["factor"] for rule in live if rule["do"] in ("boost", "bury") and target(rule, product, q)]
        return {**scores, **extra}[product] * min(max(prod(factors), 0.05), 20)

    ranked = sorted({**scores, **extra}, key=lambda product: (-score(product), product))
    pins, dropped = place_pins(
        named["pin"], q, ranked, size, bars, lambda p: free(p, keeps), named["hide"], keeps, taken
    )
    pinned = [product for product, _ in pins.values()]
    counts: list[tuple[str, object]] = [group for product in pinned for group in groups(named["limit"], product, q)]

    def over(product, strict_only=False):
        full = {rule["id"] for rule in named["limit"] if rule["strict"] or not strict_only}
        maxima = {rule["id"]: rule["max"] for rule in named["limit"]}
        mine = groups(named["limit"], product, q)
        return any(group[0] in full and counts.count(group) >= maxima[group[0]] for group in mine)

    need = size - len(pins)
    rest: list[tuple[str, str]] = []

    def take(products, source, strict_only=False):
        passed = []
        for product in products:
            if len(rest) >= need:
                break
            if product in pinned or product in [one for one, _ in rest] or bars[product] or not free(product, keeps):
                continue
            if over(product, strict_only):
                passed.append(product)
            else:
                counts.extend(groups(named["limit"], product, q))
                rest.append((product, source))
        return passed

    take(take([product for product in ranked if product in scores], "model"), "model", strict_only=True)
    missed: list[tuple[str, str]] = []
    for name, found in lists:
        known = [product for product, _ in missed]
        missed += [(product, name) for product in take([one for one in found if one not in known], name)]
    for product, name in missed:
        take([product], name, strict_only=True)
    out, waiting = [], iter(rest)
    for position in range(1, size + 1):
        one = (pins[position][0], "pin") if position in pins else next(waiting, None)
        out += [one] if one is not None else []
    return out, dropped, {rule["id"] for rule in skipped}


def groups(limits, product, q):
    out = []
    for rule in limits:
        if target(rule, product, q):
            value = FACTS[product][rule["per"]] if "per" in rule else "all"
            values = value if isinstance(value, tuple) else () if value is None else (value,)
            out += [(rule["id"], one) for one in values]
    return out


def place_pins(rules, q, ranked, size, bars, free, hides, keeps, taken):
    slots: dict[int, tuple[str, dict]] = {}
    dropped: set[tuple[str, int, str]] = set()
    used: list[str] = []

    def against(product, rule):
        if product not in IDS:
            return "unknown_product"
        if any(target(one, product, q) for one in hides):
            return "hidden"
        left = [name for name in BARS.values() if name in bars[product] and name not in rule.get("even_if", ())]
        if left:
            return left[0]
        if not all(target(one, product, q) for one in keeps):
            return "not_kept"
        return "duplicate" if product in taken else ""

    def give_out(claims):
        for claim in claims:
            if claim[0] not in slots:
                slots[claim[0]] = claim[1:]
        for claim in [one for one in claims if one[1:] not in slots.values()]:
            open_ = [position for position in range(claim[0] + 1, size + 1) if position not in slots]
            if open_:
                slots[open_[0]] = claim[1:]
            else:
                dropped.add((claim[2]["id"], claim[0], "conflict"))

    claims = []
    for rule in precedence([rule for rule in rules if "products" in rule]):
        for product, position in zip(rule["products"], rule["positions"], strict=True):
            if position > size:
                dropped.add((rule["id"], position, "past_end"))
                continue
            reason, chosen = against(product, rule), product
            if not reason and product in used:
                reason = "duplicate"
            if reason:
                dropped.add((rule["id"], position, reason))
                stands = [one for one in rule.get("instead", ()) if not against(one, rule) and one not in used]
                chosen = stands[0] if stands and reason != "duplicate" else None
            if chosen:
                used.append(chosen)
                claims.append((position, chosen, rule))
    give_out(claims)
    pinned = [product for product, _ in slots.values()]
    claims, best = [], {}
    for rule in precedence([rule for rule in rules if "where" in rule]):
        positions = sorted(position for position in rule["positions"] if position <= size)
        chosen = [
            product
            for product in ranked
            if free(product)
            and not bars[product] - set(rule.get("even_if", ()))
            and product not in pinned
            and target(rule, product, q)
        ][: len(positions)]
        pinned += chosen
        best[rule["id"]] = chosen
        dropped |= {(rule["id"], position, "past_end") for position in rule["positions"] if position > size}
        dropped |= {(rule["id"], position, "no_match") for position in positions[len(chosen) :]}
        claims += [(position, f"match {position}", rule) for position in positions[: len(chosen)]]
    give_out(claims)
    for name, chosen in best.items():
        own = sorted(
            position for position, (what, rule) in slots.items() if rule["id"] == name and what.startswith("match")
        )
        for position, product in zip(own, chosen, strict=False):
            slots[position] = (product, slots[position][1])
    return slots, dropped


def now_of(day: int, hour: int) -> int:
    return int((datetime(2026, 10, 1, hour, tzinfo=LONDON) + timedelta(days=day)).timestamp())


ALL_LIFTABLE = tuple(LIFTABLE)
