"""Segments: who a rule is for."""

from collections.abc import Mapping

from recsvc.rules.expression_tree import Expression, is_static
from recsvc.rules.parse_when import read_window, warn_unknown
from recsvc.rules.readers import Reader
from recsvc.rules.schema import (
    Bought,
    Combined,
    FirstOrder,
    HasAttribute,
    Inactive,
    Listed,
    Measured,
    SegmentNamed,
    Span,
    Test,
    Viewed,
)
from recsvc.rules.times import Window
from recsvc.rules.yaml_nodes import Mapping as MapNode
from recsvc.rules.yaml_nodes import Node, Scalar

TESTS = (
    "bought", "orders", "spend", "average_order", "first_order", "inactive", "viewed", "attribute", "list",
    "all", "any", "none",
)  # fmt: skip
OF_SPAN = ("within_days", "during")
OF_PRODUCTS = {
    "bought": ("where", "product", "products", "at_least", *OF_SPAN),
    "viewed": ("where", "product", "products", "at_least"),
}
OF_MEASURED = ("at_least", "at_most", *OF_SPAN)
OF_INACTIVE = ("for_days",)
DAYS_MOST = 36_500
COUNT_MOST = 1_000_000
MONEY_MOST = 1e15
_NO_RING = "take its name out of all, any and none, here or where it leads; write a test there: {orders: {at_least: 2}}"


def read_segments(reader: Reader, node: Node, calendar: Mapping[str, Window]) -> dict[str, Test]:
    """Return the tests of the segments by name; a segment made of itself is noted."""
    entries = reader.entries(node, "segments")
    names = [key.text for key, _ in entries]
    segments = _Segments(reader, calendar, names)
    tests: dict[str, Test | None] = {}
    for key, value in entries:
        tests[key.text] = segments.test(value)
        reader.rest()
    out = {name: test for name, test in tests.items() if test is not None}
    for key, _ in entries:
        if key.text in out and _reaches(key.text, key.text, out):
            reader.faults.add(key, f"segment {key.text!r} is made of itself", _NO_RING)
    return out


def _reaches(start: str, wanted: str, tests: Mapping[str, Test]) -> bool:
    """Return whether the segments that ``start`` names lead to ``wanted``."""
    seen: set[str] = set()
    waiting: list[Test] = [tests[start]]
    while waiting:
        test = waiting.pop()
        if isinstance(test, Combined):
            waiting.extend(test.tests)
        elif isinstance(test, SegmentNamed):
            if test.name == wanted:
                return True
            if test.name in tests and test.name not in seen:
                seen.add(test.name)
                waiting.append(tests[test.name])
    return False


