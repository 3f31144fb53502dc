"""The semantics of the rules a second time, step by step: slow, over lists and dicts, a product is its id.

The engine must agree. ``reference_truth`` says what holds; here is what comes of it. Nothing of ours is imported.
"""

from math import prod

from reference_truth import chosen, holds

CONTEXT = ("device", "referrer", "campaign", "country", "weather", "cart_item", "loyalty_app", "temperature")


def carousel(world, rules, shelf, taken=()):
    """Return what one carousel shows beside others that have ``taken`` products; see ``page``."""
    return fill(world, settle(world, rules, shelf, taken), taken)


def page(world, rules, shelves):
    """Return for each carousel of a call [(product, source, rule)], {(rule, position, reason)} and its skipped keeps.

    A shelf is ``{"q", "scores", "extra", "deeper", "bars", "fallbacks", "size", "ends"}``: ``scores`` are the candidates,
    ``extra`` what only a pin may take, ``deeper`` the tail behind all candidates, ``bars`` sets of names by product.
    """
    settled, out = settled_in_turn(world, rules, shelves), []
    for number, one in enumerate(settled):
        shown = [product for its, _, _ in out for product, _, _ in its]
        out.append(fill(world, one, shown + [one for other in settled[number + 1 :] for one in claimed(other)]))
    return out


def settled_in_turn(world, rules, shelves):
    """Return the carousels with their pins in place: what an earlier one pins, no later one does."""
    settled = []
    for shelf in shelves:
        settled.append(settle(world, rules, shelf, [one for other in settled for one in claimed(other)]))
    return settled


def claimed(settled):
    return [product for position, (product, _) in settled["slots"].items() if position <= settled["size"]]


def settle(world, rules, shelf, pinned):
    """Steps 1 to 7: which rules hold, what is eligible, its order, and where the pins stand."""
    q, scores, extra, bars = shelf["q"], shelf["scores"], shelf["extra"], shelf["bars"]
    deeper = shelf["deeper"] or {}
    live = [rule for rule in rules if holds(rule, q, world)]

    def of(*verbs):
        return [rule for rule in live if rule["do"] in verbs]

    def hits(rule, product):
        return chosen(rule, product, q, world)

    def allowed(product, keeps):
        return not any(hits(rule, product) for rule in of("hide")) and all(hits(rule, product) for rule in keeps)

    # Step 2. A keep with min_results is skipped where it alone, on top of the others, would leave too few.
    firm = [rule for rule in of("keep") if "min_results" not in rule]
    supply = {*scores, *deeper, *(product for _, found in shelf["fallbacks"] for product in found)}
    left = [product for product in supply if allowed(product, firm) and not bars[product]]
    soft = [rule for rule in of("keep") if "min_results" in rule]
    skipped = [rule for rule in soft if sum(hits(rule, product) for product in left) < rule["min_results"]]
    keeps = [rule for rule in of("keep") if rule not in skipped]

    # Steps 4 and 5.
    def score(product, given):
        factors = [rule["factor"] for rule in of("boost", "bury") if hits(rule, product)]
        return given[product] * min(max(prod(factors), 0.05), 20)

    points, behind = ({one: score(one, given) for one in given} for given in ({**scores, **extra}, deeper))
    out = {
        "world": world, "hits": hits, "bars": bars, "keeps": keeps, "hides": of("hide"), "limits": of("limit"),
        "candidates": set(scores), "points": points, "ranked": sorted(points, key=lambda one: (-points[one], one)),
        "behind": behind, "tail": sorted(behind, key=lambda one: (-behind[one], one)),
        "fallbacks": shelf["fallbacks"], "size": shelf["size"], "ends": shelf["ends"],
        "skipped": {rule["id"] for rule in skipped},
    }  # fmt: skip
    out["slots"], out["dropped"] = place_pins(out, of("pin"), list(pinned))
    return out


def eligible(settled, product):
    hits = settled["hits"]
    hidden = any(hits(rule, product) for rule in settled["hides"])
    return not hidden and all(hits(rule, product) for rule in settled["keeps"])


# --- steps 6 and 7 ---


def specific(rule):
    when = rule.get("when", {})
    if "page_item" in when:
        return 5 if "products" in when["page_item"] else 4
    if "segment" in when or "store" in when:
        return 3
    if any(key in when for key in CONTEXT):
        return 2
    return 1 if "carousels" in rule else 0


def precedence(rules):
    def key(place):
        rule = rules[place]
        scheduled = "active" in rule.get("when", {}) or "weekly" in rule.get("when", {})
        return (-rule.get("priority", 100), -specific(rule), not scheduled, place)

    return [rules[place] for place in sorted(range(len(rules)), key=key)]


