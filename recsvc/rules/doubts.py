"""What loads and is probably not meant: it warns, and never refuses."""

from collections import defaultdict

from recsvc.rules.readers import Reader
from recsvc.rules.schedule import next_span
from recsvc.rules.schema import ActiveIn, Rule, WeeklyIn
from recsvc.rules.yaml_nodes import Node

MAX_PINS, AMONG = 3, 8


def warn_about(reader: Reader, rules: tuple[Rule, ...], items: tuple[Node, ...]) -> None:
    """Note warnings about rules that work against each other, whatever the catalogue is."""
    always = [rule for rule in rules if rule.enabled and not rule.when and not rule.unless]
    _hidden_pins(reader, rules, always, items)
    _overlapping_pins(reader, always, items)
    _many_pins(reader, always, items)
    _never(reader, rules, items)


def _never(reader: Reader, rules: tuple[Rule, ...], items: tuple[Node, ...]) -> None:
    """Warn about dates and hours that have no moment in common; dates that are over are told where they stand."""
    now = reader.shop.now
    for rule in rules if now is not None else ():
        if now is not None and rule.enabled and len({type(one) for one in rule.when} & {ActiveIn, WeeklyIn}) == 2:
            open_ = any(w.end > now.timestamp() for one in rule.when if isinstance(one, ActiveIn) for w in one.windows)
            if open_ and next_span(rule, int(now.timestamp()), reader.zone) is None:
                message = f"rule {rule.id!r} never holds: active and weekly have no moment in common"
                reader.faults.warn(items[rule.order], message, "look at the days of the week of these dates")


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Return whether ``wide`` acts in every carousel that ``narrow`` acts in."""
    if wide.carousels is None:
        return True
    return narrow.carousels is not None and set(narrow.carousels) <= set(wide.carousels)


def _hidden_pins(reader: Reader, rules: tuple[Rule, ...], always: list[Rule], items: tuple[Node, ...]) -> None:
    hides: dict[str, list[Rule]] = defaultdict(list)
    for rule in always:
        if rule.verb == "hide":
            for product in rule.products:
                hides[product].append(rule)
    for rule in rules:
        for product in rule.products if rule.verb == "pin" and rule.enabled else ():
            hide = next((one for one in hides.get(product, ()) if _covers(one, rule)), None)
            if hide is not None:
                message = f"pin {rule.id!r} never shows {product!r}: rule {hide.id!r} hides it"
                reader.faults.warn(items[rule.order], message, "hide always wins")


def _slots(rule: Rule) -> list[tuple[str | None, int]]:
    carousels: tuple[str | None, ...] = (None,) if rule.carousels is None else rule.carousels
    return [(carousel, position) for carousel in carousels for position in rule.positions]


def _overlapping_pins(reader: Reader, always: list[Rule], items: tuple[Node, ...]) -> None:
    first: dict[tuple[str | None, int], Rule] = {}
    for rule in always:
        for slot in _slots(rule) if rule.verb == "pin" else ():
            other = first.setdefault(slot, rule)
            if other is not rule:
                message = f"pins {other.id!r} and {rule.id!r} both want position {slot[1]}"
                reader.faults.warn(items[rule.order], message, "the one with the lower priority shifts down")
                break


def _many_pins(reader: Reader, always: list[Rule], items: tuple[Node, ...]) -> None:
    taken: dict[str | None, set[int]] = defaultdict(set)
    warned: set[str | None] = set()
    for rule in always:
        for carousel, position in _slots(rule) if rule.verb == "pin" else ():
            if position <= AMONG:
                taken[carousel].add(position)
            if len(taken[carousel]) > MAX_PINS and carousel not in warned:
                warned.add(carousel)
                where = "every carousel" if carousel is None else repr(carousel)
                message = f"{len(taken[carousel])} of the first {AMONG} positions of {where} are pinned"
                reader.faults.warn(items[rule.order], message, "the more pins, the less is personal")
