"""Pins that never stand as the file wishes: hidden or left out by another rule, in each other's way, or too many."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import TypeAlias

from recsvc.rules.expression_tree import Both, Expression, is_static
from recsvc.rules.implied import holds_wherever, in_all_carousels_of, sameness
from recsvc.rules.readers import Reader
from recsvc.rules.schema import Rule
from recsvc.rules.yaml_nodes import Node

MAX_PINS, AMONG = 3, 8
ALWAYS: Hashable = (frozenset(), None)
"""Of ``sameness``: neither ``when`` nor ``unless``."""
MOST_PAIRS = 20_000
"""Pairs of conditions that are compared by the catalogue."""
Slot: TypeAlias = tuple[str | None, Hashable, int]
"""Carousel, when, position."""


def warn_about_pins(reader: Reader, rules: tuple[Rule, ...], items: tuple[Node, ...]) -> None:
    """Note warnings about pins that another rule provably takes off or shifts."""
    pins = [rule for rule in rules if rule.enabled and rule.verb == "pin"]
    _hidden_products(reader, rules, pins, items)
    _hidden_matches(reader, rules, pins, items)
    if reader.shop.among is not None:
        _by_the_catalogue(reader, rules, pins, items)
    together = [(pin, sameness(pin)) for pin in pins]
    _overlapping(reader, together, items)
    _twice(reader, together, items)
    _many(reader, together, items)


def _warn(reader: Reader, node: Node, pin: Rule, what: str, other: Rule) -> None:
    does = "hides it" if other.verb == "hide" else "keeps only others"
    hint = "hide always wins" if other.verb == "hide" else "a keep leaves out what it does not name"
    reader.faults.warn(node, f"pin {pin.id!r} never shows {what}: rule {other.id!r} {does}", hint)


def _hidden_products(reader: Reader, rules: tuple[Rule, ...], pins: list[Rule], items: tuple[Node, ...]) -> None:
    hides: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        for product in rule.products if rule.enabled and rule.verb == "hide" else ():
            hides[product].append(rule)
    keeps = [rule for rule in _firm_keeps(rules) if rule.products]
    named = {keep.id: frozenset(keep.products) for keep in keeps}
    for pin in pins:
        for product in pin.products:
            other = next((one for one in hides.get(product, ()) if holds_wherever(one, pin)), None)
            if other is None:
                left = (one for one in keeps if product not in named[one.id])
                other = next((one for one in left if holds_wherever(one, pin)), None)
            if other is not None:
                _warn(reader, items[pin.order], pin, repr(product), other)
        reader.rest()


def _firm_keeps(rules: tuple[Rule, ...]) -> list[Rule]:
    return [rule for rule in rules if rule.enabled and rule.verb == "keep" and not rule.min_results]


def _hidden_matches(reader: Reader, rules: tuple[Rule, ...], pins: list[Rule], items: tuple[Node, ...]) -> None:
    """Pins by a condition that a hide has too, alone or as one of its parts joined by and."""
    hides: dict[Expression, list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.enabled and rule.verb == "hide" and rule.where is not None:
            hides[rule.where].append(rule)
    for pin in pins:
        if pin.where is None:
            continue
        parts = pin.where.parts if isinstance(pin.where, Both) else ()
        found = (one for where in (pin.where, *parts) for one in hides.get(where, ()) if holds_wherever(one, pin))
        if (other := next(found, None)) is not None:
            _warn(reader, items[pin.order], pin, "any product", other)


def _by_the_catalogue(reader: Reader, rules: tuple[Rule, ...], pins: list[Rule], items: tuple[Node, ...]) -> None:
    """Pins that a hide or a keep by condition takes off, as the catalogue is now."""
    named = sorted({product for pin in pins for product in pin.products})
    known, pairs = _among(reader, None, named), 0
    for other in rules:
        where, firm = other.where, other.verb == "hide" or (other.verb == "keep" and not other.min_results)
        if not other.enabled or not firm or where is None or not is_static(where):
            continue
        inside = _among(reader, where, named)
        off = inside if other.verb == "hide" else known - inside
        for pin in pins:
            lost = [product for product in pin.products if product in off]
            if (lost or _is_open(pin, where)) and pairs < MOST_PAIRS and holds_wherever(other, pin):
                for product in lost:
                    _warn(reader, items[pin.order], pin, repr(product), other)
                pairs += pin.where is not None
                if pin.where is not None and _takes_off(reader, other, where, pin.where):
                    _warn(reader, items[pin.order], pin, "any product", other)
        reader.rest()


def _among(reader: Reader, where: Expression | None, products: list[str]) -> frozenset[str]:
    return reader.shop.among(where, products) if reader.shop.among is not None else frozenset()


def _is_open(pin: Rule, where: Expression) -> bool:
    """Return whether the file alone leaves open what a condition does to a pin by another one."""
    if pin.where is None or not is_static(pin.where):
        return False
    return where not in (pin.where, *(pin.where.parts if isinstance(pin.where, Both) else ()))


def _takes_off(reader: Reader, other: Rule, where: Expression, pinned: Expression) -> bool:
    matching = reader.shop.matching
    every = 0 if matching is None else matching(pinned)
    if matching is None or not every:  # that nothing matches is told where it stands
        return False
    return matching(Both((pinned, where))) == (every if other.verb == "hide" else 0)


Alike: TypeAlias = list[tuple[Rule, Hashable]]
"""Pins, each with what is equal for those that hold at the same requests."""


def _slots(pin: Rule, when: Hashable) -> Iterator[Slot]:
    for carousel in (None,) if pin.carousels is None else pin.carousels:
        for position in pin.positions:
            yield carousel, when, position


def _overlapping(reader: Reader, pins: Alike, items: tuple[Node, ...]) -> None:
    first: dict[Slot, Rule] = {}
    for pin, when in pins:
        for slot in _slots(pin, when):
            other = first.setdefault(slot, pin)
            if other is pin and slot[0] is not None:
                other = first.get((None, *slot[1:]), pin)
            if other is not pin:
                message = f"pins {other.id!r} and {pin.id!r} both want position {slot[2]}"
                reader.faults.warn(items[pin.order], message, "the one with the lower priority shifts down")
                break


def _twice(reader: Reader, pins: Alike, items: tuple[Node, ...]) -> None:
    """The same product, pinned by two rules that hold at the same requests."""
    first: dict[tuple[str, Hashable], Rule] = {}
    for pin, when in pins:
        for product in pin.products:
            other = first.setdefault((product, when), pin)
            if other is not pin and (in_all_carousels_of(other, pin) or in_all_carousels_of(pin, other)):
                message = f"pins {other.id!r} and {pin.id!r} both pin {product!r}"
                reader.faults.warn(items[pin.order], message, "it stands once, where the higher priority wants it")
                break


def _many(reader: Reader, pins: Alike, items: tuple[Node, ...]) -> None:
    """Count what stands together: pins that always hold, and with them those of one and the same ``when``."""
    taken: dict[tuple[str | None, Hashable], set[int]] = defaultdict(set)
    warned: set[str | None] = set()
    for pin, alike in sorted(pins, key=lambda one: (one[0].carousels is not None, one[1] != ALWAYS)):
        for carousel, when, position in _slots(pin, alike):
            if position <= AMONG:
                taken[carousel, when].add(position)
            beside = [(place, also) for place in {carousel, None} for also in {when, ALWAYS}]
            together = {one for key in beside for one in taken.get(key, ())}
            if len(together) > MAX_PINS and not {carousel, None} & warned:
                warned.add(carousel)
                where = "every carousel" if carousel is None else repr(carousel)
                message = f"{len(together)} of the first {AMONG} positions of {where} are pinned"
                reader.faults.warn(items[pin.order], message, "the more pins, the less is personal")