class _Segments:
    def __init__(self, reader: Reader, calendar: Mapping[str, Window], names: list[str]) -> None:
        self.reader, self.calendar, self.names = reader, calendar, names

    def test(self, node: Node) -> Test | None:
        """Return the one test of a segment."""
        fields = self.reader.mapping(node, "a segment", TESTS)
        if not isinstance(node, MapNode) or not fields:
            if isinstance(node, MapNode) and not node.entries:
                self.reader.faults.add(node, "a segment needs a test", "known: " + ", ".join(TESTS))
            return None
        if len(fields) > 1:
            self.reader.faults.add(node, "a segment has one test", "join several: all: [{…}, {…}]")
            return None
        name, value = next(iter(fields.items()))
        if name in ("bought", "viewed"):
            return self.products(name, value)
        if name in ("orders", "spend", "average_order"):
            return self.measured(name, value)
        if name in ("all", "any", "none"):
            return self.combined(name, value)
        if name == "first_order":
            fields = self.reader.mapping(value, name, OF_SPAN)
            span = self.span(value, name, fields)
            if span == Span():
                self.reader.faults.add(value, "first_order needs 'within_days' or 'during'")
            return FirstOrder(span)
        if name == "inactive":
            fields = self.reader.mapping(value, name, OF_INACTIVE, OF_INACTIVE)
            days = self.days(fields["for_days"], "inactive: for_days") if "for_days" in fields else None
            return None if days is None else Inactive(days)
        return self.attribute(value) if name == "attribute" else self.listed(value)

    def days(self, node: Node, what: str) -> float | None:
        return self.reader.number(node, what, 1, DAYS_MOST, "a number of days, such as 90")

    def span(self, node: Node, what: str, fields: Mapping[str, Node]) -> Span:
        """Return the stretch of the past that ``within_days`` or ``during`` names."""
        if "within_days" in fields and "during" in fields:
            self.reader.faults.add(node, f"{what} takes 'within_days' or 'during', not both")
        if "within_days" in fields:
            return Span(days=self.days(fields["within_days"], f"{what}: within_days"))
        if "during" not in fields:
            return Span()
        during = fields["during"]
        if not isinstance(during, Scalar):
            return Span(window=read_window(self.reader, during, f"{what}: during"))
        name = self.reader.choice(during, "calendar window", self.calendar)
        return Span(window=self.calendar.get(name or ""))

    def products(self, name: str, node: Node) -> Test | None:
        fields = self.reader.mapping(node, name, OF_PRODUCTS[name])
        chosen = [key for key in ("where", "product", "products") if key in fields]
        if len(chosen) > 1:
            self.reader.faults.add(node, f"{name} takes one of 'where', 'product' and 'products'")
        where = self.static(fields["where"], name) if "where" in fields else None
        ids = tuple(one for key in chosen if key != "where" for one in self.reader.texts(fields[key], f"{name}: {key}"))
        warn_unknown(self.reader, node, ids)
        least = self.reader.whole(fields["at_least"], f"{name}: at_least", 1, COUNT_MOST) if "at_least" in fields else 1
        if least is None or ("where" in fields and where is None):
            return None
        if name == "viewed":
            return Viewed(ids, where, least)
        return Bought(ids, where, least, self.span(node, name, fields))

    def static(self, node: Node, what: str) -> Expression | None:
        where = self.reader.expression(node, f"{what}: where")
        if where is not None and not is_static(where):
            hint = "leave page, context, stock_in, bought and days_since to the rules"
            self.reader.faults.add(node, f"{what}: where must test the product alone", hint)
            return None
        return where

    def measured(self, name: str, node: Node) -> Test | None:
        fields = self.reader.mapping(node, name, OF_MEASURED)
        if fields and not {"at_least", "at_most"} & set(fields):
            self.reader.faults.add(node, f"{name} needs 'at_least' or 'at_most'")
        low, high = (
            self.reader.number(fields[key], f"{name}: {key}", 0, MONEY_MOST) if key in fields else limit
            for key, limit in (("at_least", 0.0), ("at_most", MONEY_MOST))
        )
        if low is None or high is None or not fields:
            return None
        if low > high:
            self.reader.faults.add(node, f"{name}: at_least is above at_most")
        return Measured(name, low, high, self.span(node, name, fields))  # type: ignore[arg-type]

    def attribute(self, node: Node) -> Test | None:
        expression = self.reader.expression(node, "attribute", bare="user")
        return None if expression is None else HasAttribute(expression)

    def listed(self, node: Node) -> Test | None:
        name = self.reader.text(node, "list")
        if name is None:
            return None
        try:
            return Listed(name, self.reader.shop.lists(name))
        except (OSError, LookupError, ValueError) as error:
            reason = error.args[-1] if error.args else type(error).__name__
            self.reader.faults.add(node, f"list {name!r} cannot be read: {reason}")
            return None

    def combined(self, how: str, node: Node) -> Test | None:
        tests: list[Test] = []
        for item in self.reader.items(node, how):
            test: Test | None
            if isinstance(item, Scalar):
                name = self.reader.choice(item, "segment", self.names)
                test = None if name is None else SegmentNamed(name)
            else:
                test = self.test(item)
            if test is not None:
                tests.append(test)
        return Combined(how, tuple(tests)) if tests else None  # type: ignore[arg-type]
