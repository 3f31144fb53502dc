"""What holds and for whom, a second time: expressions, times, segments and conditions over dicts. Nothing of ours is imported.

A world is ``{"zone", "products": {id: attributes}, "segments", "calendar", "experiments"}``, a request ``q`` a dict of
outside ids. An expression is a nested tuple; its truth is True, False or None for unknown.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from operator import add, eq, ge, gt, le, lt, mul, ne, sub, truediv
from zoneinfo import ZoneInfo

DAY = 86_400
COMPARE = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
ARITHMETIC = {"+": add, "-": sub, "*": mul, "/": truediv}
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


# --- expressions ---


def value(e, product, q, world):
    """Return the value of an expression for a product, None where something is missing."""
    kind = e[0]
    if kind in ("number", "text"):
        return e[1]
    if kind == "attribute":
        return world["products"][product].get(e[1])
    if kind == "page":
        return None if q["page"] is None else world["products"][q["page"]].get(e[1])
    if kind == "context":
        return q["fields"].get(e[1])
    if kind == "user":
        return q["attributes"].get(e[1])
    if kind == "lower":
        text = value(e[1], product, q, world)
        return None if text is None else text.lower()
    if kind == "stock":
        return None if q["fields"].get("store") is None else q["stock"].get((product, q["fields"]["store"]))
    if kind == "days since bought":
        times = [line["time"] for line in past(q) if line["product"] == product]
        return (q["now"] - max(times)) / DAY if times else None
    left, right = value(e[2], product, q, world), value(e[3], product, q, world)
    if left is None or right is None or (e[1] == "/" and right == 0):
        return None
    return ARITHMETIC[e[1]](left, right)


def truth(e, product, q, world):
    """Return whether an expression holds for a product: True, False or None."""
    kind = e[0]
    if kind == "not":
        inner = truth(e[1], product, q, world)
        return None if inner is None else not inner
    if kind in ("and", "or"):
        inner = [truth(one, product, q, world) for one in e[1:]]
        decisive = kind == "or"
        return decisive if decisive in inner else None if None in inner else not decisive
    if kind == "between":
        low, high = ("compare", ">=", e[1], e[2]), ("compare", "<=", e[1], e[3])
        return truth(("and", low, high), product, q, world)
    if kind == "tagged":
        box = value(e[2], product, q, world)
        return None if box is None else e[1] in box
    if kind == "bought":
        return bought_like(e[1], e[2], product, q, world)
    left = value(e[2], product, q, world)
    if kind == "among":
        return None if left is None else left in e[1]
    if kind == "part":
        return None if left is None else left.startswith(e[3]) if e[1] == "startswith" else e[3] in left
    right = value(e[3], product, q, world)
    return None if left is None or right is None else COMPARE[e[1]](left, right)


def bought_like(name, days, product, q, world):
    """Return whether the shopper bought this product, or one that shares an attribute with it."""
    lines = [line for line in past(q) if days is None or line["time"] >= q["now"] - days * DAY]
    own = world["products"][product].get(name)
    return None if own is None else own in [world["products"][line["product"]].get(name) for line in lines]


def past(q):
    return [line for line in q["history"] if line["time"] < q["now"]]


# --- times: what a clock change skips moves forward, what it repeats takes the wider window ---


def moment(text, zone, last=False):
    whole = len(text) == 10
    local = datetime.fromisoformat(text) + (timedelta(days=1) if whole and last else timedelta())
    return instant(local, zone, last)


def instant(local, zone, last):
    first, second = (int(local.replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) for fold in (0, 1))
    return max(first, second) if last else first


def in_window(window, now, world):
    if isinstance(window, str):
        window = world["calendar"][window]
    start, end = window
    after = start is None or moment(start, world["zone"]) <= now
    return after and (end is None or now < moment(end, world["zone"], last=True))


def in_week(week, now, zone):
    start, end = (minutes(week.get(key, default)) for key, default in (("from", "00:00"), ("until", "24:00")))
    midnight = datetime.fromtimestamp(now, ZoneInfo(zone)).replace(hour=0, minute=0, second=0, tzinfo=None)
    for day in (midnight, midnight - timedelta(days=1)):
        ends = day + timedelta(minutes=end if end > start else end + 1440)
        begins = instant(day + timedelta(minutes=start), zone, last=False)
        if NAMES[day.weekday()] in week.get("days", NAMES) and begins <= now < instant(ends, zone, last=True):
            return True
    return False


def minutes(clock):
    return int(clock[:2]) * 60 + int(clock[3:])


# --- segments ---


def belongs(test, q, world):
    """Return whether the shopper passes the test of a segment."""
    kind, what = next(iter(test.items()))
    if kind in ("all", "any", "none"):
        inner = [belongs({"named": one} if isinstance(one, str) else one, q, world) for one in what]
        return all(inner) if kind == "all" else any(inner) if kind == "any" else not any(inner)
    if kind == "named":
        return belongs(world["segments"][what], q, world)
    if kind == "list":
        return bool({q["user"], q["visitor"]} & world["lists"][what])
    if kind == "attribute":
        return truth(what, None, q, world) is True
    if kind == "viewed":
        return len({one for one in q["viewed"] if chosen(what, one, q, world)}) >= what.get("at_least", 1)
    lines = [line for line in past(q) if in_span(what, line["time"], q, world)]
    if kind == "bought":
        orders = {line["order"] for line in lines if chosen(what, line["product"], q, world)}
        return len(orders) >= what.get("at_least", 1)
    if kind == "inactive":
        return bool(past(q)) and max(line["time"] for line in past(q)) < q["now"] - what["for_days"] * DAY
    if kind == "first_order":
        return bool(past(q)) and in_span(what, min(line["time"] for line in past(q)), q, world)
    orders = len({line["order"] for line in lines})
    spend = sum(line["quantity"] * (line["price"] or 0) for line in lines)
    if kind == "average_order" and not orders:
        return False
    amount = orders if kind == "orders" else spend if kind == "spend" else spend / orders
    return what.get("at_least", 0) <= amount <= what.get("at_most", float("inf"))


def in_span(what, time, q, world):
    if "within_days" in what:
        return time >= q["now"] - what["within_days"] * DAY
    return in_window(what["during"], time, world) if "during" in what else True


def chosen(what, product, q, world):
    """Return whether a product is one that ``products`` or ``where`` names."""
    if "products" in what:
        return product in what["products"]
    return truth(what["where"], product, q, world) is True if "where" in what else True


# --- conditions of `when` and `unless` ---


def condition(key, wanted, q, world):
    """Return whether one key of ``when`` holds; a list is OR."""
    if key == "segment":
        return any(belongs({"named": name}, q, world) for name in wanted)
    if key == "active":
        return any(in_window(one, q["now"], world) for one in wanted)
    if key == "weekly":
        return any(in_week(one, q["now"], world["zone"]) for one in wanted)
    if key in ("page_item", "cart_item"):
        items = ([q["page"]] if q["page"] else []) if key == "page_item" else q["cart"]
        return any(chosen(wanted, item, q, world) for item in items)
    told = q["fields"].get(key)
    if told is None or wanted == "known":
        return told is not None
    return wanted["at_least"] <= told <= wanted["at_most"] if isinstance(wanted, dict) else told in wanted


def holds(rule, q, world):
    """Return whether a rule holds: enabled, in scope, active, in the arm, ``when`` holds and ``unless`` does not."""
    if not rule.get("enabled", True) or q["carousel"] not in rule.get("carousels", [q["carousel"]]):
        return False
    if not all(condition(key, wanted, q, world) for key, wanted in rule.get("when", {}).items()):
        return False
    if "unless" in rule and all(condition(key, wanted, q, world) for key, wanted in rule["unless"].items()):
        return False
    return "experiment" not in rule or arm(rule["experiment"]["name"], q, world) in rule["experiment"]["arms"]


def arm(name, q, world):
    """Return the arm that a hash of the salt and the shopper's id draws, None for nobody."""
    arms, salt = world["experiments"].get(name, (["a", "b"], ""))
    who = q["user"] or q["visitor"]
    drawn = sha256(f"{salt}\0{name}\0{who}".encode()).digest()
    return arms[(int.from_bytes(drawn[:8], "big") >> 11) * len(arms) >> 53] if who else None