def place_pins(settled, rules, taken):
    """Return {position: (product, rule id)} and the dropped pins."""
    slots, dropped, used, ends = {}, set(), [], settled["ends"]

    def against(product, rule):
        if product not in settled["world"]["products"]:
            return "unknown_product"
        if any(settled["hits"](one, product) for one in settled["hides"]):
            return "hidden"
        barred = [name for name in ALL_BARS if name in settled["bars"][product] - set(rule.get("even_if", ()))]
        if barred:
            return barred[0]
        if not eligible(settled, product):
            return "not_kept"
        return "duplicate" if product in taken or product in used else ""

    def give_out(claims):
        losers = []
        for position, what, rule in claims:
            if position in slots:
                losers.append((position, what, rule))
            else:
                slots[position] = (what, rule["id"])
        for position, what, rule in losers:
            free = [one for one in range(position + 1, ends + 1) if one not in slots]
            if free:
                slots[free[0]] = (what, rule["id"])
            else:
                dropped.add((rule["id"], position, "conflict"))

    claims = []
    for rule in precedence([rule for rule in rules if "products" in rule]):
        for product, position in zip(rule["products"], rule["positions"], strict=True):
            if position > ends:
                dropped.add((rule["id"], position, "past_end"))
                continue
            reason = against(product, rule)
            if reason:
                dropped.add((rule["id"], position, reason))
                stands = [one for one in rule.get("instead", ()) if not against(one, rule)]
                product = stands[0] if stands and reason != "duplicate" else None
            if product:
                used.append(product)
                claims.append((position, product, rule))
    give_out(claims)
    used[:] = [product for product, _ in slots.values()]
    claims, best = [], {}
    for rule in precedence([rule for rule in rules if "where" in rule]):
        dropped |= {(rule["id"], position, "past_end") for position in rule["positions"] if position > ends}
        positions = sorted(position for position in rule["positions"] if position <= ends)
        able = [one for one in settled["ranked"] if settled["hits"](rule, one) and not against(one, rule)]
        best[rule["id"]] = able[: len(positions)]
        used += best[rule["id"]]
        dropped |= {(rule["id"], position, "no_match") for position in positions[len(able) :]}
        claims += [(position, None, rule) for position in positions[: len(able)]]
    give_out(claims)
    for name, matches in best.items():
        own = sorted(position for position, slot in slots.items() if slot == (None, name))
        slots.update({position: (match, name) for position, match in zip(own, matches, strict=False)})
    return slots, dropped


ALL_BARS = ("not_sellable", "page", "seed", "in_cart", "purchased", "out_of_stock", "excluded")
LIFTABLE = ("in_cart", "purchased", "out_of_stock")


# --- steps 8 and 9 ---


def fill(world, settled, taken):
    """Fill up what the pins leave open: under the limits, then over those that are not strict, then by the fallbacks."""
    lost = {at: slot for at, slot in settled["slots"].items() if slot[0] in taken}
    slots = {at: slot for at, slot in settled["slots"].items() if at not in lost}
    dropped = settled["dropped"] | {(rule, at, "duplicate") for at, (_, rule) in lost.items()}
    pinned = [product for product, _ in slots.values()]
    depth, limits = max(settled["size"], settled["ends"]), settled["limits"]
    counts = [group for product in pinned for group in groups(settled, product)]
    rest = []

    def over(product, strict_only):
        full = {rule["id"]: rule["max"] for rule in limits if rule["strict"] or not strict_only}
        return any(rule in full and counts.count((rule, what)) >= full[rule] for rule, what in groups(settled, product))

    def take(products, source, strict_only=False):
        passed = []
        for product in products:
            if len(rest) == depth - len(pinned):
                break
            if product in [*pinned, *taken, *(one for one, _ in rest)]:
                continue
            if settled["bars"][product] or not eligible(settled, product):
                continue
            if over(product, strict_only):
                passed.append(product)
            else:
                counts.extend(groups(settled, product))
                rest.append((product, source))
        return passed

    by_score = [product for product in settled["ranked"] if product in settled["candidates"]] + settled["tail"]
    take(take(by_score, "model"), "model", strict_only=True)
    missed = []
    for name, found in settled["fallbacks"]:
        new = [one for one in dict.fromkeys(found) if one not in [product for product, _ in missed]]
        missed += [(product, name) for product in take(new, name)]
    for product, name in missed:
        take([product], name, strict_only=True)
    out, waiting = [], iter(rest)
    for position in range(1, depth + 1):
        if position in slots:
            out.append((slots[position][0], "pin", slots[position][1]))
        else:
            out += [(*one, None) for one in [next(waiting, None)] if one is not None]
    return out[: settled["size"]], dropped, settled["skipped"]


def groups(settled, product):
    """Return (rule, value) for each limit that a product counts towards; what has no value counts for none."""
    out = []
    for rule in settled["limits"]:
        if settled["hits"](rule, product):
            found = settled["world"]["products"][product].get(rule["per"]) if "per" in rule else "all"
            found = found if isinstance(found, tuple) else () if found is None else (found,)
            out += [(rule["id"], one) for one in found]
    return out
