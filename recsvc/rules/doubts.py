"""What loads and is probably not meant: it warns, and never refuses. Only what is proved is told."""

from collections.abc import Mapping

from recsvc.rules.doubts_pins import warn_about_pins
from recsvc.rules.implied import all_imply
from recsvc.rules.readers import Reader
from recsvc.rules.schedule import next_span
from recsvc.rules.schema import (
    ActiveIn,
    Bought,
    Combined,
    FirstOrder,
    Listed,
    Measured,
    Rule,
    SegmentIs,
    SegmentNamed,
    Test,
    WeeklyIn,
)
from recsvc.rules.times import END
from recsvc.rules.yaml_nodes import Node


def warn_about(reader: Reader, rules: tuple[Rule, ...], items: tuple[Node, ...], tests: Mapping[str, Test]) -> None:
    """Note warnings about rules that never hold, or work against each other; ``tests`` are the segments by name."""
    warn_about_pins(reader, rules, items)
    for rule in rules:
        if rule.enabled:
            _unless_always(reader, rule, items[rule.order])
            _never(reader, rule, items[rule.order])
            _nobody(reader, rule, items[rule.order], tests)
        reader.rest()


def _unless_always(reader: Reader, rule: Rule, node: Node) -> None:
    if rule.unless and all_imply(rule.when, rule.unless):
        message = f"rule {rule.id!r} never holds: its unless holds wherever its when does"
        reader.faults.warn(node, message, "one of them is too wide")


def _never(reader: Reader, rule: Rule, node: Node) -> None:
    """Warn about dates and hours that have no moment in common; dates that are over are told where they stand."""
    now = reader.shop.now
    if now is None or len({type(one) for one in rule.when} & {ActiveIn, WeeklyIn}) < 2:
        return
    open_ = any(w.end > now.timestamp() for one in rule.when if isinstance(one, ActiveIn) for w in one.windows)
    if open_ and next_span(rule, int(now.timestamp()), reader.zone) is None:
        message = f"rule {rule.id!r} never holds: active and weekly have no moment in common"
        reader.faults.warn(node, message, "look at the days of the week of these dates")


def _nobody(reader: Reader, rule: Rule, node: Node, tests: Mapping[str, Test]) -> None:
    """Warn about segments that nobody can be in while the rule is active."""
    ends = [max(w.end for w in one.windows) for one in rule.when if isinstance(one, ActiveIn)]
    for one in rule.when:
        if isinstance(one, SegmentIs) and all(
            _is_empty(tests.get(name), min(ends, default=END), tests) for name in one.names
        ):
            names = ", ".join(repr(name) for name in one.names)
            message = f"rule {rule.id!r} never holds: nobody can be in segment {names} while it is active"
            reader.faults.warn(node, message, "its list is empty, or it asks for orders of a time that is yet to come")


def _is_empty(test: Test | None, until: int, tests: Mapping[str, Test]) -> bool:
    """Return whether nobody can pass ``test`` before ``until`` (Unix seconds)."""
    if isinstance(test, Combined) and test.how != "none":
        empty = [_is_empty(one, until, tests) for one in test.tests]
        return any(empty) if test.how == "all" else all(empty)
    if isinstance(test, SegmentNamed):
        return _is_empty(tests.get(test.name), until, tests)
    if isinstance(test, Listed):
        return not test.ids
    asks = isinstance(test, Bought | FirstOrder) or (
        isinstance(test, Measured) and (test.at_least > 0 or test.what == "average_order")
    )
    window = test.span.window if asks and isinstance(test, Bought | FirstOrder | Measured) else None
    return window is not None and window.start >= until
