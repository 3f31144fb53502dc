"""Expectations beside the rules: given this shopper and moment, expect these products. The nodes of a file to these."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from recsvc.rules.expectation import Expectation, Given
from recsvc.rules.parse_when import warn_unknown
from recsvc.rules.readers import Reader
from recsvc.rules.times import start_of
from recsvc.rules.yaml_nodes import Mapping as MapNode
from recsvc.rules.yaml_nodes import Node, Scalar

MOST = 10_000
GIVEN = ("carousel", "user", "visitor", "page_item", "cart", "recent", "at", "size")
"""What ``given`` takes beside the fields of the request."""
EXPECTED = ("first", "positions", "shows", "hides", "pinned_by", "short")
KEYS = ("name", "given", *EXPECTED)
_UNSEEN = "the request is asked as if it were not there: is it misspelt?"
_FAILS = "nothing can show it: is it misspelt?"
_HOLDS = "nothing can show it, so this holds under any rules: is it misspelt?"
_DATE_HINT = 'write year-month-day and time: "2026-10-31 09:00"'


def read_expectations(reader: Reader, node: Node, rule_ids: Collection[str]) -> tuple[Expectation, ...]:
    """Return the expectations of a list; what is wrong with one is noted, and it is left out."""
    items = reader.items(node, "expect")
    if len(items) > MOST:
        reader.faults.add(node, f"{len(items):,} expectations, more than {MOST:,}")
        return ()
    found = [_read(reader, item, number, rule_ids) for number, item in enumerate(items, start=1)]
    return tuple(one for one in found if one is not None)


def _read(reader: Reader, node: Node, number: int, rule_ids: Collection[str]) -> Expectation | None:
    before = len(reader.faults.errors)
    fields = reader.mapping(node, "an expectation", KEYS, ("given",))
    if isinstance(node, MapNode) and not set(fields) & set(EXPECTED):
        reader.faults.add(node, "an expectation expects nothing", "one of " + ", ".join(EXPECTED))
    given = _given(reader, fields["given"]) if "given" in fields else None
    name = reader.text(fields["name"], "name") if "name" in fields else None
    out = {key: read(reader, fields[key]) for key, read in _READERS.items() if key in fields}
    positions = dict(out.pop("positions", {}))
    first = out.pop("first", None)
    if first and positions.setdefault(1, first) != first:
        reader.faults.add(fields["first"], "first and position 1 name two products", "keep one of them")
    if "pinned_by" in fields:
        out["pinned_by"] = _pinned_by(reader, fields["pinned_by"], rule_ids)
    if given is None or len(reader.faults.errors) > before:
        return None
    return Expectation(name or f"expectation {number}", node.line + 1, given, positions, **out)


def _given(reader: Reader, node: Node) -> Given | None:
    kinds = reader.shop.fields()
    fields = reader.mapping(node, "given", (*GIVEN, *kinds), ("carousel",))
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "carousel":
            values[name] = reader.choice(value, "carousel", reader.shop.carousels)
        elif name in ("cart", "recent"):
            values[name] = _products(reader, value, name, _UNSEEN)
        elif name == "at":
            values[name] = _moment(reader, value)
        elif name == "size":
            values[name] = reader.whole(value, name, 1, 100)
        elif name in GIVEN:
            values[name] = reader.text(value, name)
            if name == "page_item" and values[name]:
                warn_unknown(reader, value, (values[name],), _UNSEEN)
    context = {name: _field(reader, fields[name], name, kind) for name, kind in kinds.items() if name in fields}
    if "carousel" not in values or values["carousel"] is None:
        return None
    return Given(**values, fields={name: value for name, value in context.items() if value is not None})


def _field(reader: Reader, node: Node, name: str, kind: str) -> str | float | None:
    return reader.number(node, name, -1e15, 1e15) if kind == "numeric" else reader.text(node, name)


def _moment(reader: Reader, node: Node) -> int | None:
    text = reader.text(node, "at")
    try:
        return None if text is None else start_of(text, reader.zone)
    except (ValueError, OverflowError):
        reader.faults.add(node, f"at {text!r} is no date", _DATE_HINT)
        return None


def _positions(reader: Reader, node: Node) -> dict[int, str]:
    out: dict[int, str] = {}
    for key, value in reader.entries(node, "positions"):
        position, product = reader.whole(key, "position", 1, 1_000, "1 is the first"), reader.name(value, "positions")
        if position is not None and product is not None:
            out[position] = product
            warn_unknown(reader, value, (product,), _FAILS)
    return out


def _pinned_by(reader: Reader, node: Node, rule_ids: Collection[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in reader.entries(node, "pinned_by"):
        rule = reader.choice(value, "rule", rule_ids)
        if rule is not None:
            out[key.text] = rule
            warn_unknown(reader, key, (key.text,), _FAILS)
    return out


def _product(reader: Reader, node: Node) -> str | None:
    product = reader.name(node, "first")
    if product is not None and isinstance(node, Scalar):
        warn_unknown(reader, node, (product,), _FAILS)
    return product


def _products(reader: Reader, node: Node, name: str, hint: str) -> tuple[str, ...]:
    """Return the product ids of a list; those that the catalogue does not hold are told."""
    out = reader.texts(node, name)
    warn_unknown(reader, node, out, hint)
    return out


_READERS: Mapping[str, Callable[[Reader, Node], Any]] = {
    "first": _product,
    "positions": _positions,
    "shows": lambda reader, node: _products(reader, node, "shows", _FAILS),
    "hides": lambda reader, node: _products(reader, node, "hides", _HOLDS),
    "short": lambda reader, node: reader.flag(node, "short"),
}
